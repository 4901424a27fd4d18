//! TLS 1.3, and stations that show a certificate of their own.
//!
//! In: authorities and certificates made for the test. Out: a nation sent by `shomar replay` to
//! `shomar serve`, or a refusal. Never: a certificate that outlives the test.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;

use super::kit::Server;
use crate::kit::{run, text};

pub(super) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(super) fn authority(folder: &Path, name: &str) -> (Authority, PathBuf) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = Authority::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let path = folder.join(format!("{name}.pem"));
    std::fs::write(&path, authority.pem()).unwrap();
    (authority, path)
}

/// A certificate and its secret key, in files.
pub(super) fn issued(folder: &Path, name: &str, by: &Authority) -> [PathBuf; 2] {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    let paths = ["pem", "key"].map(|ending| folder.join(format!("{name}.{ending}")));
    std::fs::write(&paths[0], certificate.pem()).unwrap();
    std::fs::write(&paths[1], key.serialize_pem()).unwrap();
    paths
}

/// `shomar replay` of a village, with these arguments: exit code, report, what it said.
fn replay(sealed: &Path, url: &str, more: &[&str]) -> (i32, Option<Value>, String) {
    let arguments = ["replay", text(sealed), "--to", url, "--format", "json", "--give-up", "1"];
    let (code, stdout, stderr) = run([&arguments[..], more].concat());
    (code, serde_json::from_str(&stdout).ok(), stderr)
}

#[test]
fn only_who_can_show_a_certificate_of_the_authority_sends_anything() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let sealed = folder.join("sealed");
    let arguments = ["generate", "--profile", "village", "--ballots", "300", "--signed", "--out"];
    assert_eq!(run([&arguments[..], &[text(&sealed)]].concat()).0, 0);
    let (servers, ca) = authority(folder, "servers");
    let (stations, client_authorities) = authority(folder, "stations");
    let (strangers, _) = authority(folder, "strangers");
    let [certificates, key] = issued(folder, "server", &servers);
    let own = issued(folder, "station", &stations);
    let strange = issued(folder, "stranger", &strangers);
    let config = folder.join("serve.toml");
    let table = format!(
        "[tls]\ncertificates = {certificates:?}\nkey = {key:?}\n\
         client_authorities = {client_authorities:?}\n"
    );
    std::fs::write(&config, table).unwrap();
    let more = ["--config", text(&config)];
    let server = Server::start(&sealed.join("election"), &folder.join("data"), &more);
    let url = format!("https://{}", server.address);
    let with = |files: &[PathBuf; 2]| {
        let [certificate, key] = files.each_ref().map(|path| text(path).to_owned());
        let ca = text(&ca).to_owned();
        [
            "--ca".to_owned(),
            ca,
            "--certificate".to_owned(),
            certificate,
            "--certificate-key".to_owned(),
            key,
        ]
    };
    let refused = |more: &[&str]| {
        let (code, report, said) = replay(&sealed, &url, more);
        assert_ne!(code, 0, "{report:?}");
        let acknowledged =
            report.as_ref().map_or(0, |report| report["acknowledged"].as_u64().unwrap());
        assert_eq!(acknowledged, 0);
        let findings = report.map(|report| report["findings"].to_string()).unwrap_or_default();
        said + &findings
    };
    let said = refused(&["--ca", text(&ca)]);
    assert!(said.contains("received fatal alert: CertificateRequired"), "{said}");
    let said = refused(&with(&strange).each_ref().map(String::as_str));
    assert!(said.contains("received fatal alert: "), "{said}");
    // Whom the station does not know gets nothing of it either.
    let said = refused(&["--ca", text(&client_authorities)]);
    assert!(said.contains("a certificate that --ca vouches for"), "{said}");
    // In the clear nobody is answered.
    assert!(server.request("GET", "/v1/frontier", &[]).is_err());
    let (code, report, said) = replay(&sealed, &url, &with(&own).each_ref().map(String::as_str));
    let report = report.unwrap_or_else(|| panic!("{said}"));
    assert_eq!((code, &report["totals"]), (0, &Value::from("equal")), "{report:#}");
    assert_eq!(server.stop().0, 0);
}

#[test]
fn files_that_are_no_certificates_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (servers, ca) = authority(folder, "servers");
    let [certificates, key] = issued(folder, "server", &servers);
    let [_, other_key] = issued(folder, "other", &servers);
    let (election, data) = (crate::kit::fixture("small/election"), folder.join("data"));
    let config = folder.join("serve.toml");
    for (certificates, key, authorities, expected) in [
        (&key, &key, &ca, "server.key: found none, expected certificates in PEM"),
        (&certificates, &certificates, &ca, "server.pem: found no secret key"),
        (&certificates, &other_key, &ca, "server.pem: "),
        (&certificates, &key, &key, "server.key: found none, expected certificates in PEM"),
        (&folder.join("nowhere"), &key, &ca, "nowhere: found "),
    ] {
        let table = format!(
            "[tls]\ncertificates = {certificates:?}\nkey = {key:?}\n\
             client_authorities = {authorities:?}\n"
        );
        std::fs::write(&config, table).unwrap();
        let log = Server::try_start(&election, &data, &["--config", text(&config)]).err().unwrap();
        assert!(log.contains("tls: ") && log.contains(expected), "{expected}: {log}");
        assert!(!data.exists(), "nothing is begun");
    }
}
