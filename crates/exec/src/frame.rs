//! How events and answers stand in a stream.

use std::io;

use compysition_core::{Error, Result};
use memchr::memchr;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Says how events and answers are told apart in a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// Each is a line.
    #[default]
    Line,
    /// Before each stand four bytes that say how long it is, the highest first.
    Length,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The stream has ended.
    Ended,
    /// The answer is larger than it may be.
    TooLarge,
    Io(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Broken {
        match error.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => Broken::Ended,
            _ => Broken::Io(error),
        }
    }
}

impl Frame {
    /// Says whether something can be sent.
    ///
    /// # Errors
    /// Unprocessable, if it does not fit into a frame.
    pub(crate) fn check(self, bytes: &[u8]) -> Result {
        match self {
            Frame::Line if memchr(b'\n', bytes).is_some() => Err(Error::unprocessable(
                "the payload has a line break in it, and each line is an event; set `frame: length` or `envelope: true`",
            )),
            Frame::Length if u32::try_from(bytes.len()).is_err() => Err(Error::unprocessable(
                "the payload is larger than a frame can say (4 GiB)",
            )),
            _ => Ok(()),
        }
    }

    pub(crate) async fn write(
        self,
        stream: &mut (impl AsyncWrite + Unpin),
        bytes: &[u8],
    ) -> Result<(), Broken> {
        match self {
            Frame::Line => {
                stream.write_all(bytes).await?;
                stream.write_all(b"\n").await?;
            }
            Frame::Length => {
                // `check` has seen that it fits.
                stream.write_u32(bytes.len() as u32).await?;
                stream.write_all(bytes).await?;
            }
        }
        Ok(stream.flush().await?)
    }

    /// Reads an answer of at most `most` bytes.
    pub(crate) async fn read(
        self,
        stream: &mut (impl AsyncBufRead + Unpin),
        most: usize,
    ) -> Result<Vec<u8>, Broken> {
        match self {
            Frame::Line => read_line(stream, most).await,
            Frame::Length => {
                let length = stream.read_u32().await? as usize;
                if length > most {
                    return Err(Broken::TooLarge);
                }
                // The room grows with what comes, and not with what is announced.
                let mut bytes = Vec::new();
                stream.take(length as u64).read_to_end(&mut bytes).await?;
                match bytes.len() == length {
                    true => Ok(bytes),
                    false => Err(Broken::Ended),
                }
            }
        }
    }
}

async fn read_line(
    stream: &mut (impl AsyncBufRead + Unpin),
    most: usize,
) -> Result<Vec<u8>, Broken> {
    let mut line = Vec::new();
    loop {
        let there = stream.fill_buf().await?;
        if there.is_empty() {
            return Err(Broken::Ended);
        }
        let end = memchr(b'\n', there);
        let part = &there[..end.unwrap_or(there.len())];
        if line.len() + part.len() > most {
            return Err(Broken::TooLarge);
        }
        line.extend_from_slice(part);
        let used = part.len() + usize::from(end.is_some());
        stream.consume(used);
        if end.is_some() {
            return Ok(line);
        }
    }
}
