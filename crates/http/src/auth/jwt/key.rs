//! Keys that signatures are verified with.

use std::fmt;

use p521::ecdsa::signature::Verifier;
use p521::ecdsa::{Signature, VerifyingKey};
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use ring::{error::Unspecified, hmac};

use super::algorithm::Algorithm;

/// How long a shared secret is at least.
const SHORTEST_SECRET: usize = 32;
/// What a point begins with that is not compressed.
const UNCOMPRESSED: u8 = 4;

/// A key. Its kind decides for which algorithms it is: a public key can never be taken for a shared secret.
#[derive(Clone)]
pub(crate) enum Key {
    Secret(Vec<u8>),
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    P256(Vec<u8>),
    P384(Vec<u8>),
    P521(Box<VerifyingKey>),
    Ed25519(Vec<u8>),
}

impl Key {
    pub(crate) fn secret(bytes: Vec<u8>) -> Result<Key, String> {
        match bytes.len() < SHORTEST_SECRET {
            true => Err(format!(
                "the secret is shorter than {SHORTEST_SECRET} bytes and could be guessed"
            )),
            false => Ok(Key::Secret(bytes)),
        }
    }

    /// Makes a key of a modulus and an exponent.
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<Key, String> {
        let plain = |number: &[u8]| -> Vec<u8> {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            number[zeros..].to_vec()
        };
        let (n, e) = (plain(n), plain(e));
        // What `ring` takes; with another no signature would ever be right.
        let number = e
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        if e.len() > 5 || number % 2 == 0 || !(3..1 << 33).contains(&number) {
            return Err(
                "the exponent of an RSA key is odd, at least 3, and has at most 33 bits".into(),
            );
        }
        let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        match bits {
            2048..=8192 => Ok(Key::Rsa(RsaPublicKeyComponents { n, e })),
            _ => Err(format!("an RSA key has 2048 to 8192 bits, not {bits}")),
        }
    }

    pub(crate) fn p256(point: Vec<u8>) -> Result<Key, String> {
        check_point(&point, 32)?;
        Ok(Key::P256(point))
    }

    pub(crate) fn p384(point: Vec<u8>) -> Result<Key, String> {
        check_point(&point, 48)?;
        Ok(Key::P384(point))
    }

    pub(crate) fn p521(point: &[u8]) -> Result<Key, String> {
        check_point(point, 66)?;
        let key = VerifyingKey::from_sec1_bytes(point);
        let key = key.map_err(|_| "the point of the key is not on P-521")?;
        Ok(Key::P521(Box::new(key)))
    }

    /// Makes a key of a point of a curve, given by its coordinates.
    pub(crate) fn of_coordinates(curve: &str, x: &[u8], y: &[u8]) -> Result<Key, String> {
        let point = [&[UNCOMPRESSED], x, y].concat();
        match curve {
            "P-256" if x.len() == 32 => Key::p256(point),
            "P-384" if x.len() == 48 => Key::p384(point),
            "P-521" if x.len() == 66 => Key::p521(&point),
            "P-256" | "P-384" | "P-521" => Err(format!(
                "the coordinates are not as long as {curve} has them"
            )),
            _ => Err(format!("the curve {curve} is not known")),
        }
    }

    pub(crate) fn ed25519(bytes: Vec<u8>) -> Result<Key, String> {
        match bytes.len() {
            32 => Ok(Key::Ed25519(bytes)),
            other => Err(format!("an Ed25519 key has 32 bytes, not {other}")),
        }
    }

    /// Returns for which algorithms the key is.
    pub(crate) fn algorithms(&self) -> &'static [Algorithm] {
        use Algorithm::*;
        match self {
            Key::Secret(_) => &[HS256, HS384, HS512],
            Key::Rsa(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
            Key::P256(_) => &[ES256],
            Key::P384(_) => &[ES384],
            Key::P521(_) => &[ES512],
            Key::Ed25519(_) => &[EdDsa],
        }
    }

    /// Returns whether a signature is the key's.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        use Algorithm::*;
        let public = |verification: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(verification, key).verify(message, signature)
        };
        let shared = |hash, secret: &[u8]| -> Result<(), Unspecified> {
            hmac::verify(&hmac::Key::new(hash, secret), message, signature)
        };
        let verified = match (self, algorithm) {
            (Key::Secret(secret), HS256) => shared(hmac::HMAC_SHA256, secret),
            (Key::Secret(secret), HS384) => shared(hmac::HMAC_SHA384, secret),
            (Key::Secret(secret), HS512) => shared(hmac::HMAC_SHA512, secret),
            (Key::Rsa(key), RS256) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
            (Key::Rsa(key), RS384) => key.verify(&RSA_PKCS1_2048_8192_SHA384, message, signature),
            (Key::Rsa(key), RS512) => key.verify(&RSA_PKCS1_2048_8192_SHA512, message, signature),
            (Key::Rsa(key), PS256) => key.verify(&RSA_PSS_2048_8192_SHA256, message, signature),
            (Key::Rsa(key), PS384) => key.verify(&RSA_PSS_2048_8192_SHA384, message, signature),
            (Key::Rsa(key), PS512) => key.verify(&RSA_PSS_2048_8192_SHA512, message, signature),
            (Key::P256(point), ES256) => public(&ECDSA_P256_SHA256_FIXED, point),
            (Key::P384(point), ES384) => public(&ECDSA_P384_SHA384_FIXED, point),
            (Key::P521(key), ES512) => verify_p521(key, message, signature),
            (Key::Ed25519(key), EdDsa) => public(&ED25519, key),
            _ => Err(Unspecified),
        };
        verified.is_ok()
    }
}

/// Verifies with the one curve that `ring` does not have.
fn verify_p521(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Result<(), Unspecified> {
    let signature = Signature::from_slice(signature).map_err(|_| Unspecified)?;
    key.verify(message, &signature).map_err(|_| Unspecified)
}

fn check_point(point: &[u8], coordinate: usize) -> Result<(), String> {
    match point.first() == Some(&UNCOMPRESSED) && point.len() == 1 + 2 * coordinate {
        true => Ok(()),
        false => Err("the point of the key is compressed or damaged".into()),
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key for {:?}", self.algorithms())
    }
}
