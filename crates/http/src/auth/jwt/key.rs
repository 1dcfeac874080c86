//! Keys that signatures are verified with.

use std::fmt;

use p521::ecdsa::signature::Verifier;
use p521::ecdsa::{Signature, VerifyingKey};
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use ring::{agreement, error::Unspecified, hmac, rand::SystemRandom};

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
        check_curve("P-256", &agreement::ECDH_P256, &point)?;
        Ok(Key::P256(point))
    }

    pub(crate) fn p384(point: Vec<u8>) -> Result<Key, String> {
        check_point(&point, 48)?;
        check_curve("P-384", &agreement::ECDH_P384, &point)?;
        Ok(Key::P384(point))
    }

    pub(crate) fn p521(point: &[u8]) -> Result<Key, String> {
        check_point(point, 66)?;
        let key = VerifyingKey::from_sec1_bytes(point);
        let key = key.map_err(|_| off_curve("P-521"))?;
        Ok(Key::P521(Box::new(key)))
    }

    /// Makes a key of a point of a curve, given by its coordinates.
    pub(crate) fn of_coordinates(curve: &str, x: &[u8], y: &[u8]) -> Result<Key, String> {
        let point = [&[UNCOMPRESSED], x, y].concat();
        match curve {
            "P-256" if x.len() == 32 => Key::p256(point),
            "P-384" if x.len() == 48 => Key::p384(point),
            "P-521" if x.len() == 66 => Key::p521(&point),
            _ if Key::knows_curve(curve) => Err(format!(
                "the coordinates are not as long as {curve} has them"
            )),
            _ => Err(format!("the curve {curve} is not known")),
        }
    }

    pub(crate) fn knows_curve(name: &str) -> bool {
        matches!(name, "P-256" | "P-384" | "P-521")
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

/// Says so of a point that is not on its curve. `ring` looks at it when it agrees on a secret, and else only with each signature, which
/// is then wrong.
fn check_curve(
    name: &str,
    curve: &'static agreement::Algorithm,
    point: &[u8],
) -> Result<(), String> {
    let own = agreement::EphemeralPrivateKey::generate(curve, &SystemRandom::new());
    let own = own.map_err(|_| "the system has no random numbers")?;
    let theirs = agreement::UnparsedPublicKey::new(curve, point);
    agreement::agree_ephemeral(own, &theirs, |_| ()).map_err(|_| off_curve(name))
}

fn off_curve(curve: &str) -> String {
    format!(
        "the point of the key is not on {curve}, so no token could be right: take the key anew from whoever issued it"
    )
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key for {:?}", self.algorithms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The base point of a curve, and points beside it.
    fn check(curve: &str, x: &str, y: &str) {
        let bytes = |text: &str| -> Vec<u8> {
            let digits = (0..text.len()).step_by(2);
            digits
                .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
                .collect()
        };
        let (x, y) = (bytes(x), bytes(y));
        assert!(Key::of_coordinates(curve, &x, &y).is_ok());
        let zeros = vec![0; x.len()];
        let most = vec![0xff; x.len()];
        for (x, y) in [
            (&y, &x),
            (&x, &x),
            (&zeros, &zeros),
            (&x, &most),
            (&most, &y),
        ] {
            let problem = Key::of_coordinates(curve, x, y).unwrap_err();
            assert!(problem.contains(&format!("not on {curve}")), "{problem}");
        }
        let mut off = y.clone();
        for bit in 0..8 {
            off[bit] ^= 1 << bit;
            assert!(Key::of_coordinates(curve, &x, &off).is_err(), "{bit}");
            off[bit] ^= 1 << bit;
        }
    }

    #[test]
    fn a_point_off_the_curve_is_no_key() {
        // FIPS 186-4 §D.1.2.
        check(
            "P-256",
            "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
            "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        );
        check(
            "P-384",
            "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
            "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
        );
    }
}
