//! Bytes become values.

use compysition_convert::Codec;
use compysition_core::{Actor, Context, Error, Event, Payload, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::codec_setting::{self, CodecSetting};
use crate::large::work_on;

/// Reads what the payload's bytes mean: text, lines, JSON, CSV, forms, MessagePack, elements of XML.
///
/// `text` gives text, `json` and `message_pack` give the one value that there is, `form` an object of texts, in which a name that
/// occurs more than once has a list. The others give a list:
/// `lines` of texts, `json_lines` of values, `csv` of objects (of lists of texts with `header: false`), `xml` of the
/// texts of its elements; `split` makes an event of each. A `charset` is that of bytes, and is not looked at
/// where the payload is text already.
///
/// What is not written so is `malformed`, with the number of the record.
///
/// Example: `decode: { codec: { csv: { delimiter: ";", charset: windows-1252 } } }`
///
/// Purpose: shape. Patterns: message translator.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(with = "CodecSetting")]
pub struct Decode {
    codec: Codec,
}

impl Decode {
    /// Makes the actor for a codec.
    pub fn new(codec: Codec) -> Decode {
        Decode { codec }
    }

    fn decode(&self, payload: &Payload) -> Result<Payload> {
        // It may have been parsed already.
        if let (Codec::Json(_), Payload::Json(json)) = (&self.codec, payload) {
            json.value()?;
            return Ok(payload.clone());
        }
        let mut decoder = match payload {
            Payload::Bytes(_) => self.codec.decoder(usize::MAX),
            _ => self.codec.of_text().decoder(usize::MAX),
        };
        decoder.feed(payload.bytes()?);
        decoder.end();
        if !self.codec.is_single() {
            let values = decoder.map(|record| Ok(record?.to_value()));
            return Ok(values.collect::<Result<Value>>()?.into());
        }
        let value = decoder.next().unwrap_or(Ok(Payload::Empty))?;
        match decoder.next() {
            None => Ok(value),
            Some(_) => Err(Error::malformed(
                "there is more than one value in the payload, where one is expected",
            )),
        }
    }
}

impl Actor for Decode {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let payload = work_on(event.payload(), ctx, self, Decode::decode).await?;
        ctx.send(event.with(payload))
    }
}

impl<'de> Deserialize<'de> for Decode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Decode, D::Error> {
        codec_setting::read(deserializer).map(Decode::new)
    }
}
