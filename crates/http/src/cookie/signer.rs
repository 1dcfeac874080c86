//! Values that only who has the secret can make.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::secret::Secret;

/// Signs the values of cookies, and finds out whether they were signed.
///
/// A signed value is `VALUE.END.SIGNATURE`: END is the second since 1970 from which on it is no good any more, or nothing; the
/// signature is over the name of the cookie as well, so that none passes for another.
#[derive(Clone, Debug)]
pub(crate) struct Signer(hmac::Key);

impl Signer {
    /// Makes a signer of a secret.
    pub(crate) fn new(secret: &Secret) -> Signer {
        Signer(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    /// Signs a value, for good or for a time.
    pub(crate) fn sign(&self, name: &str, value: &str, lasts: Option<Duration>) -> String {
        let end = lasts.map(|lasts| seconds_now().saturating_add(lasts.as_secs()).to_string());
        let signed = format!("{value}.{}", end.unwrap_or_default());
        let signature = hmac::sign(&self.0, subject(name, &signed).as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Returns the value if it was signed and is still good.
    pub(crate) fn verify<'a>(&self, name: &str, text: &'a str) -> Option<&'a str> {
        let (signed, signature) = text.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        hmac::verify(&self.0, subject(name, signed).as_bytes(), &signature).ok()?;
        let (value, end) = signed.rsplit_once('.')?;
        let is_over = !end.is_empty() && end.parse::<u64>().ok()? <= seconds_now();
        (!is_over).then_some(value)
    }
}

/// Puts together what is signed. A name holds no `=`.
fn subject(name: &str, signed: &str) -> String {
    format!("{name}={signed}")
}

fn seconds_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(secret: &str) -> Signer {
        Signer::new(&Secret::new(secret.repeat(32)).unwrap())
    }

    #[test]
    fn only_what_was_signed_is_good() {
        let text = signer("a").sign("session", "ada.7", None);
        assert_eq!(signer("a").verify("session", &text), Some("ada.7"));
        assert_eq!(signer("b").verify("session", &text), None);
        assert_eq!(signer("a").verify("other", &text), None);
        for index in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[index] ^= 1;
            let damaged = String::from_utf8(bytes).unwrap();
            assert_eq!(signer("a").verify("session", &damaged), None, "{damaged}");
            assert_eq!(signer("a").verify("session", &text[..index]), None);
        }
    }

    #[test]
    fn a_value_may_end() {
        let hour = signer("a").sign("s", "v", Some(Duration::from_secs(3600)));
        assert_eq!(signer("a").verify("s", &hour), Some("v"));
        let over = signer("a").sign("s", "v", Some(Duration::ZERO));
        assert_eq!(signer("a").verify("s", &over), None);
        // The end cannot be taken off.
        let (_, signature) = hour.rsplit_once('.').unwrap();
        assert_eq!(signer("a").verify("s", &format!("v..{signature}")), None);
    }
}
