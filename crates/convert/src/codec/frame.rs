//! Bytes that are a whole: a frame, a datagram, a message.

use compysition_core::{Error, Payload, Result};
use serde_json::Value;

use super::Codec;

impl Codec {
    /// Reads a frame as `decode` reads a payload: one value, or the list of all for a codec of records.
    ///
    /// # Errors
    /// Malformed, if it is not written so.
    pub fn read_frame(&self, frame: &[u8]) -> Result<Payload> {
        if let Codec::Text(text) = self {
            // An empty frame is a text as well.
            return Ok(text.charset.decode(frame)?.into());
        }
        let mut decoder = self.decoder(usize::MAX);
        decoder.feed(frame);
        decoder.end();
        if !self.is_single() {
            let values = decoder.map(|record| Ok(record?.to_value()));
            return Ok(values.collect::<Result<Value>>()?.into());
        }
        let value = decoder.next().unwrap_or(Ok(Payload::Empty))?;
        match decoder.next() {
            None => Ok(value),
            Some(_) => Err(Error::malformed("there is more than one value in a frame")),
        }
    }

    /// Writes a frame: a list as the records that are in it, if it is a codec of records.
    ///
    /// # Errors
    /// Unprocessable, if it cannot be written so.
    pub fn write_frame(&self, payload: &Payload) -> Result<Vec<u8>> {
        let mut encoder = self.encoder();
        if self.is_single() {
            return encoder.encode(payload);
        }
        let mut bytes = encoder.begin();
        match payload {
            Payload::Json(json) if json.value()?.is_array() => {
                for item in json.value()?.as_array().into_iter().flatten() {
                    bytes.extend(encoder.encode(&item.clone().into())?);
                }
            }
            other => bytes.extend(encoder.encode(other)?),
        }
        bytes.extend(encoder.end());
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codec(name: serde_json::Value) -> Codec {
        serde_json::from_value(name).unwrap()
    }

    #[test]
    fn a_frame_is_read_and_written_alike() {
        for (name, payload, bytes) in [
            (json!("text"), Payload::from("ä"), &b"\xc3\xa4"[..]),
            (
                json!({ "text": { "charset": "iso-8859-1" } }),
                "ä".into(),
                b"\xe4",
            ),
            (json!("text"), "".into(), b""),
            (json!("json"), json!({ "a": [1] }).into(), b"{\"a\":[1]}"),
            (
                json!("message_pack"),
                json!({ "a": 1 }).into(),
                b"\x81\xa1a\x01",
            ),
            (json!("form"), json!({ "a": "ä b" }).into(), b"a=%C3%A4+b"),
            (json!("json_lines"), json!([1, [2]]).into(), b"1\n[2]\n"),
            (
                json!("csv"),
                json!([{ "a": "1" }, { "a": "2" }]).into(),
                b"a\r\n1\r\n2\r\n",
            ),
        ] {
            let codec = codec(name);
            assert_eq!(
                codec
                    .write_frame(&payload)
                    .unwrap()
                    .escape_ascii()
                    .to_string(),
                bytes.escape_ascii().to_string()
            );
            let read = codec.read_frame(bytes).unwrap();
            assert_eq!(read.to_value(), payload.to_value());
        }
    }

    #[test]
    fn a_frame_is_one_value() {
        for (name, bytes) in [("json", "1 2"), ("json", "{"), ("text", "\u{0}")] {
            let read = codec(json!(name)).read_frame(bytes.as_bytes());
            assert_eq!(read.is_ok(), name == "text", "{bytes}");
        }
        assert!(codec(json!("text")).read_frame(b"\xff").is_err());
        assert_eq!(
            codec(json!("json")).read_frame(b"").unwrap().kind(),
            "empty"
        );
    }
}
