//! Requests of the desk: whose cookie they bear, which origin sent them, and what is in their form.
//!
//! In: headers, and the body of a form. Out: a token, yes or no, fields. Never: a form believed
//! that a page of somebody else sent; a cookie that a script could read.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use super::{Fields, PATIENCE};

/// Longest form: its longest field has sixty thousand letters of hashes.
const FORM_BYTES_MAX: usize = 64 << 10;

/// The cookie over TLS: no other host, and nobody in the clear, can set it (RFC 6265bis).
const COOKIE_ENCRYPTED: &str = "__Host-shomar";
/// The cookie on this machine, in the clear.
const COOKIE_HERE: &str = "shomar";

/// Who is at the other end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub(super) address: IpAddr,
    /// Whether nobody between can listen.
    pub(super) is_encrypted: bool,
}

impl Peer {
    /// Whether a password may be sent from there: over TLS, or from this machine.
    pub(super) fn may_send_passwords(&self) -> bool {
        self.is_encrypted || self.address.is_loopback()
    }

    fn cookie_name(&self) -> &'static str {
        if self.is_encrypted { COOKIE_ENCRYPTED } else { COOKIE_HERE }
    }
}

/// The cookie of a session, to be set.
pub(super) fn cookie(peer: &Peer, token: &str) -> String {
    let secure = if peer.is_encrypted { "; Secure" } else { "" };
    format!("{}={token}; Path=/; HttpOnly; SameSite=Strict{secure}", peer.cookie_name())
}

/// The same, to be forgotten.
pub(super) fn end_cookie(peer: &Peer) -> String {
    cookie(peer, "") + "; Max-Age=0"
}

fn cookies<'a>(headers: &'a HeaderMap, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| names.contains(&name.trim())).map(|(_, value)| value.trim())
}

/// The token of a request's session.
pub(super) fn token_of(headers: &HeaderMap, peer: &Peer) -> Option<String> {
    cookies(headers, &[peer.cookie_name()]).next().map(str::to_owned)
}

/// All tokens that a request bears.
pub(super) fn tokens_of(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    cookies(headers, &[COOKIE_ENCRYPTED, COOKIE_HERE])
}

/// Whether a page of this very server has sent a form: a browser says so by `Origin`, and newer
/// ones by `Sec-Fetch-Site` as well. Whoever says neither is not believed. Over TLS a page in the
/// clear is somebody else's; in the clear there may be a proxy that ends TLS.
pub(super) fn is_own_origin(headers: &HeaderMap, peer: &Peer) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text(HeaderName::from_static("sec-fetch-site"));
    let origin = text(header::ORIGIN);
    let host = text(header::HOST);
    let is_own_site = site.is_none_or(|site| site == "same-origin");
    let is_own = origin.is_none_or(|origin| {
        let in_the_clear = origin.strip_prefix("http://").filter(|_| !peer.is_encrypted);
        let authority = origin.strip_prefix("https://").or(in_the_clear);
        authority.is_some() && authority == host
    });
    is_own_site && is_own && (site.is_some() || origin.is_some())
}

/// The fields of a form, if it comes whole and soon.
pub(super) async fn fields_of(headers: &HeaderMap, body: Body) -> Result<Fields, StatusCode> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = axum::body::to_bytes(body, FORM_BYTES_MAX);
    match tokio::time::timeout(PATIENCE, body).await {
        Ok(Ok(body)) => Ok(Fields(form_urlencoded::parse(&body).into_owned().collect())),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        pairs.collect()
    }

    #[test]
    fn only_forms_of_this_server_are_believed() {
        let host = ("host", "10.0.0.1:1405");
        let here = Peer { address: IpAddr::from([127, 0, 0, 1]), is_encrypted: false };
        let over_tls = Peer { is_encrypted: true, ..here };
        let in_the_clear = headers(&[host, ("origin", "http://10.0.0.1:1405")]);
        assert!(!is_own_origin(&in_the_clear, &over_tls));
        let secure = headers(&[host, ("origin", "https://10.0.0.1:1405")]);
        assert!(is_own_origin(&secure, &over_tls));
        for own in [
            &[host, ("origin", "http://10.0.0.1:1405")][..],
            &[host, ("origin", "https://10.0.0.1:1405"), ("sec-fetch-site", "same-origin")],
            &[host, ("sec-fetch-site", "same-origin")],
        ] {
            assert!(is_own_origin(&headers(own), &here), "{own:?}");
        }
        for foreign in [
            &[host][..],
            &[host, ("origin", "null")],
            &[host, ("origin", "http://10.0.0.1:1406")],
            &[host, ("origin", "http://10.0.0.1:1405.example.org")],
            &[host, ("origin", "file://10.0.0.1:1405")],
            &[("origin", "http://10.0.0.1:1405")],
            &[host, ("origin", "http://10.0.0.1:1405"), ("sec-fetch-site", "cross-site")],
            &[host, ("origin", "http://evil"), ("sec-fetch-site", "same-origin")],
            &[host, ("sec-fetch-site", "same-site")],
            &[host, ("sec-fetch-site", "none")],
        ] {
            assert!(!is_own_origin(&headers(foreign), &here), "{foreign:?}");
        }
    }

    #[test]
    fn a_cookie_is_read_back_and_no_script_may_read_it() {
        let here = Peer { address: IpAddr::from([127, 0, 0, 1]), is_encrypted: false };
        let afar = Peer { address: IpAddr::from([10, 0, 0, 1]), is_encrypted: true };
        assert!(here.may_send_passwords() && afar.may_send_passwords());
        assert!(!Peer { is_encrypted: false, ..afar }.may_send_passwords());
        assert_eq!(cookie(&here, "ab"), "shomar=ab; Path=/; HttpOnly; SameSite=Strict");
        assert_eq!(
            cookie(&afar, "ab"),
            "__Host-shomar=ab; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
        let sent = headers(&[("cookie", "a=b; shomar=cd;__Host-shomar=ef; shomar2=gh")]);
        assert_eq!(token_of(&sent, &here).as_deref(), Some("cd"));
        // What came in the clear is of no use over TLS.
        assert_eq!(token_of(&sent, &afar).as_deref(), Some("ef"));
        assert_eq!(tokens_of(&sent).collect::<Vec<_>>(), ["cd", "ef"]);
    }
}
