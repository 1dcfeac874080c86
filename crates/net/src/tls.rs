//! The settings of encrypted connections.

use std::sync::Arc;

use compysition_core::{Error, FilePath, Result};
use compysition_tls::Identity;
use rustls::pki_types::ServerName;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The files that a server proves itself by.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServerTls {
    /// The file of the certificate, followed by those that it is signed with, as PEM.
    certificate: FilePath,
    /// The file of the private key, as PEM.
    key: FilePath,
    /// A file of certificates: who connects must have one that is signed with one of them.
    client_ca: Option<FilePath>,
}

impl ServerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// Which of them cannot be used.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor> {
        let identity = Identity::read(self.certificate.as_path(), self.key.as_path())?;
        let client_ca = self.client_ca.as_ref().map(FilePath::as_path);
        let config = compysition_tls::server(identity, client_ca)?;
        Ok(Arc::new(config).into())
    }
}

/// How a client knows the server, and proves itself.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ClientTls {
    /// The file of the certificates, as PEM, that the server's is signed with; the well-known authorities if left out.
    ca: Option<FilePath>,
    /// The name in the server's certificate; the host of `address` if left out.
    name: Option<String>,
    /// The file of a certificate to prove oneself by, as PEM; it needs `key`.
    certificate: Option<FilePath>,
    /// The file of the certificate's private key, as PEM.
    key: Option<FilePath>,
}

/// What a client encrypts its connections with.
#[derive(Clone)]
pub(crate) struct Encryption {
    pub(crate) connector: TlsConnector,
    pub(crate) name: ServerName<'static>,
}

impl ClientTls {
    /// Reads the files.
    ///
    /// # Errors
    /// Which of them cannot be used, or what is missing.
    pub(crate) fn encryption(&self, host: &str) -> Result<Encryption> {
        let identity = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                Some(Identity::read(certificate.as_path(), key.as_path())?)
            }
            (None, None) => None,
            _ => return Err(Error::internal("`certificate` and `key` need each other")),
        };
        let name = self.name.as_deref().unwrap_or(host).to_owned();
        let unusable = |_| Error::internal(format!("`{name}` cannot be the name in a certificate"));
        let server_name = ServerName::try_from(name.clone()).map_err(unusable)?;
        let ca = self.ca.as_ref().map(FilePath::as_path);
        let config = compysition_tls::client(ca, identity)?;
        Ok(Encryption {
            connector: Arc::new(config).into(),
            name: server_name,
        })
    }
}
