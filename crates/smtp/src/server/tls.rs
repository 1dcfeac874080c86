//! Encryption of the mail server's connections.

use std::path::Path;
use std::sync::Arc;

use compysition_core::{Error, FilePath, Result};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio_rustls::TlsAcceptor;

/// The files that the server proves itself by, and when the connection is encrypted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// The file of the certificate, followed by those that it is signed with, as PEM.
    certificate: FilePath,
    /// The file of the private key, as PEM.
    key: FilePath,
    /// Whether connections are encrypted from the beginning, and not from STARTTLS on.
    #[serde(default)]
    pub(crate) implicit: bool,
    /// Whether mail is taken over encrypted connections only.
    #[serde(default)]
    pub(crate) required: bool,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// Why they cannot be used.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor> {
        let unusable = |path: &Path, error: &dyn std::fmt::Display| {
            let path = path.display();
            Error::internal(format!("`{path}` cannot be used for TLS: {error}"))
        };
        let path = self.certificate.as_path();
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| unusable(path, &error))?;
        if certificates.is_empty() {
            return Err(unusable(path, &"it has no certificate"));
        }
        let path = self.key.as_path();
        let key = PrivateKeyDer::from_pem_file(path).map_err(|error| unusable(path, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(|error| unusable(path, &error))?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
