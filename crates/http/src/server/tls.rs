//! Encryption of a server's connections.

use std::sync::Arc;

use compysition_core::{Error, FilePath, Result};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio_rustls::TlsAcceptor;

/// The files that a server proves itself by.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Files")]
#[schemars(with = "Files", inline)]
pub(crate) struct Tls {
    pub(crate) certificate: FilePath,
    pub(crate) key: FilePath,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Files {
    /// The file of the certificate, followed by those that it is signed with, as PEM.
    certificate: FilePath,
    /// The file of the private key, as PEM.
    key: FilePath,
}

impl TryFrom<Files> for Tls {
    type Error = Error;

    /// Reads the files, so that a mistake is found before the start, which reads them again.
    fn try_from(Files { certificate, key }: Files) -> Result<Tls> {
        let tls = Tls { certificate, key };
        tls.acceptor()?;
        Ok(tls)
    }
}

impl Tls {
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor> {
        let path = self.certificate.as_path();
        let unusable = |path: &std::path::Path, error: &dyn std::fmt::Display| {
            Error::internal(format!(
                "`{}` cannot be used for TLS: {error}",
                path.display()
            ))
        };
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect)
            .map_err(|error| unusable(path, &error))?;
        if certificates.is_empty() {
            return Err(unusable(path, &"it has no certificate"));
        }
        let path = self.key.as_path();
        let key = PrivateKeyDer::from_pem_file(path).map_err(|error| unusable(path, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .map_err(|error| unusable(path, &error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
