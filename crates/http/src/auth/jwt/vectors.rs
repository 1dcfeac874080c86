//! The examples of the standards.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::algorithm::Algorithm;
use super::jwks;
use super::key_set::KeySet;
use super::token::{Token, Unverified};

/// The claims of all examples of RFC 7515.
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJ\
    PMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0\
    LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\
    Zlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2\
    PAcDTW9gb54h4FRWyuXpoQ";

const RSA_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF\
    5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK\
    5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqt\
    FZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB\
    p0igcN_IoypGlUPQGe77Rw";

fn keys(jwk: Value) -> KeySet {
    KeySet::new(jwks::parse(&json!({ "keys": [jwk] }), false).unwrap())
}

/// Verifies a token of the examples with its key; then a changed one, and with each other algorithm.
fn check(jwk: Value, own: &str, signature: &str) {
    let keys = keys(jwk);
    let token = |header: &str| {
        let text = format!("{header}.{CLAIMS}.{signature}");
        Token::parse(&text).map(|token| token.verify(&keys, &[]))
    };
    let claims = token(own).unwrap().unwrap();
    assert_eq!(claims["iss"], "joe");
    assert_eq!(claims["http://example.com/is_root"], true);
    for name in [
        "HS256", "HS384", "RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA",
    ] {
        let header = URL_SAFE_NO_PAD.encode(format!("{{\"alg\":\"{name}\"}}"));
        if header == own {
            continue;
        }
        let verified = token(&header).unwrap();
        assert_eq!(verified, Err(Unverified::UnknownKey), "{name}");
    }
    for name in ["none", "NONE", ""] {
        let header = URL_SAFE_NO_PAD.encode(format!("{{\"alg\":\"{name}\"}}"));
        assert!(token(&header).is_err(), "{name}");
    }
}

#[test]
fn rfc_7515_a_1_hs256() {
    let k =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    check(
        json!({"kty": "oct", "k": k}),
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    );
}

#[test]
fn rfc_7515_a_2_rs256() {
    check(
        json!({"kty": "RSA", "n": MODULUS, "e": "AQAB"}),
        "eyJhbGciOiJSUzI1NiJ9",
        RSA_SIGNATURE,
    );
}

#[test]
fn rfc_7515_a_3_es256() {
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
    check(
        json!({"kty": "EC", "crv": "P-256", "x": x, "y": y}),
        "eyJhbGciOiJFUzI1NiJ9",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    );
}

#[test]
fn rfc_8037_a_4_eddsa() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let signature =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let keys = keys(json!({"kty": "OKP", "crv": "Ed25519", "x": x}));
    let verify = |message: &str| {
        keys.verify(None, Algorithm::EdDsa, message.as_bytes(), &signature)
            .is_ok()
    };
    assert!(verify(
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    ));
    assert!(!verify(
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd"
    ));
}

#[test]
fn a_public_key_is_no_secret() {
    // Who knows the public key signs with it as if it were a shared secret.
    let n = URL_SAFE_NO_PAD.decode(MODULUS).unwrap();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#);
    let signed = format!("{header}.{CLAIMS}");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &n);
    let signature = URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, signed.as_bytes()));
    let token = Token::parse(&format!("{signed}.{signature}")).unwrap();
    let keys = keys(json!({"kty": "RSA", "n": MODULUS, "e": "AQAB"}));
    assert_eq!(token.verify(&keys, &[]), Err(Unverified::UnknownKey));
}
