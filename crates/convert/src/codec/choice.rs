//! The codecs by name.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::Charset;
use crate::codec::{Csv, Decoder, Encoder, JsonStyle, Text, XmlElements};

/// Tells how records stand in bytes; both transports, which do not know it, and actors are told one.
///
/// In settings it is a name, `csv`, or a name with settings of its own, `{ csv: { delimiter: ";" } }`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// All of it is one text.
    Text(Text),
    /// A text in each line.
    Lines(Text),
    /// A value of JSON, or several one after the other.
    Json(JsonStyle),
    /// A value of JSON in each line.
    JsonLines,
    /// A row in each line, with the names of its fields in the first one.
    Csv(Csv),
    /// All of it is one form, as browsers send them: `name=Ann&role=admin`.
    Form,
    /// A value of MessagePack, or several one after the other.
    MessagePack,
    /// The elements of a name in a document of XML.
    Xml(XmlElements),
}

/// The settings as the manual shows them.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[allow(
    dead_code,
    reason = "a name alone stands for its defaults, which the derived reader does not know"
)]
enum Settings {
    /// All of it is one text.
    Text(Text),
    /// A text in each line.
    Lines(Text),
    /// A value of JSON, or several one after the other.
    Json(JsonStyle),
    /// A value of JSON in each line.
    JsonLines,
    /// Rows of comma-separated values.
    Csv(Csv),
    /// All of it is one form, as browsers send them: `name=Ann&role=admin`.
    Form,
    /// A value of MessagePack, or several one after the other.
    MessagePack,
    /// The elements of a name in a document of XML.
    Xml(XmlElements),
}

const NAMES: &[&str] = &[
    "text",
    "lines",
    "json",
    "json_lines",
    "csv",
    "form",
    "message_pack",
    "xml",
];

impl Codec {
    /// Returns a decoder for one run of bytes, such as a file, a connection or a payload. A record may have at
    /// most `max_record` bytes.
    pub fn decoder(&self, max_record: usize) -> Decoder {
        Decoder::new(self, max_record)
    }

    /// Returns an encoder for one run of bytes.
    pub fn encoder(&self) -> Encoder {
        Encoder::new(self)
    }

    /// Returns whether bytes are commonly one record, and not a list of them.
    pub fn is_single(&self) -> bool {
        matches!(
            self,
            Codec::Text(_) | Codec::Json(_) | Codec::Form | Codec::MessagePack
        )
    }

    /// Returns the same codec for bytes that were text before, and are UTF-8.
    #[must_use]
    pub fn of_text(&self) -> Codec {
        let mut codec = self.clone();
        match &mut codec {
            Codec::Text(text) | Codec::Lines(text) => text.charset = Charset::UTF_8,
            Codec::Csv(csv) => csv.charset = Charset::UTF_8,
            _ => {}
        }
        codec
    }

    /// Returns the character set of what is encoded, if it is text.
    pub fn charset(&self) -> Option<Charset> {
        match self {
            Codec::Text(text) | Codec::Lines(text) => Some(text.charset),
            Codec::Csv(csv) => Some(csv.charset),
            Codec::Json(_) | Codec::JsonLines | Codec::Form | Codec::Xml(_) => Some(Charset::UTF_8),
            Codec::MessagePack => None,
        }
    }

    /// Returns the media type of what is encoded.
    pub fn media_type(&self) -> Cow<'static, str> {
        match self {
            Codec::Text(text) | Codec::Lines(text) => {
                format!("text/plain; charset={}", text.charset.name()).into()
            }
            Codec::Json(_) => "application/json".into(),
            Codec::JsonLines => "application/x-ndjson".into(),
            Codec::Csv(csv) => format!("text/csv; charset={}", csv.charset.name()).into(),
            Codec::Form => "application/x-www-form-urlencoded".into(),
            Codec::MessagePack => "application/msgpack".into(),
            Codec::Xml(_) => "application/xml".into(),
        }
    }
}

impl<'de> Deserialize<'de> for Codec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Codec, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Codec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a codec, one of {}", NAMES.join(", "))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Codec, E> {
                Ok(match name {
                    "text" | "plain" => Codec::Text(Text::default()),
                    "lines" => Codec::Lines(Text::default()),
                    "json" => Codec::Json(JsonStyle::default()),
                    "json_lines" | "jsonl" | "ndjson" => Codec::JsonLines,
                    "csv" => Codec::Csv(Csv::default()),
                    "form" => Codec::Form,
                    "message_pack" | "msgpack" => Codec::MessagePack,
                    "xml" => {
                        return Err(E::custom(
                            "the codec `xml` must be told the name of its elements: { xml: { element: NAME } }",
                        ));
                    }
                    name => return Err(E::unknown_variant(name, NAMES)),
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Codec, A::Error> {
                let Some(name) = map.next_key::<String>()? else {
                    return Err(A::Error::invalid_length(0, &self));
                };
                let codec = match &*name {
                    "text" | "plain" => Codec::Text(map.next_value()?),
                    "lines" => Codec::Lines(
                        map.next_value::<Text>()?
                            .with_lines()
                            .map_err(A::Error::custom)?,
                    ),
                    "json" => Codec::Json(map.next_value()?),
                    "csv" => {
                        let csv: Csv = map.next_value()?;
                        csv.charset.ending_lines().map_err(A::Error::custom)?;
                        Codec::Csv(csv)
                    }
                    "xml" => Codec::Xml(map.next_value()?),
                    name => {
                        map.next_value::<IgnoredAny>()?;
                        self.visit_str(name)?
                    }
                };
                match map.next_key::<String>()? {
                    Some(second) => Err(A::Error::custom(format!(
                        "a codec is one of {}, not both `{name}` and `{second}`",
                        NAMES.join(", ")
                    ))),
                    None => Ok(codec),
                }
            }
        }

        deserializer.deserialize_any(Read)
    }
}

impl JsonSchema for Codec {
    fn schema_name() -> Cow<'static, str> {
        "Codec".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Settings::json_schema(generator)
    }
}
