//! Calls over TLS.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use compysition_core::ErrorKind;
use compysition_http::HttpClient;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::back_end::{BackEnd, answer};
use super::call;

/// Starts a server with a certificate for `localhost` that nobody else trusts; returns it with the URL
/// and the certificate.
fn secure(protocols: &[&str]) -> (BackEnd, String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = rustls::crypto::ring::default_provider();
    let mut config = ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols
        .iter()
        .map(|name| name.as_bytes().to_vec())
        .collect();
    let back_end = BackEnd::start(Some(TlsAcceptor::from(Arc::new(config))), |asked| {
        std::future::ready(answer(200, "text/plain", format!("{:?}", asked.version())))
    });
    let url = format!("https://localhost:{}/", back_end.address.port());
    (back_end, url, made.cert.pem())
}

#[test]
fn a_certificate_of_our_own_is_trusted() {
    for (name, protocols, version) in [
        ("one", &["http/1.1"][..], "HTTP/1.1"),
        ("two", &["h2", "http/1.1"], "HTTP/2.0"),
    ] {
        let (_back_end, url, certificate) = secure(protocols);
        let ca = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("client_{name}.pem"));
        fs::write(&ca, certificate).unwrap();
        let answered = call(HttpClient::new(url).unwrap().ca(ca).unwrap(), "x").unwrap();
        assert_eq!(answered.text().unwrap(), version);
    }
}

#[test]
fn a_strangers_certificate_is_not() {
    let (_back_end, url, _) = secure(&[]);
    let error = call(HttpClient::new(url).unwrap(), "x").unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::BadGateway,
        "to try again would not help"
    );
    assert!(
        error
            .message()
            .starts_with("no secure connection to the back-end: "),
        "{error}"
    );
}
