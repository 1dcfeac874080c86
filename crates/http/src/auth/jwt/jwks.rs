//! Sets of keys as JSON (RFC 7517).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::algorithm::Algorithm;
use super::key::Key;
use super::key_set::Entry;

/// How many keys of a set are looked at.
const MOST_KEYS: usize = 100;

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
    #[serde(default)]
    k: String,
}

/// Why a key of a set is none.
struct Unusable {
    why: String,
    /// Whether it is of a kind that is known here, and cannot be right.
    is_wrong: bool,
}

impl<T: Into<String>> From<T> for Unusable {
    fn from(why: T) -> Unusable {
        Unusable {
            why: why.into(),
            is_wrong: false,
        }
    }
}

/// Reads the keys of a set that verify signatures. Others are left out, as the standard wants it. Shared secrets count only if the
/// set is no public one, and there all keys of known curves must be right; of what others publish the log tells which are not.
///
/// # Errors
/// If it is no set of keys, or none is left; then why.
pub(crate) fn parse(set: &Value, is_public: bool) -> Result<Vec<Entry>, String> {
    let set = Set::deserialize(set).map_err(|error| format!("it is no set of keys: {error}"))?;
    let mut problems = Vec::new();
    let mut entries = Vec::new();
    for (number, key) in (1..).zip(set.keys.iter().take(MOST_KEYS)) {
        match entry(key, is_public) {
            Ok(entry) => entries.push(entry),
            Err(Unusable { why, is_wrong }) => {
                let name = key["kid"].as_str().map(|id| format!(" (`{id}`)"));
                let problem = format!("key {number}{}: {why}", name.unwrap_or_default());
                match is_wrong {
                    true if !is_public => return Err(problem),
                    true => tracing::warn!("a key of tokens is left out: {problem}"),
                    false => {}
                }
                problems.push(problem);
            }
        }
    }
    match entries.is_empty() {
        false => Ok(entries),
        true if problems.is_empty() => Err("there is no key in it".into()),
        true => Err(format!("no key in it can be used: {}", problems.join("; "))),
    }
}

fn entry(key: &Value, is_public: bool) -> Result<Entry, Unusable> {
    let jwk = Jwk::deserialize(key).map_err(|error| error.to_string())?;
    let is_to_verify = jwk
        .purpose
        .as_deref()
        .is_none_or(|purpose| purpose == "sig")
        && jwk
            .key_ops
            .as_ref()
            .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
    if !is_to_verify {
        return Err("it is not for signatures".into());
    }
    let bytes = |name: &str, text: &str| {
        let decoded = URL_SAFE_NO_PAD.decode(text);
        decoded.map_err(|_| format!("`{name}` is damaged"))
    };
    let key = match (jwk.kty.as_str(), jwk.crv.as_str()) {
        ("RSA", _) => Key::rsa(&bytes("n", &jwk.n)?, &bytes("e", &jwk.e)?)?,
        ("EC", curve) => {
            let (x, y) = (bytes("x", &jwk.x)?, bytes("y", &jwk.y)?);
            Key::of_coordinates(curve, &x, &y).map_err(|why| Unusable {
                why,
                is_wrong: Key::knows_curve(curve),
            })?
        }
        ("OKP", "Ed25519") => Key::ed25519(bytes("x", &jwk.x)?)?,
        ("oct", _) if is_public => return Err("a shared secret that is public is none".into()),
        ("oct", _) => Key::secret(bytes("k", &jwk.k)?)?,
        (kind, curve) => return Err(format!("the kind {kind} {curve} is not known").into()),
    };
    let only = match jwk.alg {
        None => None,
        Some(name) => Some(
            Algorithm::named(&name)
                .filter(|algorithm| key.algorithms().contains(algorithm))
                .ok_or_else(|| format!("it is not for {name}"))?,
        ),
    };
    Ok(Entry {
        id: jwk.kid,
        only,
        key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_for_other_ends_are_left_out() {
        let x = URL_SAFE_NO_PAD.encode([7; 32]);
        let good = json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "a", "use": "sig"});
        let mut encrypts = good.clone();
        encrypts["use"] = "enc".into();
        let mut signs = good.clone();
        signs["key_ops"] = json!(["sign"]);
        let mut other = good.clone();
        other["alg"] = "RS256".into();
        let strange = json!({"kty": "new", "kid": 7});
        let set = json!({"keys": [encrypts, signs, other, strange, 7, good]});
        let entries = parse(&set, true).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].id.as_deref(), Some("a"));
    }

    /// The key of RFC 7515 §A.3, and one whose point is beside the curve by one bit.
    fn good_and_off(kid: &str) -> (Value, Value) {
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let (y, off) = (
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5aw",
        );
        let key = |y| json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid});
        (key(y), key(off))
    }

    #[test]
    fn a_key_off_its_curve_is_named_and_refused_in_a_file_and_left_out_of_what_others_publish() {
        let (good, off) = good_and_off("one");
        let set = json!({"keys": [good, off]});
        assert_eq!(
            parse(&set, false).unwrap_err(),
            "key 2 (`one`): the point of the key is not on P-256, so no token could be right: take the key anew \
             from whoever issued it"
        );
        assert_eq!(parse(&set, true).unwrap().len(), 1);
        let alone = json!({"keys": [off]});
        let says = parse(&alone, true).unwrap_err();
        assert!(
            says.contains(
                "no key in it can be used: key 1 (`one`): the point of the key is not on P-256"
            ),
            "{says}"
        );
        // Of a curve that is not known here nobody can tell.
        let foreign = json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"});
        assert_eq!(
            parse(&json!({"keys": [foreign, good]}), false)
                .unwrap()
                .len(),
            1
        );
    }

    #[test]
    fn a_set_without_a_key_says_why() {
        let says = |set| parse(&set, true).unwrap_err();
        assert!(says(json!({})).contains("no set of keys: missing field `keys`"));
        assert_eq!(says(json!({"keys": []})), "there is no key in it");
        let short = json!({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]});
        assert!(says(short).contains("key 1: an RSA key has 2048 to 8192 bits, not 17"));
        let n = URL_SAFE_NO_PAD.encode([255; 256]);
        for e in ["", "AQ", "Ag", "AQAAAAE", "AwAAAAE"] {
            let set = json!({"keys": [{"kty": "RSA", "n": n, "e": e}]});
            let is_known = e == "AQAAAAE";
            assert_eq!(parse(&set, true).is_ok(), is_known, "{e}");
            if !is_known {
                assert!(says(set).contains("key 1: the exponent of an RSA key"));
            }
        }
        let k = URL_SAFE_NO_PAD.encode([7; 32]);
        let secret = json!({"keys": [{"kty": "oct", "k": k}]});
        assert!(parse(&secret, false).is_ok());
        assert!(says(secret).contains("a shared secret that is public is none"));
    }
}
