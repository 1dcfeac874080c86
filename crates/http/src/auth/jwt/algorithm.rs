//! How tokens are signed.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

/// Names how tokens are signed (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names are all that there is to say")]
pub enum Algorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    EdDsa,
}

impl Algorithm {
    /// Returns the algorithm of a name, if it is known. `none` is not.
    pub(crate) fn named(name: &str) -> Option<Algorithm> {
        Algorithm::deserialize(IntoDeserializer::<Error>::into_deserializer(name)).ok()
    }

    /// Returns whether who can verify can sign as well.
    pub(crate) fn is_symmetric(self) -> bool {
        matches!(self, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Algorithm::EdDsa => f.write_str("EdDSA"),
            other => fmt::Debug::fmt(other, f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_standard() {
        for name in ["HS256", "PS512", "ES384", "ES512", "EdDSA"] {
            assert_eq!(Algorithm::named(name).unwrap().to_string(), name);
        }
        assert_eq!(Algorithm::named("Ed25519"), Some(Algorithm::EdDsa));
        for name in ["none", "None", "NONE", "", "hs256", "ES521", "EdDsa"] {
            assert_eq!(Algorithm::named(name), None, "{name}");
        }
    }
}
