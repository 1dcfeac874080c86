//! Numbers of bytes as people write them: `512`, `64KiB`, `1.5MB`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A number of bytes in settings, written as a number with or without a unit. The units are `B`, `kB` or
/// `KB`, `MB`, `GB` (thousands), `KiB`, `MiB` and `GiB` (1,024s).
///
/// ```
/// use compysition_core::ByteSize;
///
/// assert_eq!("64KiB".parse(), Ok(ByteSize(65_536)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub usize);

/// Tells that a text is no number of bytes, and how to write one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseByteSizeError(String);

impl fmt::Display for ParseByteSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.0;
        write!(f, "`{text}` is no size; write it like 512, 64KiB or 1MiB")
    }
}

impl std::error::Error for ParseByteSizeError {}

impl FromStr for ByteSize {
    type Err = ParseByteSizeError;

    fn from_str(text: &str) -> Result<ByteSize, ParseByteSizeError> {
        bytes(text.trim()).ok_or_else(|| ParseByteSizeError(text.to_owned()))
    }
}

fn bytes(text: &str) -> Option<ByteSize> {
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let factor = match unit.trim() {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    let number: usize = number.parse().ok()?;
    number.checked_mul(factor).map(ByteSize)
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes >= 1 << 20 && bytes % (1 << 20) == 0 => write!(f, "{} MiB", bytes >> 20),
            bytes if bytes >= 1 << 10 && bytes % (1 << 10) == 0 => write!(f, "{} KiB", bytes >> 10),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ByteSize, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Reads a number or a text, which are the same to people.
struct Written;

impl de::Visitor<'_> for Written {
    type Value = ByteSize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of bytes, such as 512, 64KiB or 1MiB")
    }

    fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<ByteSize, E> {
        usize::try_from(bytes).map(ByteSize).map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<ByteSize, E> {
        bytes.to_string().parse().map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<ByteSize, E> {
        text.parse().map_err(E::custom)
    }
}

/// Writes it the way that people do, so that a manual shows defaults.
impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for ByteSize {
    fn schema_name() -> Cow<'static, str> {
        "ByteSize".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "format": "byte size",
            "minimum": 0,
            "pattern": r"^\d+\s*(B|kB|KB|MB|GB|KiB|MiB|GiB)?$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        assert_eq!("1MiB".parse(), Ok(ByteSize(1 << 20)));
        assert_eq!("2 kB".parse(), Ok(ByteSize(2_000)));
        assert_eq!(
            serde_json::from_str::<ByteSize>("77").unwrap(),
            ByteSize(77)
        );
        assert_eq!(ByteSize(1 << 20).to_string(), "1 MiB");
        for text in ["", "-1", "many", "1 furlong", "99999999999999GiB"] {
            let says = text.parse::<ByteSize>().unwrap_err().to_string();
            assert!(says.contains("write it like 512"), "{text}");
        }
        let says = serde_json::from_str::<ByteSize>("-1").unwrap_err();
        assert!(
            says.to_string()
                .contains("`-1` is no size; write it like 512"),
            "{says}"
        );
    }
}
