//! What is in a frame, or a datagram.

use compysition_convert::Codec;
use compysition_core::{Context, Payload, Result};

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
                ctx.blocking(move || codec.read_frame(&frame)).await?
            }
            Some(codec) => codec.read_frame(frame),
            None => Ok(frame.into()),
        }
    }
}

/// Writes a payload; without a codec as it is.
pub(crate) fn encode(codec: Option<&Codec>, payload: &Payload) -> Result<Vec<u8>> {
    match codec {
        Some(codec) => codec.write_frame(payload),
        None => Ok(payload.bytes()?.to_vec()),
    }
}
