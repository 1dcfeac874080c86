//! Tokens as clients send them (RFC 7515 §3.1, the compact form).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use super::key_set::{KeySet, NoKey};

/// How long a token may be.
const LONGEST: usize = 16 * 1024;

/// What a token says of somebody.
pub(crate) type Claims = Map<String, Value>;

/// A token whose signature is still to be verified: what it claims cannot be had before.
pub(crate) struct Token {
    algorithm: Algorithm,
    id: Option<String>,
    text: String,
    /// How long that is which was signed.
    signed: usize,
    signature: Vec<u8>,
}

/// Why a token has no claims.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unverified {
    Bad(&'static str),
    /// A key that is not known yet may have signed it.
    UnknownKey,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl Token {
    /// Reads a token.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Token, &'static str> {
        if text.len() > LONGEST {
            return Err("the token is too long");
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("the token does not have three parts");
        };
        let signed = header.len() + 1 + claims.len();
        let header = decode(header)?;
        let header: Header =
            serde_json::from_slice(&header).map_err(|_| "the header of the token is damaged")?;
        if header.crit.is_some() {
            return Err("the token has critical extensions, and none is known");
        }
        let algorithm =
            Algorithm::named(&header.alg).ok_or("the algorithm of the token is not allowed")?;
        Ok(Token {
            algorithm,
            id: header.kid,
            signature: decode(signature)?,
            text: text.to_owned(),
            signed,
        })
    }

    /// Returns the claims if one of the keys has signed them. No `allowed` algorithms are those that the keys are for.
    ///
    /// # Errors
    /// Why they cannot be believed.
    pub(crate) fn verify(
        &self,
        keys: &KeySet,
        allowed: &[Algorithm],
    ) -> Result<Claims, Unverified> {
        if !allowed.is_empty() && !allowed.contains(&self.algorithm) {
            return Err(Unverified::Bad("the algorithm of the token is not allowed"));
        }
        let signed = &self.text[..self.signed];
        let verified = keys.verify(
            self.id.as_deref(),
            self.algorithm,
            signed.as_bytes(),
            &self.signature,
        );
        verified.map_err(|error| match error {
            NoKey::Wrong => Unverified::Bad(WRONG),
            NoKey::Unknown => Unverified::UnknownKey,
        })?;
        let (_, claims) = signed.split_once('.').unwrap_or_default();
        let claims = decode(claims).map_err(Unverified::Bad)?;
        serde_json::from_slice(&claims)
            .map_err(|_| Unverified::Bad("the claims of the token are damaged"))
    }
}

/// What is said of a signature that no key has made.
pub(crate) const WRONG: &str = "the signature of the token is wrong";

fn decode(part: &str) -> Result<Vec<u8>, &'static str> {
    let decoded = URL_SAFE_NO_PAD.decode(part);
    decoded.map_err(|_| "the token is damaged")
}
