//! Tokens that others have signed over P-521, for which `ring` has no code.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::algorithm::Algorithm;
use super::der;
use super::jwks;
use super::key::Key;
use super::key_set::{Entry, KeySet};
use super::token::{Token, Unverified, WRONG};

/// RFC 7515 §A.4, which signs a text that is no claims.
const MESSAGE: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA";
const SIGNATURE: &str = "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO\
    0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9E\
    RBXukOXolLzeO_Jn";

/// A key that Python's `cryptography` made, and a token that PyJWT signed with it.
const DER: &str = "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBNcovTGt2ASepHe0XhiD1Qnv4adffokGxp5y37uZnD/R2\
    EGuKnI1UPEhKchtYBGRyGaAQPHnHGXXuIoYw1+WFAU0BvV0k4Z3QPuwdoyyeCFyZjZj4PxAd0SqP5SyF\
    OWb9rdrckhA1KUpqFJCUlokQYpQS3ZRxox437QmslA/NvztrZB0=";
const X: &str =
    "ATXKL0xrdgEnqR3tF4Yg9UJ7-GnX36JBsaect-7mZw_0dhBripyNVDxISnIbWARkchmgEDx5xxl17iKGMNflhQFN";
const Y: &str =
    "Ab1dJOGd0D7sHaMsnghcmY2Y-D8QHdEqj-UshTlm_a3a3JIQNSlKahSQlJaJEGKUEt2UcaMeN-0JrJQPzb87a2Qd";
const SIGNED: &str = "eyJhbGciOiJFUzUxMiIsImtpZCI6Im9uZSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjMyNTAzNjgwMDAwfQ";
const SEAL: &str = "AQMlDOUF4c8P_sRJr5Axt8A52taJWLyvc1usJaZNNaMc2td0-hFFYdvkJYGDviCVU6jl76N4evDAxxlO\
    9fCHNg-CAfShTodCXdu4chL2T6pGc1C_iGI-hQU3NN55Rd794iOAC4CD7QhBCg58sDd5jZctWOu95ppW\
    QiPb6XQk8UiWz7HJ";

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn parsed(jwk: Value) -> Result<KeySet, String> {
    jwks::parse(&json!({ "keys": [jwk] }), true).map(KeySet::new)
}

fn of_the_standard() -> KeySet {
    let x =
        "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk";
    let y =
        "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2";
    parsed(json!({"kty": "EC", "crv": "P-521", "x": x, "y": y, "alg": "ES512"})).unwrap()
}

fn of_pem() -> KeySet {
    let key = der::public_key(&STANDARD.decode(DER).unwrap()).unwrap();
    KeySet::new(vec![Entry {
        id: None,
        only: None,
        key,
    }])
}

fn of_jwks() -> KeySet {
    parsed(json!({"kty": "EC", "crv": "P-521", "x": X, "y": Y, "kid": "one", "use": "sig"}))
        .unwrap()
}

fn is_signed(keys: &KeySet, message: &str, signature: &[u8]) -> bool {
    let algorithm = Algorithm::ES512;
    keys.verify(None, algorithm, message.as_bytes(), signature)
        .is_ok()
}

#[test]
fn rfc_7515_a_4_es512() {
    let keys = of_the_standard();
    assert!(is_signed(&keys, MESSAGE, &bytes(SIGNATURE)));
    let changed = MESSAGE.replace("UGF5", "UGF6");
    assert!(!is_signed(&keys, &changed, &bytes(SIGNATURE)));
    assert!(!is_signed(&of_pem(), MESSAGE, &bytes(SIGNATURE)));
}

#[test]
fn a_token_of_another_library_is_good_with_a_key_of_either_kind_of_file() {
    let token = Token::parse(&format!("{SIGNED}.{SEAL}")).unwrap();
    for keys in [of_pem(), of_jwks()] {
        let claims = token.verify(&keys, &[Algorithm::ES512]).unwrap();
        assert_eq!(claims["sub"], "ada");
    }
    assert_eq!(
        token.verify(&of_the_standard(), &[]),
        Err(Unverified::UnknownKey)
    );
    // Of `ada` it makes `adb`.
    let changed = SIGNED.replace("OiJhZGEi", "OiJhZGIi");
    assert_ne!(changed, SIGNED);
    let changed = Token::parse(&format!("{changed}.{SEAL}")).unwrap();
    assert_eq!(changed.verify(&of_jwks(), &[]), Err(Unverified::Bad(WRONG)));
}

#[test]
fn a_key_of_p_521_is_for_nothing_else() {
    let keys = of_pem();
    for name in ["ES256", "ES384", "HS512", "RS512", "EdDSA"] {
        let algorithm = Algorithm::named(name).unwrap();
        assert!(!keys.is_for(algorithm), "{name}");
        let verified = keys.verify(None, algorithm, SIGNED.as_bytes(), &bytes(SEAL));
        assert!(verified.is_err(), "{name}");
    }
}

#[test]
fn a_signature_of_another_length_or_out_of_range_is_refused() {
    let keys = of_pem();
    let seal = bytes(SEAL);
    assert_eq!(seal.len(), 132);
    for length in [0, 1, 64, 96, 130, 131] {
        assert!(!is_signed(&keys, SIGNED, &seal[..length]), "{length}");
    }
    assert!(!is_signed(&keys, SIGNED, &[&seal[..], &[0]].concat()));
    // Both numbers are at least one and below the order of the curve, else anything could be signed.
    let (r, s) = seal.split_at(66);
    let (zero, most) = ([0; 66], [0xff; 66]);
    for wrong in [
        [r, &zero],
        [&zero, s],
        [&zero, &zero],
        [r, &most],
        [&most, s],
        [s, r],
    ] {
        assert!(!is_signed(&keys, SIGNED, &wrong.concat()), "{wrong:?}");
    }
}

#[test]
fn what_is_no_point_of_the_curve_is_no_key() {
    let says = |crv: &str, x: &str, y: &str| {
        let problem = parsed(json!({"kty": "EC", "crv": crv, "x": x, "y": y}));
        problem.err().unwrap()
    };
    assert!(says("P-521", Y, X).contains("the point of the key is not on P-521"));
    let other = URL_SAFE_NO_PAD.encode([1; 32]);
    let long = "the coordinates are not as long as P-521 has them";
    assert!(says("P-521", &other, &other).contains(long));
    assert!(says("P-384", X, Y).contains("not as long as P-384"));
    let compressed = [&[2], &bytes(X)[..]].concat();
    let problem = Key::p521(&compressed).err().unwrap();
    assert!(problem.contains("compressed"), "{problem}");
}
