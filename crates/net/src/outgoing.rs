//! What goes over a connection.

use compysition_convert::{Codec, Encoder};
use compysition_core::{Error, ErrorKind, Failure, Payload, Result};
use serde_json::json;

use crate::content::encode;
use crate::frames::Format;
use crate::framing::Framing;

/// Writes frames of one connection.
pub(crate) struct Outgoing {
    framing: Framing,
    codec: Option<Codec>,
    /// Where the records of the codec are the frames, they belong together.
    records: Option<Encoder>,
    has_begun: bool,
}

impl Outgoing {
    pub(crate) fn new(format: &Format) -> Outgoing {
        let codec = format.codec().cloned();
        let records = match format.framing() {
            Framing::None => codec.as_ref().map(Codec::encoder),
            _ => None,
        };
        Outgoing {
            framing: format.framing().clone(),
            codec,
            records,
            has_begun: false,
        }
    }

    /// Returns the bytes of a payload on the connection.
    ///
    /// # Errors
    /// If it cannot be written so.
    pub(crate) fn payload(&mut self, payload: &Payload) -> Result<Vec<u8>> {
        let Some(encoder) = &mut self.records else {
            return self.framing.wrap(&encode(self.codec.as_ref(), payload)?);
        };
        let mut bytes = match self.has_begun {
            true => Vec::new(),
            false => encoder.begin(),
        };
        bytes.extend(encoder.encode(payload)?);
        self.has_begun = true;
        Ok(bytes)
    }

    /// Returns the bytes on the connection of a frame that is written already.
    ///
    /// # Errors
    /// If it does not fit into the framing.
    pub(crate) fn raw(&self, content: &[u8]) -> Result<Vec<u8>> {
        self.framing.wrap(content)
    }

    /// Returns what tells a client that its request failed, and at which actor: where the codec can write it an object with `errors`, else a
    /// line of text.
    ///
    /// # Errors
    /// If it cannot be written; then there is no telling.
    pub(crate) fn failure(&mut self, error: &Error, actor: Option<&str>) -> Result<Vec<u8>> {
        // An inner error's message may tell secrets.
        let message = match error.kind() {
            ErrorKind::Internal | ErrorKind::Panicked => "internal error",
            _ => error.message(),
        };
        let kind = error.kind().as_str();
        match &self.codec {
            Some(Codec::Json(_) | Codec::JsonLines | Codec::MessagePack) => {
                let error = json!({ "message": message, "code": kind, "actor": actor });
                self.payload(&json!({ "errors": [error] }).into())
            }
            _ => {
                let message = message.replace(|c: char| c.is_control(), " ");
                self.raw(format!("error {kind}: {message}").as_bytes())
            }
        }
    }

    /// As [`failure`](Outgoing::failure), of an event that failed.
    pub(crate) fn failed(&mut self, failure: &Failure) -> Result<Vec<u8>> {
        self.failure(&failure.error, Some(&failure.actor))
    }
}
