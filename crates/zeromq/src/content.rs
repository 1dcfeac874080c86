//! What is in the frames of a message.

use bytes::Bytes;
use compysition_convert::Codec;
use compysition_core::{Context, Error, Payload, Result};
use serde_json::Value;

use crate::socket::Frames;

/// Larger messages are read where work may block.
const LARGE: usize = 64 << 10;

/// How payloads stand in frames.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// How a payload stands in a frame; without one as it is.
    pub(crate) codec: Option<Codec>,
    /// Whether the payload is the list of all frames; otherwise a message has one.
    pub(crate) multipart: bool,
}

impl Content {
    /// Reads the payload of a message.
    ///
    /// # Errors
    /// Malformed, if it is not written so.
    pub(crate) async fn read(&self, frames: &[Bytes], ctx: &Context) -> Result<Payload> {
        let size: usize = frames.iter().map(Bytes::len).sum();
        if size <= LARGE || self.codec.is_none() {
            return self.parse(frames);
        }
        let (content, frames) = (self.clone(), frames.to_vec());
        ctx.blocking(move || content.parse(&frames)).await?
    }

    fn parse(&self, frames: &[Bytes]) -> Result<Payload> {
        if self.multipart {
            let values: Result<Value> = frames.iter().map(|frame| self.value(frame)).collect();
            return Ok(values?.into());
        }
        match frames {
            [] => self.payload(&[]),
            [frame] => self.payload(frame),
            _ => Err(Error::malformed(format!(
                "the message has {} frames, but one is expected; `multipart: true` makes a list of them",
                frames.len()
            ))),
        }
    }

    fn payload(&self, frame: &[u8]) -> Result<Payload> {
        match &self.codec {
            Some(codec) => codec.read_frame(frame),
            None => Ok(frame.into()),
        }
    }

    fn value(&self, frame: &[u8]) -> Result<Value> {
        match &self.codec {
            Some(codec) => Ok(codec.read_frame(frame)?.to_value()),
            None => Ok(std::str::from_utf8(frame)
                .map_err(|error| Error::malformed(format!("a frame is no text: {error}")))?
                .into()),
        }
    }

    /// Writes the frames of a payload.
    ///
    /// # Errors
    /// Unprocessable, if it cannot be written so.
    pub(crate) fn write(&self, payload: &Payload) -> Result<Frames> {
        if !self.multipart {
            return Ok(vec![self.frame(payload)?.into()]);
        }
        let value = payload.json()?;
        let Value::Array(items) = &*value else {
            return Err(Error::unprocessable(
                "with `multipart: true` the payload is a list, of which each item is a frame",
            ));
        };
        if items.is_empty() {
            return Err(Error::unprocessable(
                "the payload is an empty list, but a message has at least one frame",
            ));
        }
        let frames = items.iter().map(|item| {
            let payload = match item {
                Value::String(text) => Payload::from(text.as_str()),
                other => Payload::from(other.clone()),
            };
            self.frame(&payload).map(Bytes::from)
        });
        frames.collect()
    }

    fn frame(&self, payload: &Payload) -> Result<Vec<u8>> {
        match &self.codec {
            Some(codec) => codec.write_frame(payload),
            None => Ok(payload.bytes()?.to_vec()),
        }
    }
}

/// Returns the frames as one payload, for an event of what cannot be read.
pub(crate) fn raw(frames: &[Bytes]) -> Payload {
    match frames {
        [frame] => (&frame[..]).into(),
        _ => frames.concat().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn content(codec: Value, multipart: bool) -> Content {
        Content {
            codec: serde_json::from_value(codec).unwrap(),
            multipart,
        }
    }

    #[test]
    fn frames_are_read_and_written_alike() {
        for (codec, multipart, payload, frames) in [
            (json!(null), false, Payload::from("ä"), vec!["ä"]),
            (
                json!("json"),
                false,
                json!({"a": 1}).into(),
                vec![r#"{"a":1}"#],
            ),
            (
                json!("json_lines"),
                false,
                json!([1, 2]).into(),
                vec!["1\n2\n"],
            ),
            (
                json!(null),
                true,
                json!(["a", "", "b"]).into(),
                vec!["a", "", "b"],
            ),
            (
                json!("json"),
                true,
                json!([{"a": 1}, 2]).into(),
                vec![r#"{"a":1}"#, "2"],
            ),
        ] {
            let content = content(codec, multipart);
            let written = content.write(&payload).unwrap();
            assert_eq!(written, frames);
            let read = content.parse(&written).unwrap();
            assert_eq!(read.to_value(), payload.to_value());
        }
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let one = content(json!(null), false);
        let two = [Bytes::from("a"), Bytes::from("b")];
        let says = one.parse(&two).unwrap_err();
        assert!(says.message().contains("`multipart: true`"), "{says}");
        assert_eq!(raw(&two).bytes().unwrap(), b"ab");
        let list = content(json!(null), true);
        assert!(list.parse(&[Bytes::from(&b"\xff"[..])]).is_err());
        for payload in [json!([]), json!({})] {
            assert!(list.write(&payload.into()).is_err());
        }
    }
}
