//! The keys of which one must have signed a token.

use std::path::Path;

use compysition_core::{Error, Result};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject;

use super::algorithm::Algorithm;
use super::key::Key;
use super::{der, jwks};
use crate::secret::Secret;

/// A key, and for what it is.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What tokens call it.
    pub(crate) id: Option<String>,
    /// The only algorithm that it is for, if there is but one.
    pub(crate) only: Option<Algorithm>,
    pub(crate) key: Key,
}

impl Entry {
    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.key.algorithms().contains(&algorithm) && self.only.is_none_or(|only| only == algorithm)
    }
}

/// The keys of which one must have signed a token.
#[derive(Clone, Debug)]
pub(crate) struct KeySet(Vec<Entry>);

/// Says that no key is the one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoKey {
    /// The signature is wrong.
    Wrong,
    /// It may be that of a key that is not known yet.
    Unknown,
}

impl KeySet {
    pub(crate) fn new(entries: Vec<Entry>) -> KeySet {
        KeySet(entries)
    }

    pub(crate) fn of_secret(secret: &Secret) -> KeySet {
        KeySet(vec![unnamed(Key::Secret(secret.as_bytes().to_vec()))])
    }

    /// Reads the public keys of a PEM file.
    ///
    /// # Errors
    /// Internal, if it cannot be read, or one of its keys cannot be used.
    pub(crate) fn of_pem(path: &Path) -> Result<KeySet> {
        let unusable = |problem: &dyn std::fmt::Display| {
            let path = path.display();
            Error::internal(format!("the key {path} cannot be read: {problem}"))
        };
        let keys =
            SubjectPublicKeyInfoDer::pem_file_iter(path).map_err(|error| unusable(&error))?;
        let mut entries = Vec::new();
        for key in keys {
            let der = key.map_err(|error| unusable(&error))?;
            let key = der::public_key(&der).map_err(|problem| unusable(&problem))?;
            entries.push(unnamed(key));
        }
        if entries.is_empty() {
            return Err(unusable(
                &"there is no `PUBLIC KEY` in it; `openssl x509 -pubkey -noout -in FILE` takes that of a certificate",
            ));
        }
        Ok(KeySet(entries))
    }

    /// Reads a file that holds a set of keys as JSON.
    ///
    /// # Errors
    /// Internal, if it cannot be read, or holds no key that can be used.
    pub(crate) fn of_jwks(path: &Path) -> Result<KeySet> {
        let unusable = |problem: &dyn std::fmt::Display| {
            let path = path.display();
            Error::internal(format!("the keys {path} cannot be read: {problem}"))
        };
        let text = std::fs::read(path).map_err(|error| unusable(&error))?;
        let set = serde_json::from_slice(&text).map_err(|error| unusable(&error))?;
        let entries = jwks::parse(&set, false).map_err(|problem| unusable(&problem))?;
        Ok(KeySet(entries))
    }

    /// Returns whether one of the keys is for an algorithm.
    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.0.iter().any(|entry| entry.is_for(algorithm))
    }

    /// Finds out whether one of the keys has signed a message. A key that has an id signs only what names it, or names none.
    pub(crate) fn verify(
        &self,
        id: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), NoKey> {
        let fits = |entry: &&Entry| match (&entry.id, id) {
            (Some(own), Some(id)) => own == id,
            _ => true,
        };
        let mut candidates = self.0.iter().filter(fits);
        if candidates
            .any(|entry| entry.is_for(algorithm) && entry.key.verify(algorithm, message, signature))
        {
            return Ok(());
        }
        let is_named = id.is_some() && self.0.iter().any(|entry| entry.id.as_deref() == id);
        Err(if is_named {
            NoKey::Wrong
        } else {
            NoKey::Unknown
        })
    }
}

fn unnamed(key: Key) -> Entry {
    Entry {
        id: None,
        only: None,
        key,
    }
}
