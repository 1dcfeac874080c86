//! Encryption of a server's connections.

use std::sync::Arc;

use compysition_core::{Error, FilePath, Result};
use compysition_tls::Identity;
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
        let identity = Identity::read(self.certificate.as_path(), self.key.as_path())?;
        let mut config = compysition_tls::server(identity, None)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
