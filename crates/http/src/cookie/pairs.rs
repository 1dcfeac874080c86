//! Cookies as they stand in headers (RFC 6265).

use std::borrow::Cow;

use compysition_core::{Error, Result};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What may not stand in the value of a cookie as it is, and the sign that marks what is written in another way.
const SPECIAL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b',')
    .add(b';')
    .add(b'\\')
    .add(b'%');

/// Checks that a text can be the name of a cookie.
///
/// # Errors
/// Internal, if it cannot.
pub(crate) fn check_name(name: &str) -> Result {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !name.is_empty() && name.chars().all(is_token) {
        return Ok(());
    }
    let message = format!(
        "`{name}` cannot be the name of a cookie; take letters, digits, hyphens and underscores"
    );
    Err(Error::internal(message))
}

/// Writes a value so that it can stand in a cookie.
pub(crate) fn encode(value: &str) -> String {
    utf8_percent_encode(value, SPECIAL).to_string()
}

/// Returns the value that [`encode`] made a text of; none if it is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    percent_decode_str(text)
        .decode_utf8()
        .ok()
        .map(Cow::into_owned)
}

/// Returns the values of all cookies of a name in a header `Cookie`, as they were sent. There may be several: of other paths and
/// domains.
pub(crate) fn values<'a>(header: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    header.split(';').filter_map(move |pair| {
        let (own, value) = pair.split_once('=')?;
        let value = value.trim();
        let unquoted = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        (own.trim() == name).then_some(unquoted.unwrap_or(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_name() {
        let found = |header, name| values(header, name).collect::<Vec<_>>();
        assert_eq!(found("a=1; b=2;a=3", "a"), ["1", "3"]);
        assert_eq!(found("ab=1; A=2; a", "a"), Vec::<&str>::new());
        assert_eq!(found("a=x=y; b=\"q\"; c=\"", "a"), ["x=y"]);
        assert_eq!(found("b=\"q\"", "b"), ["q"]);
        assert_eq!(found("c=\"", "c"), ["\""]);
        assert_eq!(found("", "a"), Vec::<&str>::new());
    }

    #[test]
    fn any_value_can_be_written() {
        for value in ["plain-1.2_3", "a b;c,d\"e\\f%g\n", "grüße", ""] {
            let text = encode(value);
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
            assert!(!text.contains([';', ',', '"', '\\']), "{text}");
            assert_eq!(decode(&text).unwrap(), value);
        }
        assert_eq!(encode("plain-1.2_3"), "plain-1.2_3");
        assert_eq!(decode("%ff"), None);
    }

    #[test]
    fn names_are_tokens() {
        assert!(check_name("__Host-session.1").is_ok());
        for name in ["", "a b", "a=b", "a;b", "ü", "a\n"] {
            let says = check_name(name).unwrap_err();
            assert!(says.message().contains("cannot be the name of a cookie"));
        }
    }
}
