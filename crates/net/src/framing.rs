//! How frames stand one after the other on a connection.

use compysition_core::{Error, ErrorKind, Result};
use memchr::memmem;
use schemars::JsonSchema;
use serde::Deserialize;

/// Says where a frame ends and the next one begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Framing {
    /// Each line, which ends in LF or CR LF, is one.
    #[default]
    Lines,
    /// Bytes that end each frame: a text such as `"\0"`, or a list of numbers.
    Delimiter(Delimiter),
    /// A number before each frame, which tells how many bytes follow: of 1, 2, 4 or 8 bytes.
    Length(Prefix),
    /// Digits and a space before each frame, which tell how many bytes follow: syslog over TCP (RFC 6587).
    OctetCounting,
    /// The records of the codec are the frames, as with `json` or `message_pack`; with `text` all of a connection is one.
    None,
}

/// Bytes that end a frame; at least one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "DelimiterForm")]
#[schemars(with = "DelimiterForm")]
pub(crate) struct Delimiter(pub(crate) Vec<u8>);

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum DelimiterForm {
    Text(String),
    Bytes(Vec<u8>),
}

impl TryFrom<DelimiterForm> for Delimiter {
    type Error = String;

    fn try_from(form: DelimiterForm) -> Result<Delimiter, String> {
        let bytes = match form {
            DelimiterForm::Text(text) => text.into_bytes(),
            DelimiterForm::Bytes(bytes) => bytes,
        };
        match bytes.is_empty() {
            true => Err("a delimiter has at least one byte".into()),
            false => Ok(Delimiter(bytes)),
        }
    }
}

/// The number before each frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "PrefixForm")]
#[schemars(with = "PrefixForm")]
pub(crate) struct Prefix {
    pub(crate) bytes: usize,
    pub(crate) order: Order,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum PrefixForm {
    /// How many bytes it has.
    Bytes(usize),
    Full(FullPrefix),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
struct FullPrefix {
    /// How many bytes it has: 1, 2, 4 or 8.
    bytes: usize,
    /// Whether its first byte counts most (`big`, the order of networks) or least (`little`).
    #[serde(default)]
    order: Order,
}

/// The order of a number's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Order {
    #[default]
    Big,
    Little,
}

impl TryFrom<PrefixForm> for Prefix {
    type Error = String;

    fn try_from(form: PrefixForm) -> Result<Prefix, String> {
        let (bytes, order) = match form {
            PrefixForm::Bytes(bytes) => (bytes, Order::Big),
            PrefixForm::Full(full) => (full.bytes, full.order),
        };
        match bytes {
            1 | 2 | 4 | 8 => Ok(Prefix { bytes, order }),
            _ => Err(format!("a length has 1, 2, 4 or 8 bytes, not {bytes}")),
        }
    }
}

impl Prefix {
    /// Reads the number; one that is larger than any memory is the largest that there is.
    pub(crate) fn read(self, bytes: &[u8]) -> usize {
        let mut number = [0; 8];
        match self.order {
            Order::Big => number[8 - bytes.len()..].copy_from_slice(bytes),
            Order::Little => number[..bytes.len()].copy_from_slice(bytes),
        }
        let number = match self.order {
            Order::Big => u64::from_be_bytes(number),
            Order::Little => u64::from_le_bytes(number),
        };
        usize::try_from(number).unwrap_or(usize::MAX)
    }

    fn write(self, length: usize, to: &mut Vec<u8>) -> Result {
        let most = u64::MAX >> (64 - 8 * self.bytes);
        if length as u64 > most {
            let message = format!(
                "a frame of {length} bytes is longer than a length of {} bytes can tell",
                self.bytes
            );
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        match self.order {
            Order::Big => to.extend_from_slice(&(length as u64).to_be_bytes()[8 - self.bytes..]),
            Order::Little => to.extend_from_slice(&(length as u64).to_le_bytes()[..self.bytes]),
        }
        Ok(())
    }
}

impl Framing {
    /// Returns the bytes of a frame as they stand on the connection.
    ///
    /// # Errors
    /// Unprocessable, if what is in it would end it before its end; too large, if its length cannot be told.
    pub(crate) fn wrap(&self, content: &[u8]) -> Result<Vec<u8>> {
        let mut frame = Vec::with_capacity(content.len() + 8);
        match self {
            Framing::None => frame.extend_from_slice(content),
            Framing::Lines => {
                // One that ends with its line break already is a line.
                let line = content.strip_suffix(b"\n").unwrap_or(content);
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if memchr::memchr2(b'\n', b'\r', line).is_some() {
                    return Err(Error::unprocessable(
                        "what has a line break in it cannot be sent as one line; choose another framing",
                    ));
                }
                frame.extend_from_slice(line);
                frame.push(b'\n');
            }
            Framing::Delimiter(Delimiter(delimiter)) => {
                frame.extend_from_slice(content);
                frame.extend_from_slice(delimiter);
                if memmem::find(&frame, delimiter) != Some(content.len()) {
                    return Err(Error::unprocessable(
                        "what has the delimiter in it cannot be sent as one frame; choose another framing",
                    ));
                }
            }
            // A frame of nothing has no length that begins as it must.
            Framing::OctetCounting if content.is_empty() => {
                let message = "what is empty cannot be sent with its octets counted";
                return Err(Error::unprocessable(message));
            }
            Framing::OctetCounting => {
                frame.extend_from_slice(format!("{} ", content.len()).as_bytes());
                frame.extend_from_slice(content);
            }
            Framing::Length(prefix) => {
                prefix.write(content.len(), &mut frame)?;
                frame.extend_from_slice(content);
            }
        }
        Ok(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn framing(value: Value) -> Framing {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_frame_ends_where_it_should() {
        for (form, content, frame) in [
            (json!("lines"), "ab", &b"ab\n"[..]),
            (json!("lines"), "ab\n", b"ab\n"),
            (json!("lines"), "ab\r\n", b"ab\n"),
            (json!("lines"), "", b"\n"),
            (json!("none"), "a\n", b"a\n"),
            (json!({ "delimiter": "\u{1c}\r" }), "a\r", b"a\r\x1c\r"),
            (json!({ "delimiter": [255, 0] }), "a", b"a\xff\0"),
            (json!({ "length": 2 }), "abc", b"\0\x03abc"),
            (json!("octet_counting"), "a\nb 1", b"5 a\nb 1"),
            (
                json!({ "length": { "bytes": 4, "order": "little" } }),
                "a",
                b"\x01\0\0\0a",
            ),
            (
                json!({ "length": { "bytes": 8 } }),
                "a",
                b"\0\0\0\0\0\0\0\x01a",
            ),
        ] {
            assert_eq!(
                framing(form.clone()).wrap(content.as_bytes()).unwrap(),
                frame,
                "{form}"
            );
        }
    }

    #[test]
    fn what_would_end_a_frame_too_early_is_refused() {
        for (form, content) in [
            (json!("lines"), "a\nb"),
            (json!("lines"), "a\rb"),
            (json!("lines"), "a\n\n"),
            (json!({ "delimiter": "||" }), "a||b"),
            // The first two of the three bars would be taken for the delimiter.
            (json!({ "delimiter": "||" }), "a|"),
            (json!({ "length": 1 }), &"x".repeat(256)),
        ] {
            assert!(
                framing(form.clone()).wrap(content.as_bytes()).is_err(),
                "{form}: {content}"
            );
        }
        assert!(framing(json!({ "length": 1 })).wrap(&[0; 255]).is_ok());
    }

    #[test]
    fn lengths_are_read_as_they_are_written() {
        for bytes in [1, 2, 4, 8] {
            for order in [Order::Big, Order::Little] {
                let prefix = Prefix { bytes, order };
                let mut written = Vec::new();
                prefix.write(0x7f, &mut written).unwrap();
                assert_eq!((written.len(), prefix.read(&written)), (bytes, 0x7f));
            }
        }
    }

    #[test]
    fn mistakes_are_told() {
        for (form, says) in [
            (json!({ "length": 3 }), "1, 2, 4 or 8 bytes, not 3"),
            (json!({ "delimiter": "" }), "at least one byte"),
            (json!("length"), "expected newtype variant"),
            (json!("words"), "unknown variant"),
        ] {
            let error = serde_json::from_value::<Framing>(form)
                .unwrap_err()
                .to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
