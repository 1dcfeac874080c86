//! Encryption of the mail server's connections.

use std::sync::Arc;

use compysition_core::{FilePath, Result};
use compysition_tls::Identity;
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
        let identity = Identity::read(self.certificate.as_path(), self.key.as_path())?;
        let config = compysition_tls::server(identity, None)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
