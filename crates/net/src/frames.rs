//! What comes over a connection: frames, and what is in them.

use std::io;

use compysition_convert::{Codec, Decoder, Text};
use compysition_core::{Context, Error, ErrorKind, Payload};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::content::Content;
use crate::cutter::{Cutter, Uncut};
use crate::framing::Framing;

/// How much is read at once where the codec finds the records.
const CHUNK: usize = 16 << 10;

/// How frames and what is in them are read.
#[derive(Clone, Debug)]
pub(crate) struct Format {
    framing: Framing,
    content: Content,
    max_frame: usize,
}

impl Format {
    /// Makes the format of a connection; without a codec lines and counted octets are text, and other frames bytes as they are.
    ///
    /// # Errors
    /// What does not go together.
    pub(crate) fn new(
        framing: Framing,
        codec: Option<Codec>,
        max_frame: usize,
    ) -> Result<Format, String> {
        if max_frame == 0 {
            return Err("`max_frame: 0` takes nothing; it is at least 1".into());
        }
        if framing == Framing::None && codec.is_none() {
            return Err("`framing: none` needs a `codec`, which tells where a record ends".into());
        }
        let codec = match framing {
            Framing::Lines | Framing::OctetCounting => codec.or(Some(Codec::Text(Text::default()))),
            _ => codec,
        };
        Ok(Format {
            framing,
            content: Content(codec),
            max_frame,
        })
    }

    pub(crate) fn framing(&self) -> &Framing {
        &self.framing
    }

    pub(crate) fn codec(&self) -> Option<&Codec> {
        self.content.0.as_ref()
    }

    /// Begins to read a connection.
    pub(crate) fn frames(&self) -> Frames {
        let form = match (&self.framing, &self.content.0) {
            (Framing::None, Some(codec)) => {
                Form::Records(codec.decoder(self.max_frame), Vec::new())
            }
            _ => Form::Frames(Cutter::new(&self.framing, self.max_frame)),
        };
        Frames {
            form,
            content: self.content.clone(),
            max_frame: self.max_frame,
        }
    }
}

/// What comes over one connection.
pub(crate) struct Frames {
    form: Form,
    content: Content,
    max_frame: usize,
}

enum Form {
    Frames(Cutter),
    Records(Decoder, Vec<u8>),
}

/// What was found.
#[derive(Debug)]
pub(crate) enum Found {
    Payload(Payload),
    /// A frame that cannot be read, and its bytes if they are known; the next one may be.
    Bad(Error, Payload),
    /// What nothing can follow.
    Broken(Error, Payload),
}

impl Frames {
    /// Reads what has come. Returns whether there was something; else nothing comes any more. Cancel safe.
    ///
    /// # Errors
    /// Why nothing can be read.
    pub(crate) async fn fill(&mut self, from: &mut (impl AsyncRead + Unpin)) -> io::Result<bool> {
        let read = match &mut self.form {
            Form::Frames(cutter) => from.read_buf(cutter.room()).await?,
            Form::Records(decoder, chunk) => {
                chunk.clear();
                chunk.reserve(CHUNK);
                let read = from.read_buf(chunk).await?;
                decoder.feed(chunk);
                read
            }
        };
        Ok(read > 0)
    }

    /// Returns what is there next, if it is all there.
    pub(crate) async fn next(&mut self, ctx: &Context) -> Option<Found> {
        match &mut self.form {
            Form::Frames(cutter) => {
                let error = match cutter.next() {
                    Ok(None) => return None,
                    Ok(Some(frame)) => {
                        let read = self.content.read(frame, ctx).await;
                        return Some(match read {
                            Ok(payload) => Found::Payload(payload),
                            Err(error) => Found::Bad(error, frame.into()),
                        });
                    }
                    Err(Uncut::TooLarge) => {
                        let message = format!("a frame is larger than {} bytes", self.max_frame);
                        Error::new(ErrorKind::TooLarge, message)
                    }
                    Err(Uncut::NoNumber) => {
                        Error::malformed("a frame does not begin with its length and a space")
                    }
                };
                let begin = cutter.rest();
                let begin = &begin[..begin.len().min(self.max_frame)];
                Some(Found::Broken(error, begin.into()))
            }
            Form::Records(decoder, _) => Some(match decoder.next()? {
                Ok(payload) => Found::Payload(payload),
                Err(error) if decoder.has_failed() => Found::Broken(error, Payload::Empty),
                Err(error) => Found::Bad(error, Payload::Empty),
            }),
        }
    }

    /// Takes note that nothing comes any more. Returns the half frame that is left, if one is.
    pub(crate) fn end(&mut self) -> Option<Found> {
        match &mut self.form {
            // It tells what is left of a record as the next one.
            Form::Records(decoder, _) => decoder.end(),
            Form::Frames(cutter) => {
                let rest = cutter.rest();
                if !rest.is_empty() {
                    let length = rest.len();
                    let message = format!(
                        "the connection ended within a frame, {length} bytes of which had come"
                    );
                    return Some(Found::Broken(Error::malformed(message), rest.into()));
                }
            }
        }
        None
    }

    /// Returns whether more has come than a frame may have: some of it can be taken off, or nothing will be.
    pub(crate) fn is_full(&self) -> bool {
        self.pending() > self.max_frame
    }

    /// Returns how many bytes have come that belong to nothing returned yet.
    pub(crate) fn pending(&self) -> usize {
        match &self.form {
            Form::Frames(cutter) => cutter.rest().len(),
            Form::Records(decoder, _) => decoder.pending(),
        }
    }
}
