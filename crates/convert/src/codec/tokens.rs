//! The tokens of XML, found in bytes that may not be all there yet.

use memchr::{memchr, memchr3, memmem};

/// A tag, a text, or anything else, and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Start,
    Empty,
    End,
    /// As much of it as is there.
    Text,
    /// A comment, a CDATA section, an instruction, a declaration.
    Other,
}

/// Returns the token that begins at `at`, unless it is not all there.
pub(crate) fn token(bytes: &[u8], at: usize) -> Option<Token> {
    let rest = &bytes[at..];
    let (kind, length) = match rest {
        [] | [b'<'] => return None,
        [b'<', b'!', ..] => (Kind::Other, declaration(rest)?),
        [b'<', b'?', ..] => (Kind::Other, after(rest, b"?>")?),
        [b'<', b'/', ..] => (Kind::End, memchr(b'>', rest)? + 1),
        [b'<', ..] => {
            let length = tag(rest)?;
            match rest[length - 2] {
                b'/' => (Kind::Empty, length),
                _ => (Kind::Start, length),
            }
        }
        _ => (Kind::Text, memchr(b'<', rest).unwrap_or(rest.len())),
    };
    Some(Token {
        kind,
        end: at + length,
    })
}

fn after(bytes: &[u8], end: &[u8]) -> Option<usize> {
    memmem::find(bytes, end).map(|at| at + end.len())
}

fn tag(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr3(b'>', b'"', b'\'', &bytes[at..])?;
        match bytes[at] {
            b'>' => return Some(at + 1),
            quote => at += 2 + memchr(quote, &bytes[at + 1..])?,
        }
    }
}

/// Returns the length of what begins with `<!`.
fn declaration(bytes: &[u8]) -> Option<usize> {
    for (start, end) in [(&b"<!--"[..], &b"-->"[..]), (b"<![CDATA[", b"]]>")] {
        if bytes.starts_with(start) {
            return after(&bytes[start.len()..], end).map(|length| start.len() + length);
        }
        if start.starts_with(bytes) {
            return None;
        }
    }
    document_type(bytes)
}

/// Returns the length of a document type: to the first `>` outside of quotes, brackets and comments.
fn document_type(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 2;
    loop {
        match *bytes.get(at)? {
            quote @ (b'"' | b'\'') => at += 1 + memchr(quote, &bytes[at + 1..])?,
            b'<' if bytes[at..].starts_with(b"<!--") => at += after(&bytes[at..], b"-->")? - 1,
            b'[' | b'<' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'>' if depth == 0 => return Some(at + 1),
            b'>' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
}

/// Returns the name in a tag.
pub(crate) fn name(tag: &[u8]) -> &[u8] {
    let start = tag
        .iter()
        .take_while(|byte| matches!(byte, b'<' | b'/'))
        .count();
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>');
    let length = tag[start..]
        .iter()
        .position(is_end)
        .unwrap_or(tag.len() - start);
    &tag[start..start + length]
}

/// Returns the attributes in a tag, the values with their quotes.
pub(crate) fn attributes(tag: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = &tag[1 + name(tag).len()..];
    std::iter::from_fn(move || {
        let equals = memchr(b'=', rest)?;
        let name = rest[..equals].trim_ascii();
        let value = rest[equals + 1..].trim_ascii_start();
        let quote = *value.first()?;
        let length = memchr(quote, value.get(1..)?)? + 2;
        rest = &value[length..];
        Some((name, &value[..length]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_end_where_they_should() {
        for (text, kind, length) in [
            ("<a b='>' c=\">\">x", Kind::Start, 15),
            ("<a/>x", Kind::Empty, 4),
            ("</a >x", Kind::End, 5),
            ("x > y<", Kind::Text, 5),
            ("<!-- > -->x", Kind::Other, 10),
            ("<![CDATA[<a>]]]>x", Kind::Other, 16),
            ("<?a > ?>x", Kind::Other, 8),
            (
                "<!DOCTYPE a [<!ENTITY e '>'><!-- ' > -->]>x",
                Kind::Other,
                42,
            ),
        ] {
            let found = token(text.as_bytes(), 0).unwrap();
            assert_eq!((found.kind, found.end), (kind, length), "{text}");
            for less in 1..length {
                let found = token(&text.as_bytes()[..less], 0);
                assert!(found.is_none() || kind == Kind::Text, "{text}, {less}");
            }
        }
    }

    #[test]
    fn a_tag_is_taken_apart() {
        let tag = b"<p:a xmlns:p = 'u' b=\"=\"/>";
        assert_eq!(name(tag), b"p:a");
        let found: Vec<_> = attributes(tag).collect();
        assert_eq!(found, [(&b"xmlns:p"[..], &b"'u'"[..]), (b"b", b"\"=\"")]);
        assert_eq!(attributes(b"<a>").count(), 0);
        assert_eq!(attributes(b"<a b=>").count(), 0);
    }
}
