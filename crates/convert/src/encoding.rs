//! Text in the encodings that people still use.

use std::borrow::Cow;

use compysition_core::{Error, Result};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// An XML declaration that is longer than this is none.
const LONGEST_DECLARATION: usize = 1024;

/// A character set, by one of its names, such as `utf-8`, `iso-8859-1` or `windows-1252`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Charset {
    /// ISO 8859-1, whose characters are the first 256 of Unicode; the web takes its name for another's.
    Latin1,
    /// One of those that the web knows.
    Web(&'static Encoding),
}

impl Charset {
    /// The character set of all that does not say another one.
    pub const UTF_8: Charset = Charset::Web(UTF_8);

    /// Returns the character set of a name.
    pub fn of(name: &str) -> Option<Charset> {
        match Encoding::for_label(name.as_bytes())? {
            found if found == WINDOWS_1252 && !is_windows(name) => Some(Charset::Latin1),
            found => Some(Charset::Web(found)),
        }
    }

    /// Returns the name.
    pub fn name(self) -> String {
        match self {
            Charset::Latin1 => "iso-8859-1".to_owned(),
            Charset::Web(encoding) => encoding.name().to_ascii_lowercase(),
        }
    }

    /// Checks that a line break and other ASCII characters are single bytes, as records are found by.
    pub(crate) fn ending_lines(self) -> Result {
        match self {
            Charset::Web(encoding) if !encoding.is_ascii_compatible() => {
                Err(Error::malformed(format!(
                    "records cannot be found in {}; decode it as text first",
                    self.name()
                )))
            }
            _ => Ok(()),
        }
    }

    /// Turns bytes into text.
    ///
    /// # Errors
    /// Malformed, if they are no text in this character set.
    pub fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>> {
        match self {
            Charset::Latin1 => Ok(encoding_rs::mem::decode_latin1(bytes)),
            Charset::Web(encoding) => encoding
                .decode_without_bom_handling_and_without_replacement(bytes)
                .ok_or_else(|| {
                    let name = self.name();
                    Error::malformed(format!("the bytes are no text in the encoding {name}"))
                }),
        }
    }

    /// Turns text into bytes.
    ///
    /// # Errors
    /// Unprocessable, if a character is not in this character set.
    pub fn encode(self, text: &str) -> Result<Cow<'_, [u8]>> {
        let lacks = |name: &str, c: char| {
            Error::unprocessable(format!("the encoding {name} has no character `{c}`"))
        };
        match self {
            Charset::Latin1 => text
                .chars()
                .map(|c| u8::try_from(c).map_err(|_| lacks("iso-8859-1", c)))
                .collect::<Result<Vec<u8>>>()
                .map(Cow::Owned),
            // The web writes neither.
            Charset::Web(encoding) if encoding == UTF_16LE => {
                Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect())
            }
            Charset::Web(encoding) if encoding == UTF_16BE => {
                Ok(text.encode_utf16().flat_map(u16::to_be_bytes).collect())
            }
            Charset::Web(encoding) => match encoding.encode(text) {
                (bytes, _, false) => Ok(bytes),
                _ => {
                    let lacking = text.chars().find(|c| encoding.encode(&c.to_string()).2);
                    Err(lacks(&self.name(), lacking.unwrap_or('\u{fffd}')))
                }
            },
        }
    }
}

impl Default for Charset {
    fn default() -> Charset {
        Charset::UTF_8
    }
}

impl TryFrom<String> for Charset {
    type Error = String;

    fn try_from(name: String) -> Result<Charset, String> {
        Charset::of(&name).ok_or_else(|| {
            format!("`{name}` is no character set; write it like utf-8, iso-8859-1 or windows-1252")
        })
    }
}

impl JsonSchema for Charset {
    fn schema_name() -> Cow<'static, str> {
        "Charset".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

fn is_windows(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    name.starts_with("windows") || name.contains("cp1252")
}

/// Turns the bytes of an XML document into text, by its byte order mark or by the encoding that it declares;
/// else it is UTF-8.
///
/// # Errors
/// Malformed, if the encoding is unknown or the bytes are not in it.
///
/// ```
/// let bytes = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>caf\xe9</a>";
/// assert!(compysition_convert::xml_text(bytes)?.ends_with("<a>café</a>"));
/// # Ok::<(), compysition_core::Error>(())
/// ```
pub fn xml_text(bytes: &[u8]) -> Result<Cow<'_, str>> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return Charset::Web(encoding).decode(&bytes[mark..]);
    }
    // Without a mark, `<?` shows which half of each pair is the first.
    match bytes {
        [b'<', 0, b'?', 0, ..] => return Charset::Web(UTF_16LE).decode(bytes),
        [0, b'<', 0, b'?', ..] => return Charset::Web(UTF_16BE).decode(bytes),
        _ => {}
    }
    match declared(bytes) {
        None => Charset::UTF_8.decode(bytes),
        Some(name) => Charset::of(name)
            .ok_or_else(|| {
                let name = name.escape_debug();
                Error::malformed(format!("the encoding `{name}` is unknown"))
            })?
            .decode(bytes),
    }
}

/// Returns the encoding that the XML declaration names.
pub(crate) fn declared(bytes: &[u8]) -> Option<&str> {
    let start = &bytes[..bytes.len().min(LONGEST_DECLARATION)];
    let end = start.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(&start[..end]).ok()?;
    let declaration = declaration.strip_prefix("<?xml")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_from_each_charset() {
        for (name, text) in [
            ("utf-8", "é😀"),
            ("UTF-16LE", "é😀"),
            ("utf-16be", "é😀"),
            ("iso-8859-1", "é\u{80}"),
            ("Latin1", "é"),
            ("windows-1252", "é€"),
            ("iso-8859-15", "€"),
            ("shift_jis", "日本"),
        ] {
            let charset = Charset::of(name).unwrap();
            let bytes = charset.encode(text).unwrap();
            assert_eq!(charset.decode(&bytes).unwrap(), text, "{name}");
        }
        assert_eq!(Charset::of("nope"), None);
    }

    #[test]
    fn what_a_charset_lacks_is_named() {
        for name in ["iso-8859-1", "windows-1252"] {
            let error = Charset::of(name).unwrap().encode("a日").unwrap_err();
            let expected = format!("the encoding {name} has no character `日`");
            assert_eq!(error.message(), expected);
        }
    }

    #[test]
    fn the_declaration_is_read() {
        assert_eq!(
            declared(b"<?xml version='1.0' encoding = 'x'?><a/>"),
            Some("x")
        );
        for none in [
            &b"<?xml version='1.0'?>"[..],
            b"<a encoding='x'?>",
            b"<?xml encoding=x?>",
            b"",
        ] {
            assert_eq!(declared(none), None);
        }
    }
}
