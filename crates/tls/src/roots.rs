//! Whose certificates are trusted.

use std::path::Path;

use compysition_core::Result;
use rustls::RootCertStore;

use crate::identity::{certificates, unusable};

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

/// Trusts the well-known authorities.
pub(crate) fn well_known() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}
