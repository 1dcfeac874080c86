//! How a server encrypts.

use std::path::Path;
use std::sync::Arc;

use compysition_core::Result;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;

use crate::identity::{Identity, unusable};
use crate::roots;

/// Makes what a server encrypts with. With `client_ca`, a file of certificates, clients must prove themselves by a certificate that is
/// signed with one of them.
///
/// # Errors
/// Internal, if the key does not belong to the certificate, or the file cannot be used.
pub fn server(identity: Identity, client_ca: Option<&Path>) -> Result<ServerConfig> {
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let trusted = Arc::new(roots::read(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(trusted, provider)
                .build()
                .map_err(|error| unusable(path, &error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    Ok(builder.with_single_cert(identity.certificates, identity.key)?)
}
