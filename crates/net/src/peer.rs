//! A peer that frames are sent to.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use compysition_core::{Context, Error, Payload, Result};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, split};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::address::Address;
use crate::farewell::farewell;
use crate::frames::{Format, Found, Frames};
use crate::tls::Encryption;

/// How much is passed over at once.
const CHUNK: usize = 4096;

/// A peer, and how to talk to it.
pub(crate) struct Peer {
    pub(crate) address: Address,
    pub(crate) format: Format,
    pub(crate) encryption: Option<Encryption>,
    /// Whether it says something to each frame that is waited for.
    pub(crate) replies: bool,
    pub(crate) connect_timeout: Duration,
    pub(crate) timeout: Duration,
}

/// A connection to the peer.
pub(crate) struct Connection {
    stream: Box<dyn Stream>,
    frames: Frames,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Peer {
    /// Connects.
    ///
    /// # Errors
    /// Unavailable or timeout, if the peer cannot be reached; bad gateway, if it is not who it should be.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let connecting = timeout(self.connect_timeout, self.stream());
        let stream = connecting.await.unwrap_or_else(|_| {
            let message = format!("no connection to {} in time", self.address);
            Err(Error::timeout(message))
        })?;
        Ok(Connection {
            stream,
            frames: self.format.frames(),
        })
    }

    async fn stream(&self) -> Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(self.address.as_str()).await;
        let stream = stream.map_err(|error| {
            let message = format!("no connection to {}: {error}", self.address);
            Error::unavailable(message).with_source(error)
        })?;
        // Without it small frames wait; that it cannot be set is no harm.
        let _ = stream.set_nodelay(true);
        let Some(Encryption { connector, name }) = &self.encryption else {
            return Ok(Box::new(stream));
        };
        match connector.connect(name.clone(), stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => {
                let message = format!("no secure connection to {}: {error}", self.address);
                // To try again helps only if it broke off.
                let made = match error.kind() {
                    io::ErrorKind::InvalidData => Error::bad_gateway(message),
                    _ => Error::unavailable(message),
                };
                Err(made.with_source(error))
            }
        }
    }

    /// Writes a frame, and takes what the peer says meanwhile: it may take no more before it is heard. Whether the peer reads it nobody knows.
    ///
    /// # Errors
    /// Unavailable, if the connection is gone; timeout, if the peer takes nothing.
    pub(crate) async fn write(&self, connection: &mut Connection, frame: &[u8]) -> Result {
        let (mut from, mut to) = split(&mut connection.stream);
        let frames = &mut connection.frames;
        let writing = async {
            to.write_all(frame).await?;
            to.flush().await
        };
        let writing = async {
            tokio::select! {
                biased;
                written = writing => written,
                heard = hear(&mut from, frames, self.replies) => heard,
            }
        };
        match timeout(self.timeout, writing).await {
            Ok(written) => written.map_err(|error| self.lost(&error)),
            Err(_) => {
                let message = format!("{} does not take what it is sent", self.address);
                Err(Error::timeout(message))
            }
        }
    }

    /// Reads what the peer says to a frame.
    ///
    /// # Errors
    /// Timeout or unavailable, if it says nothing; bad gateway, if it cannot be read.
    pub(crate) async fn reply(
        &self,
        connection: &mut Connection,
        ctx: &Context,
    ) -> Result<Payload> {
        let reading = async {
            loop {
                match connection.frames.next(ctx).await {
                    Some(Found::Payload(payload)) => return Ok(payload),
                    Some(Found::Bad(error, _) | Found::Broken(error, _)) => {
                        let message =
                            format!("the reply of {} cannot be read: {error}", self.address);
                        return Err(Error::bad_gateway(message));
                    }
                    None => {}
                }
                let read = connection.frames.fill(&mut connection.stream).await;
                if !read.map_err(|error| self.lost(&error))? {
                    let message = format!(
                        "{} has closed the connection before it replied; it may have taken what it was sent",
                        self.address
                    );
                    return Err(Error::unavailable(message));
                }
            }
        };
        timeout(self.timeout, reading).await.unwrap_or_else(|_| {
            let message = format!(
                "{} did not reply in time; it may have taken what it was sent",
                self.address
            );
            Err(Error::timeout(message))
        })
    }

    fn lost(&self, error: &io::Error) -> Error {
        Error::unavailable(format!(
            "the connection to {} is gone: {error}",
            self.address
        ))
    }
}

/// Takes what the peer says, for ever, unless the connection is broken. What is too much for a reply stays with the peer, and what is no reply is passed
/// over.
async fn hear(
    from: &mut (impl AsyncRead + Unpin),
    frames: &mut Frames,
    replies: bool,
) -> io::Result<()> {
    let mut nothing = Vec::new();
    loop {
        let has_come = match replies {
            true if frames.is_full() => false,
            true => frames.fill(from).await?,
            false => {
                nothing.clear();
                nothing.reserve(CHUNK);
                from.read_buf(&mut nothing).await? > 0
            }
        };
        if !has_come {
            return std::future::pending().await;
        }
    }
}

impl Connection {
    /// Returns whether the connection can be used still, as far as is known here. What the peer has said without being asked is passed over, unless it
    /// would be taken for a reply.
    pub(crate) async fn is_open(&mut self, replies: bool) -> bool {
        if replies && self.frames.pending() > 0 {
            return false;
        }
        loop {
            let mut bytes = [0; 4096];
            let mut buffer = ReadBuf::new(&mut bytes);
            let stream = &mut self.stream;
            let read = poll_fn(|cx| Poll::Ready(Pin::new(&mut *stream).poll_read(cx, &mut buffer)));
            match read.await {
                Poll::Pending => return true,
                Poll::Ready(Err(_)) => return false,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() || replies => return false,
                Poll::Ready(Ok(())) => {}
            }
        }
    }

    /// Ends the connection; what was written still arrives.
    pub(crate) async fn leave(self) {
        farewell(self.stream, true).await;
    }
}
