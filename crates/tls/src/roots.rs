//! Whose certificates are trusted.

use std::path::Path;

use compysition_core::Result;
use rustls::RootCertStore;

use crate::identity::{certificates, unusable};

/// Returns whose certificates are trusted: those of the file `ca`, else the well-known authorities.
///
/// # Errors
/// Internal, if the file cannot be used.
pub fn roots(ca: Option<&Path>) -> Result<RootCertStore> {
    match ca {
        Some(path) => read(path),
        None => Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()),
    }
}

/// Trusts the certificates of a file.
pub(crate) fn read(path: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(path, &error))?;
    }
    Ok(roots)
}
