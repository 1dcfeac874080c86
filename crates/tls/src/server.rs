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
    builder
        .with_single_cert(identity.certificates, identity.key)
        .map_err(|error| unusable(&identity.path, &error))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// A directory of its own, which goes with it.
    struct Directory(PathBuf);

    impl Directory {
        fn new() -> Directory {
            let name = format!("compysition-tls-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Directory(path)
        }

        fn write(&self, name: &str, content: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, content).unwrap();
            path
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn files_are_read_or_named_with_what_is_wrong() {
        let files = Directory::new();
        let make = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (ours, theirs) = (make(), make());
        let certificate = files.write("a.crt", &ours.cert.pem());
        let key = files.write("a.key", &ours.signing_key.serialize_pem());
        let other = files.write("b.key", &theirs.signing_key.serialize_pem());
        let empty = files.write("empty", "");
        let missing = files.0.join("missing");

        let good = Identity::read(&certificate, &key).unwrap();
        assert!(server(good, Some(&certificate)).is_ok());
        for (certificate, key, wrong) in [
            (&missing, &key, &missing),
            (&empty, &key, &empty),
            (&certificate, &missing, &missing),
            (&certificate, &empty, &empty),
            (&certificate, &other, &certificate),
        ] {
            let read = Identity::read(certificate, key);
            let error = read.and_then(|read| server(read, None)).unwrap_err();
            let begin = format!("`{}` cannot be used for TLS: ", wrong.display());
            assert!(error.message().starts_with(&begin), "{error}");
        }
        for ca in [&missing, &empty, &key] {
            let good = Identity::read(&certificate, &key).unwrap();
            assert!(server(good, Some(ca)).is_err());
            assert!(crate::client(Some(ca), None).is_err());
        }
        let good = Identity::read(&certificate, &key).unwrap();
        assert!(crate::client(Some(&certificate), Some(good)).is_ok());
        let bad = Identity::read(&certificate, &other).unwrap();
        let error = crate::client(None, Some(bad)).unwrap_err();
        assert!(error.message().contains("a.crt"), "{error}");
    }
}
