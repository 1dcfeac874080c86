//! Who signs tokens.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p521::ecdsa::signature::Signer;
use p521::ecdsa::{Signature, SigningKey};
use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, PublicKeyData};
use ring::rand::SystemRandom;
use ring::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _,
};
use ring::{hmac, rsa};
use serde_json::{Value, json};

use crate::rsa_key;

pub(crate) const SECRET: &str = "a secret of the tests, which is long enough for all";

pub(crate) enum Issuer {
    Secret(&'static str),
    Rsa(Box<rsa::KeyPair>),
    Curve(Box<rcgen::KeyPair>),
    P521(Box<SigningKey>),
}

impl Issuer {
    pub(crate) fn rsa() -> Issuer {
        Issuer::Rsa(Box::new(rsa_key::key_pair()))
    }

    /// Makes a key for `ES512`, which is always the same.
    pub(crate) fn p521() -> Issuer {
        Issuer::P521(Box::new(SigningKey::from_slice(&[1; 66]).unwrap()))
    }

    /// Makes a key for `ES256`, `ES384` or `EdDSA`.
    pub(crate) fn of_curve(algorithm: &str) -> Issuer {
        let kind = match algorithm {
            "ES256" => &PKCS_ECDSA_P256_SHA256,
            "ES384" => &PKCS_ECDSA_P384_SHA384,
            "EdDSA" => &PKCS_ED25519,
            other => panic!("{other}"),
        };
        Issuer::Curve(Box::new(rcgen::KeyPair::generate_for(kind).unwrap()))
    }

    pub(crate) fn token(&self, header: Value, claims: Value) -> String {
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let algorithm = header["alg"].as_str().unwrap().to_owned();
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.sign(&algorithm, signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Issuer::Secret(secret) => {
                let hash = match algorithm {
                    "HS256" => hmac::HMAC_SHA256,
                    "HS384" => hmac::HMAC_SHA384,
                    _ => hmac::HMAC_SHA512,
                };
                let key = hmac::Key::new(hash, secret.as_bytes());
                hmac::sign(&key, message).as_ref().to_vec()
            }
            Issuer::Rsa(key) => {
                let encoding: &'static dyn signature::RsaEncoding = match algorithm {
                    "RS256" => &signature::RSA_PKCS1_SHA256,
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    "PS384" => &signature::RSA_PSS_SHA384,
                    _ => &signature::RSA_PSS_SHA512,
                };
                let mut signed = vec![0; key.public().modulus_len()];
                key.sign(encoding, &random, message, &mut signed).unwrap();
                signed
            }
            Issuer::P521(key) => {
                let signature: Signature = key.sign(message);
                signature.to_bytes().to_vec()
            }
            Issuer::Curve(key) => {
                let der = key.serialize_der();
                if algorithm == "EdDSA" {
                    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).unwrap();
                    return key.sign(message).as_ref().to_vec();
                }
                let kind = match algorithm {
                    "ES256" => &ECDSA_P256_SHA256_FIXED_SIGNING,
                    _ => &ECDSA_P384_SHA384_FIXED_SIGNING,
                };
                let key = EcdsaKeyPair::from_pkcs8(kind, &der, &random).unwrap();
                key.sign(&random, message).unwrap().as_ref().to_vec()
            }
        }
    }

    /// Returns the public key as JSON, with its id.
    pub(crate) fn jwk(&self, id: &str) -> Value {
        let mut jwk = match self {
            Issuer::Secret(secret) => json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret)}),
            Issuer::Rsa(_) => rsa_key::jwk(),
            Issuer::P521(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = (point.x().unwrap(), point.y().unwrap());
                let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
                json!({"kty": "EC", "crv": "P-521", "x": x, "y": y})
            }
            Issuer::Curve(key) => match key.der_bytes() {
                [4, point @ ..] => {
                    let (x, y) = point.split_at(point.len() / 2);
                    let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                    let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
                    json!({"kty": "EC", "crv": curve, "x": x, "y": y})
                }
                key => json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key)}),
            },
        };
        jwk["kid"] = id.into();
        jwk["use"] = "sig".into();
        jwk
    }

    /// Writes the public key to a file of this name.
    pub(crate) fn pem(&self, name: &str) -> PathBuf {
        let text = match self {
            Issuer::Secret(_) => panic!("a secret is not public"),
            Issuer::Curve(key) => key.public_key_pem(),
            Issuer::Rsa(key) => {
                // RFC 3279 §2.3.1: what kind of key it is, and how long.
                let mut der = vec![
                    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                    0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00,
                ];
                der.extend_from_slice(key.public_key().as_ref());
                pem(&der)
            }
            Issuer::P521(key) => {
                // RFC 5480 §2.1.1: that it is of a curve, and of which.
                let mut der = vec![
                    0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
                    0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00,
                ];
                der.extend_from_slice(key.verifying_key().to_sec1_point(false).as_bytes());
                pem(&der)
            }
        };
        file(name, &text)
    }
}

fn pem(der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let lines: Vec<_> = encoded.as_bytes().chunks(64).collect();
    let lines = lines.join(&b"\n"[..]);
    let text = String::from_utf8(lines).unwrap();
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}

/// Writes a file; each test has its own.
pub(crate) fn file(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Returns the second since 1970 that comes so many seconds from now.
pub(crate) fn seconds_from_now(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs() as i64 + seconds
}
