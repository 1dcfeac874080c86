//! How a client encrypts.

use std::path::Path;
use std::sync::Arc;

use compysition_core::Result;
use rustls::ClientConfig;
use rustls::crypto::ring::default_provider;

use crate::identity::{Identity, unusable};
use crate::roots::roots;

/// Makes what a client encrypts with: it trusts the certificates of the file `ca`, else the well-known authorities, and proves itself by an
/// identity if it has one.
///
/// # Errors
/// Internal, if the key does not belong to the certificate, or the file cannot be used.
pub fn client(ca: Option<&Path>, identity: Option<Identity>) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(ca)?);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => builder
            .with_client_auth_cert(identity.certificates, identity.key)
            .map_err(|error| unusable(&identity.path, &error)),
    }
}
