//! What an event carries.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

pub use crate::json::Json;
pub use crate::xml::{Xml, XmlTree};
use crate::{Error, Result};

/// What an event carries. Nothing is parsed or written out before an actor asks for it, and a copy
/// shares the content.
#[derive(Clone, Debug, Default)]
pub enum Payload {
    /// Nothing.
    #[default]
    Empty,
    /// Text.
    Text(Arc<str>),
    /// Bytes of any kind.
    Bytes(Arc<[u8]>),
    /// JSON, as text, as a tree, or both.
    Json(Json),
    /// XML, as text, as a tree, or both.
    Xml(Xml),
}

impl Payload {
    /// Returns the name of the kind: `empty`, `text`, `bytes`, `json` or `xml`.
    pub fn kind(&self) -> &'static str {
        match self {
            Payload::Empty => "empty",
            Payload::Text(_) => "text",
            Payload::Bytes(_) => "bytes",
            Payload::Json(_) => "json",
            Payload::Xml(_) => "xml",
        }
    }

    /// Returns the payload as text; an empty payload is the empty text.
    ///
    /// # Errors
    /// Malformed, if it is bytes that are not UTF-8.
    pub fn text(&self) -> Result<&str> {
        match self {
            Payload::Empty => Ok(""),
            Payload::Text(text) => Ok(text),
            Payload::Bytes(bytes) => std::str::from_utf8(bytes).map_err(|error| {
                Error::malformed(format!("the payload is not UTF-8 text: {error}"))
            }),
            Payload::Json(json) => json.text(),
            Payload::Xml(xml) => xml.text(),
        }
    }

    /// Returns the payload as bytes.
    ///
    /// # Errors
    /// Malformed, if a tree cannot be written out as text.
    pub fn bytes(&self) -> Result<&[u8]> {
        match self {
            Payload::Bytes(bytes) => Ok(bytes),
            other => other.text().map(str::as_bytes),
        }
    }

    /// Returns the payload as JSON; an empty payload is `null`. A [`Payload::Json`] keeps the tree for
    /// the next actor, other kinds are parsed at each call.
    ///
    /// # Errors
    /// Malformed, with the parser's message, line and column.
    pub fn json(&self) -> Result<Cow<'_, Value>> {
        match self {
            Payload::Empty => Ok(Cow::Owned(Value::Null)),
            Payload::Json(json) => json.value().map(Cow::Borrowed),
            other => crate::json::parse(other.text()?).map(Cow::Owned),
        }
    }

    /// Returns the payload as a JSON value for templates: JSON as it is, all else as text.
    pub fn to_value(&self) -> Value {
        match self {
            Payload::Empty => Value::Null,
            Payload::Json(json) => match json.value() {
                Ok(value) => value.clone(),
                Err(_) => json.text().unwrap_or_default().into(),
            },
            Payload::Bytes(bytes) => String::from_utf8_lossy(bytes).into(),
            other => other.text().unwrap_or_default().into(),
        }
    }

    /// Returns the bytes of memory that the payload is charged with: the length of its text, and six
    /// times that for a tree without text.
    pub fn size(&self) -> usize {
        match self {
            Payload::Empty => 0,
            Payload::Text(text) => text.len(),
            Payload::Bytes(bytes) => bytes.len(),
            Payload::Json(json) => json.size(),
            Payload::Xml(xml) => xml.size(),
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident($convert:expr))*) => {$(
        impl From<$type> for Payload {
            fn from(value: $type) -> Payload {
                let convert = $convert;
                Payload::$variant(convert(value))
            }
        }
    )*};
}

from! {
    &str => Text(Arc::from)
    String => Text(Arc::from)
    Arc<str> => Text(|text| text)
    Cow<'_, str> => Text(Arc::from)
    &[u8] => Bytes(Arc::from)
    Vec<u8> => Bytes(Arc::from)
    Arc<[u8]> => Bytes(|bytes| bytes)
    Value => Json(Json::from_value)
    Json => Json(|json| json)
    Xml => Xml(|xml| xml)
}

impl From<()> for Payload {
    fn from((): ()) -> Payload {
        Payload::Empty
    }
}
