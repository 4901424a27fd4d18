//! Where the server is, and how to get a byte stream to it.
//!
//! In: a URL, for https the certificates to trust. Out: connected streams, plain or TLS 1.3. Never:
//! a certificate taken on trust; a proxy or an environment variable asked.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::Uri;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto, version};

use crate::error::ReplayError;

/// PEM files for https.
#[derive(Clone, Copy, Debug, Default)]
pub struct TlsFiles<'a> {
    /// Certificates by which the server may be vouched for.
    pub authorities: Option<&'a Path>,
    /// Our own certificate and its secret key, for a server that asks who we are.
    pub own: Option<(&'a Path, &'a Path)>,
}

/// The server.
#[derive(Clone)]
pub struct Target {
    host: String,
    port: u16,
    /// What stands before every path of the contract; empty or `/something`.
    base: String,
    authority: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{self}")
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        write!(formatter, "{scheme}://{}{}", self.authority, self.base)
    }
}

impl Target {
    /// Reads a URL, and the files for it if it is an https one.
    ///
    /// # Errors
    /// If it is no URL of a server, or https without sound certificates.
    pub fn new(url: &str, files: TlsFiles<'_>) -> Result<Self, ReplayError> {
        let refused = |found: String| ReplayError::Argument {
            what: "the URL of the server",
            found,
            expected: "http://HOST:PORT or https://HOST:PORT".to_owned(),
        };
        let uri: Uri = url.parse().map_err(|error| refused(format!("'{url}' ({error})")))?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(refused(format!("'{url}'"))),
        };
        let authority = uri.authority().ok_or_else(|| refused(format!("'{url}'")))?;
        let host = authority.host();
        if host.is_empty() || authority.as_str().contains('@') || uri.query().is_some() {
            return Err(refused(format!("'{url}'")));
        }
        // An IPv6 address stands in brackets in a URL, and nowhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let has_port = authority.as_str().rsplit_once(':').is_some_and(|(before, after)| {
            !after.ends_with(']') && (!before.contains(':') || before.ends_with(']'))
        });
        let port = match authority.port_u16() {
            Some(port) => port,
            None if has_port => return Err(refused(format!("'{url}'"))),
            None if secure => 443,
            None => 80,
        };
        let named = files.authorities.or(files.own.map(|(certificate, _)| certificate));
        let tls = match (secure, files.authorities) {
            (false, _) => match named {
                None => None,
                Some(path) => {
                    let found = format!("'{url}' with certificates of {}", path.display());
                    return Err(refused(found));
                }
            },
            (true, None) => {
                return Err(ReplayError::Argument {
                    what: "--ca",
                    found: format!("none for '{url}'"),
                    expected: "a PEM file with the certificates to trust (that of the server's \
                               authority, or the list of the system)"
                        .to_owned(),
                });
            }
            (true, Some(path)) => {
                let name = ServerName::try_from(host.clone())
                    .map_err(|error| refused(format!("'{url}' ({error})")))?;
                Some((connector(path, files.own)?, name))
            }
        };
        let base = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { host, port, base, authority: authority.to_string(), tls })
    }

    /// The path of a resource of the contract.
    pub(crate) fn path(&self, resource: &str) -> String {
        format!("{}{resource}", self.base)
    }

    /// What stands in the header `Host`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Connects.
    pub(crate) async fn connect(&self) -> io::Result<Stream> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        Ok(match &self.tls {
            None => Stream::Plain(stream),
            Some((connector, name)) => {
                Stream::Tls(Box::new(connector.connect(name.clone(), stream).await?))
            }
        })
    }
}

fn connector(authorities: &Path, own: Option<(&Path, &Path)>) -> Result<TlsConnector, ReplayError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authorities)? {
        let wrong = |found: String| ReplayError::input(authorities, 0, found, CERTIFICATES);
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .map_err(|error| ReplayError::Machine(error.to_string()))?
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let wrong =
                |path, error: String, expected| ReplayError::input(path, 0, error, expected);
            let secret = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| wrong(key, error.to_string(), "a secret key in PEM"))?;
            let expected = "a certificate of the secret key";
            builder
                .with_client_auth_cert(certificates(certificate)?, secret)
                .map_err(|error| wrong(certificate, error.to_string(), expected))?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

const CERTIFICATES: &str = "certificates in PEM";

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ReplayError> {
    let wrong = |found: String| ReplayError::input(path, 0, found, CERTIFICATES);
    let read = CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
    let certificates: Vec<_> =
        read.collect::<Result<_, _>>().map_err(|error| wrong(error.to_string()))?;
    if certificates.is_empty() { Err(wrong("no certificate".to_owned())) } else { Ok(certificates) }
}

/// A byte stream to the server.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(authorities: &Path) -> TlsFiles<'_> {
        TlsFiles { authorities: Some(authorities), own: None }
    }

    #[test]
    fn urls_of_servers_are_read_and_others_refused() {
        let target = Target::new("http://127.0.0.1:8405", TlsFiles::default()).unwrap();
        assert_eq!((target.host.as_str(), target.port), ("127.0.0.1", 8405));
        assert_eq!(target.path("/v1/tally"), "/v1/tally");
        let target = Target::new("http://[::1]/below/", TlsFiles::default()).unwrap();
        assert_eq!((target.host.as_str(), target.port), ("::1", 80));
        assert_eq!(target.path("/v1/tally"), "/below/v1/tally");
        assert_eq!(target.to_string(), "http://[::1]/below");
        let nonsense = [
            "",
            "127.0.0.1:80",
            "ftp://a",
            "http://",
            "http://a:99999",
            "http://a:b",
            "http://a b",
            "http://u@a",
            "http://a/?q",
            "/v1",
            "http://a:",
        ];
        for url in nonsense {
            let error = Target::new(url, TlsFiles::default()).unwrap_err().to_string();
            assert!(error.contains("found '") && error.contains("expected http://HOST"), "{error}");
        }
    }

    #[test]
    fn https_needs_certificates_that_are_some() {
        let error = Target::new("https://a", TlsFiles::default()).unwrap_err().to_string();
        assert!(error.starts_with("--ca: found none for 'https://a'"), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        assert!(Target::new("https://a", by(&path)).is_err(), "no such file");
        std::fs::write(&path, "no certificate\n").unwrap();
        let error = Target::new("https://a", by(&path)).unwrap_err().to_string();
        assert!(error.contains("ca.pem: found no certificate"), "{error}");
        assert!(Target::new("http://a", by(&path)).is_err(), "certificates for nothing");
        let own = TlsFiles { authorities: None, own: Some((&path, &path)) };
        assert!(Target::new("http://a", own).is_err(), "a certificate for nothing");
    }
}
