//! How the value of an attribute stands in a header: percent-encoded, as the HTTP binding of CloudEvents has it.

use std::borrow::Cow;

use compysition_core::{Error, Result};
use http::HeaderValue;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};

/// What is encoded: all but the printable characters of ASCII, and of these the space, the quote and the percent sign.
const ENCODED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');

/// Writes a value.
pub(super) fn encode(value: &str) -> Result<HeaderValue> {
    let encoded: Cow<'_, str> = utf8_percent_encode(value, ENCODED).into();
    HeaderValue::from_str(&encoded).map_err(|error| Error::internal(error.to_string()))
}

/// Reads a value, which may also stand in quotes.
///
/// # Errors
/// Malformed, if it is no UTF-8, or has control characters, which no attribute may have.
pub(super) fn decode(value: &HeaderValue) -> Result<String> {
    let bytes = value.as_bytes();
    let inner = bytes
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    let bytes = inner.map_or(Cow::Borrowed(bytes), |inner| Cow::Owned(unescape(inner)));
    let text = percent_decode(&bytes).decode_utf8();
    let text =
        text.map_err(|_| Error::malformed("the value of a CloudEvents header is no UTF-8"))?;
    if text.chars().any(char::is_control) {
        let message = "the value of a CloudEvents header has control characters";
        return Err(Error::malformed(message));
    }
    Ok(text.into_owned())
}

/// Takes off the backslashes within quotes.
fn unescape(quoted: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(quoted.len());
    let mut bytes = quoted.iter().copied();
    while let Some(byte) = bytes.next() {
        // One at the very end stands for itself.
        plain.push(match byte {
            b'\\' => bytes.next().unwrap_or(byte),
            byte => byte,
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of the specification, and what may be confused with them.
    const CASES: &[(&str, &str)] = &[
        ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"),
        ("a/b?c=d&e", "a/b?c=d&e"),
        ("\"100%\"", "%22100%25%22"),
        ("", ""),
    ];

    #[test]
    fn values_are_encoded_as_the_binding_has_it() {
        for (plain, encoded) in CASES {
            let header = encode(plain).unwrap();
            assert_eq!(header, encoded);
            assert_eq!(decode(&header).unwrap(), *plain);
        }
    }

    #[test]
    fn what_others_write_is_read() {
        for (written, plain) in [
            ("\"a \\\"b\\\" c\"", "a \"b\" c"),
            ("plain text", "plain text"),
            ("%e2%82%ac", "€"),
            ("100%", "100%"),
            ("\"", "\""),
            ("\"a\\\"", "a\\"),
        ] {
            let header = HeaderValue::from_static(written);
            assert_eq!(decode(&header).unwrap(), plain, "{written}");
        }
        for wrong in ["%FF", "a%0D%0Ab", "%C2%85"] {
            assert!(decode(&HeaderValue::from_static(wrong)).is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_text_comes_back(text in "\\PC*") {
            let header = encode(&text).unwrap();
            proptest::prop_assert!(header.to_str().is_ok());
            proptest::prop_assert_eq!(decode(&header).unwrap(), text);
        }
    }
}
