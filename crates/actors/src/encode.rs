//! Values become bytes.

use compysition_convert::{Charset, Codec};
use compysition_core::{Actor, Context, Event, Json, Payload, Result, Xml};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::codec_setting::{self, CodecSetting};
use crate::large::work_on;

/// The attribute that tells the HTTP door what the payload is.
const CONTENT_TYPE: &str = "content_type";

/// Writes the payload as text, lines, JSON, CSV, a form, MessagePack or elements of XML.
///
/// `lines`, `json_lines`, `csv` and `xml` write a record for each item of a list, and one for any other value. The
/// columns of `csv` are the fields of the first object, or the names in `header`; what is neither text nor number is
/// written as JSON in its field, as in a `form`, which has a list as one name several times. The payload becomes text, JSON or XML, or bytes if it is MessagePack or in another
/// character set than UTF-8; the attribute `content_type` says what was made.
///
/// What cannot be written so is `unprocessable`, such as a character that the character set lacks.
///
/// Example: `encode: { codec: { xml: { element: order, root: orders } } }`
///
/// Purpose: shape. Patterns: message translator.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(with = "CodecSetting")]
pub struct Encode {
    codec: Codec,
}

impl Encode {
    /// Makes the actor for a codec.
    pub fn new(codec: Codec) -> Encode {
        Encode { codec }
    }

    fn encode(&self, payload: &Payload) -> Result<Payload> {
        let mut encoder = self.codec.encoder();
        let mut bytes = encoder.begin();
        let items = match payload {
            Payload::Json(json) if !self.codec.is_single() => json.value()?.as_array(),
            _ => None,
        };
        match items {
            None => bytes.extend(encoder.encode(payload)?),
            Some(items) => {
                for item in items {
                    bytes.extend(encoder.encode(&record(item))?);
                }
            }
        }
        bytes.extend(encoder.end());
        if self.codec.charset() != Some(Charset::UTF_8) {
            return Ok(bytes.into());
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            // Bytes that are no text went through as they are.
            Err(error) => return Ok(error.into_bytes().into()),
        };
        Ok(match &self.codec {
            Codec::Json(_) => Json::from_text(text).into(),
            Codec::Xml(_) => Xml::from_text(text).into(),
            _ => text.into(),
        })
    }
}

fn record(item: &Value) -> Payload {
    Json::from_value(item.clone()).into()
}

impl Actor for Encode {
    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let payload = work_on(event.payload(), ctx, self, Encode::encode).await?;
        match payload {
            Payload::Json(_) | Payload::Xml(_) if event.attribute(CONTENT_TYPE).is_some() => {
                event.remove_attribute(CONTENT_TYPE);
            }
            Payload::Json(_) | Payload::Xml(_) => {}
            _ => event.set_attribute(CONTENT_TYPE, &*self.codec.media_type()),
        }
        ctx.send(event.with(payload))
    }
}

impl<'de> Deserialize<'de> for Encode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Encode, D::Error> {
        codec_setting::read(deserializer).map(Encode::new)
    }
}
