//! The same over TLS, with a certificate that is vouched for, and with one that is not.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, crypto, version};

use super::kit::{Nation, Recipe, options, replayed, script};
use super::mock::Mock;
use crate::{Target, TlsFiles, run};

/// A server with a certificate of its own, and that certificate in a file.
fn secure(nation: &Nation, name: &str) -> (Mock, PathBuf) {
    let issued = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let path = nation.folder.path().join(name);
    std::fs::write(&path, issued.cert.pem()).unwrap();
    let key = PrivateKeyDer::Pkcs8(issued.signing_key.serialize_der().into());
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key)
        .unwrap();
    (Mock::secure(nation, TlsAcceptor::from(Arc::new(config))), path)
}

fn by(authorities: &Path) -> TlsFiles<'_> {
    TlsFiles { authorities: Some(authorities), own: None }
}

#[test]
fn a_nation_is_sent_over_tls_faults_and_all() {
    let nation = Recipe::default().nation();
    let (mock, authority) = secure(&nation, "authority.txt");
    let mut options = options(mock.address);
    options.target = Target::new(&format!("https://{}", mock.address), by(&authority)).unwrap();
    options.faults = script(
        "[[fault]]\nkind = \"truncate\"\ncount = 3\n[[fault]]\nkind = \"fork\"\ncount = 3\n",
    );
    let report = replayed(&nation, &options);
    assert!(report.ok, "{}", report.text());
    assert_eq!(report.acknowledged, 40);
    assert!(report.server.starts_with("https://127.0.0.1:"));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_at_once() {
    let nation = Recipe::default().nation();
    let (mock, _) = secure(&nation, "authority.txt");
    let (_other, stranger) = secure(&nation, "stranger.txt");
    let mut options = options(mock.address);
    options.target = Target::new(&format!("https://{}", mock.address), by(&stranger)).unwrap();
    let error = run(&nation.plan, &options, &|_| {}).unwrap_err().to_string();
    assert!(error.contains("expected TLS 1.3 with a certificate that --ca vouches for"), "{error}");
}
