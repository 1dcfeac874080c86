//! Addresses of envelopes.

/// The longest address that is taken (RFC 5321, 4.5.3.1.3).
const LONGEST: usize = 254;

/// Reads what stands in `<` and `>`, and returns the rest of the line: `<ann@example.org> SIZE=7`.
pub(crate) fn path(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let (address, rest) = inner.split_once('>')?;
    match rest.is_empty() || rest.starts_with(' ') {
        true => Some((address, rest.trim())),
        false => None,
    }
}

/// Tells whether a text is a plain address: printable ASCII without what only quotes would allow.
pub(crate) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_local = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"[]".contains(&byte);
    let is_domain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.[]:".contains(&byte);
    text.len() <= LONGEST
        && !local.is_empty()
        && !domain.is_empty()
        && local.bytes().all(is_local)
        && domain.bytes().all(is_domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_plain_parts() {
        for good in ["a@b", "a.b+c@example.org", "x@[127.0.0.1]", "o'neil@x.y"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "", "a", "@b", "a@", "a b@c", "a@b c", "a@b\n", "<a@b>", "a@b@c", "ä@b",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
        assert!(!is_address(&format!("{}@b", "a".repeat(300))));
        assert_eq!(path("<a@b> SIZE=1"), Some(("a@b", "SIZE=1")));
        assert_eq!(path("<>"), Some(("", "")));
        assert_eq!(path("<a@b>SIZE=1"), None);
        assert_eq!(path("a@b"), None);
    }
}
