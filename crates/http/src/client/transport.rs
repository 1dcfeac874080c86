//! The pool of connections.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use compysition_core::{Error, Result};
use http_body_util::Full;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// The connections to back-ends, kept for the next request.
pub(crate) type Transport = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// How long a connection is kept that nobody uses. Many servers close theirs after a minute or more, and
/// a request that meets the closing is lost.
const IDLE: Duration = Duration::from_secs(30);

/// Makes a pool that trusts the certificates of a file, or else the well-known authorities.
///
/// # Errors
/// If the file cannot be read, or holds no certificate.
pub(crate) fn transport(trusted: Option<&Path>) -> Result<Transport> {
    let provider = rustls::crypto::ring::default_provider();
    let config = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()?;
    let config = match trusted {
        Some(path) => config.with_root_certificates(read(path)?),
        None => config.with_webpki_roots(),
    };
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(config.with_no_client_auth())
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .build(connector))
}

fn read(path: &Path) -> Result<RootCertStore> {
    let unreadable = |problem: &dyn std::fmt::Display| {
        Error::internal(format!(
            "the certificates {} cannot be read: {problem}",
            path.display()
        ))
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    if roots.is_empty() {
        return Err(unreadable(&"there is none in the file"));
    }
    Ok(roots)
}
