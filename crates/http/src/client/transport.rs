//! The pool of connections.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use compysition_core::Result;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

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
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(compysition_tls::client(trusted, None)?)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .build(connector))
}
