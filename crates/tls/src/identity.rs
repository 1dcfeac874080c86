//! What a peer proves itself by.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use compysition_core::{Error, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What a peer proves itself by: a certificate, and the key that belongs to it.
pub struct Identity {
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    /// The file of the certificate.
    pub(crate) path: PathBuf,
}

impl Identity {
    /// Reads the file of a certificate, followed by those that it is signed with, and that of its private key.
    ///
    /// # Errors
    /// Internal, with the file that cannot be used.
    pub fn read(certificate: &Path, key: &Path) -> Result<Identity> {
        Ok(Identity {
            certificates: certificates(certificate)?,
            key: PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?,
            path: certificate.to_owned(),
        })
    }
}

/// Reads the certificates in a file, at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(path, &error))?;
    match certificates.is_empty() {
        true => Err(unusable(path, &"it has no certificate")),
        false => Ok(certificates),
    }
}

/// Says which file cannot be used.
pub(crate) fn unusable(path: &Path, error: &dyn Display) -> Error {
    let path = path.display();
    Error::internal(format!("`{path}` cannot be used for TLS: {error}"))
}
