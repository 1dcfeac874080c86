//! Whatever clients and servers send: no panic, and no token that nobody signed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use compysition_core::testing::Dice;
use ring::hmac;
use serde_json::json;

use super::der;
use super::jwks;
use super::key_set::KeySet;
use super::token::Token;
use crate::secret::Secret;

const ROUNDS: u64 = 100_000;

/// Changes, drops or doubles some bytes.
fn mutate(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=dice.roll(3) {
        if bytes.is_empty() {
            break;
        }
        let at = dice.roll(bytes.len());
        match dice.roll(4) {
            0 => bytes[at] ^= 1 << dice.roll(8),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, bytes[at]),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

const SECRET: &str = "only for tests, only for tests, only for tests";

fn sign(header: &str, claims: &str) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", encode(header), encode(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_token_that_was_changed_is_refused() {
    let keys = KeySet::of_secret(&Secret::new(SECRET).unwrap());
    let good = sign(r#"{"alg":"HS256"}"#, r#"{"sub":"ada"}"#);
    assert!(Token::parse(&good).unwrap().verify(&keys, &[]).is_ok());
    let mut dice = Dice::new(19);
    let (mut parsed, mut same) = (0, 0);
    for _ in 0..ROUNDS {
        let bytes = mutate(&mut dice, good.as_bytes());
        let Ok(text) = std::str::from_utf8(&bytes) else {
            continue;
        };
        let Ok(token) = Token::parse(text) else {
            continue;
        };
        parsed += 1;
        let is_good = token.verify(&keys, &[]).is_ok();
        assert_eq!(is_good, text == good, "{text}");
        same += u64::from(is_good);
    }
    assert!(
        parsed > 1000 && same < parsed / 2,
        "{parsed} parsed, {same} the same"
    );
}

#[test]
fn any_claims_that_were_signed_are_read_or_refused() {
    let keys = KeySet::of_secret(&Secret::new(SECRET).unwrap());
    let deep = "[".repeat(5000);
    let headers = [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"["HS256"]"#,
        "",
        &deep,
    ];
    let bodies = [
        "{}",
        "[]",
        "7",
        "",
        r#"{"sub":1e999}"#,
        &deep,
        "{\"a\":\"\u{0}\"}",
    ];
    for (number, header) in headers.iter().enumerate() {
        for (other, body) in bodies.iter().enumerate() {
            let token = sign(header, body);
            let claims = Token::parse(&token)
                .ok()
                .map(|token| token.verify(&keys, &[]));
            let is_good = claims.is_some_and(|claims| claims.is_ok());
            assert_eq!(is_good, (number, other) == (0, 0), "{header} {body}");
        }
    }
}

#[test]
fn any_key_is_read_or_refused() {
    // RFC 8410 §10.1, the public key.
    let der = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    let der = base64::engine::general_purpose::STANDARD
        .decode(der)
        .unwrap();
    let set = json!({"keys": [
        {"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode([7; 32]), "kid": "a"},
        {"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([255; 256]), "e": "AQAB", "alg": "RS256"},
        {"kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode([1; 32]), "y": "AA"},
    ]});
    let set = set.to_string();
    let mut dice = Dice::new(23);
    let mut good = 0;
    for _ in 0..ROUNDS {
        good += u64::from(der::public_key(&mutate(&mut dice, &der)).is_ok());
        if let Ok(set) = serde_json::from_slice(&mutate(&mut dice, set.as_bytes())) {
            good += u64::from(jwks::parse(&set, true).is_ok());
        }
    }
    assert!(good > 1000, "{good}");
}
