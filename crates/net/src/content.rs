//! What is in a frame, or a datagram.

use compysition_convert::Codec;
use compysition_core::{Context, Error, Payload, Result};

/// Larger frames are read where work may block.
const LARGE: usize = 64 << 10;

/// How payloads are read from frames.
#[derive(Clone, Debug)]
pub(crate) struct Content(pub(crate) Option<Codec>);

impl Content {
    /// Reads the payload of a frame.
    ///
    /// # Errors
    /// Malformed, if it is not written so.
    pub(crate) async fn read(&self, frame: &[u8], ctx: &Context) -> Result<Payload> {
        match &self.0 {
            Some(codec) if frame.len() > LARGE => {
                let (codec, frame) = (codec.clone(), frame.to_vec());
                ctx.blocking(move || decode(&codec, &frame)).await?
            }
            Some(codec) => decode(codec, frame),
            None => Ok(frame.into()),
        }
    }
}

/// Reads a frame as `decode` reads a payload: one value, or the list of all for a codec of records.
fn decode(codec: &Codec, frame: &[u8]) -> Result<Payload> {
    if let Codec::Text(text) = codec {
        // An empty frame is a text as well.
        return Ok(text.charset.decode(frame)?.into());
    }
    let mut decoder = codec.decoder(usize::MAX);
    decoder.feed(frame);
    decoder.end();
    if !codec.is_single() {
        let values = decoder.map(|record| Ok(record?.to_value()));
        return Ok(values.collect::<Result<serde_json::Value>>()?.into());
    }
    let value = decoder.next().unwrap_or(Ok(Payload::Empty))?;
    match decoder.next() {
        None => Ok(value),
        Some(_) => Err(Error::malformed("there is more than one value in a frame")),
    }
}

/// Writes a payload; without a codec as it is.
pub(crate) fn encode(codec: Option<&Codec>, payload: &Payload) -> Result<Vec<u8>> {
    let Some(codec) = codec else {
        return Ok(payload.bytes()?.to_vec());
    };
    let mut encoder = codec.encoder();
    if codec.is_single() {
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
            (json!("json_lines"), json!([1, [2]]).into(), b"1\n[2]\n"),
            (
                json!("csv"),
                json!([{ "a": "1" }, { "a": "2" }]).into(),
                b"a\r\n1\r\n2\r\n",
            ),
        ] {
            let codec = codec(name);
            assert_eq!(
                encode(Some(&codec), &payload)
                    .unwrap()
                    .escape_ascii()
                    .to_string(),
                bytes.escape_ascii().to_string()
            );
            let read = decode(&codec, bytes).unwrap();
            assert_eq!(read.to_value(), payload.to_value());
        }
        assert_eq!(encode(None, &vec![255_u8].into()).unwrap(), [255]);
    }

    #[test]
    fn a_frame_is_one_value() {
        for (name, bytes) in [("json", "1 2"), ("json", "{"), ("text", "\u{0}")] {
            let read = decode(&codec(json!(name)), bytes.as_bytes());
            assert_eq!(read.is_ok(), name == "text", "{bytes}");
        }
        assert!(decode(&codec(json!("text")), b"\xff").is_err());
        assert_eq!(decode(&codec(json!("json")), b"").unwrap().kind(), "empty");
    }
}
