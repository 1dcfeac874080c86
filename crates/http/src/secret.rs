//! Secrets of settings.

use std::fmt;

use compysition_core::{Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// How long a secret is at least.
pub(crate) const SHORTEST: usize = 32;

/// A secret that is used as a key. It cannot be printed.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub(crate) struct Secret(String);

impl Secret {
    /// Takes a text as a secret.
    ///
    /// # Errors
    /// Internal, if it is so short that it could be guessed.
    pub(crate) fn new(text: impl Into<String>) -> Result<Secret> {
        let text = text.into();
        if text.len() >= SHORTEST {
            return Ok(Secret(text));
        }
        Err(Error::internal(format!(
            "the secret is shorter than {SHORTEST} bytes and could be guessed; `openssl rand -hex 32` makes a good one"
        )))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl TryFrom<String> for Secret {
    type Error = Error;

    fn try_from(text: String) -> Result<Secret> {
        Secret::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_one_is_refused_and_none_is_shown() {
        let error = Secret::new("hush").unwrap_err();
        assert!(error.message().contains("openssl rand -hex 32"));
        assert!(!error.message().contains("hush"));
        let secret = Secret::new("hush".repeat(8)).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret");
    }
}
