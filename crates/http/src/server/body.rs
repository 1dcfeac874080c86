//! The bodies of requests, read within bounds, and of responses.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use compysition_core::{ByteSize, Error, ErrorKind, Result};
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;

use crate::coding::{Coding, Decoder, Undecoded};
use crate::server::access_log::Entry;
use crate::server::activity::Active;
use crate::server::file_body::FileBody;

/// What hyper and its kin take for any error.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The rest of a request's body. Nobody ever locks it: that only makes it `Sync`, as bodies of responses
/// should be.
struct Unread(#[expect(dead_code, reason = "kept to be dropped")] Mutex<Box<dyn Send>>);

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unread")
    }
}

/// The body of a response: one piece of bytes, or what is read while it is sent.
#[derive(Debug, Default)]
pub struct ResponseBody {
    content: Content,
    /// Says that the connection is at work until the body has been taken.
    active: Option<Active>,
    /// What was not read of the request: dropped before the response is sent, it would cut off an HTTP/2
    /// client before it sees its answer.
    unread: Option<Unread>,
    /// The line of the access log, which is written when the body is dropped.
    entry: Option<Entry>,
}

#[derive(Debug, Default)]
enum Content {
    #[default]
    Nothing,
    Whole(Bytes),
    File(Box<FileBody>),
}

impl ResponseBody {
    pub(crate) fn new(data: Bytes) -> ResponseBody {
        let mut body = ResponseBody::default();
        body.replace(data);
        body
    }

    pub(crate) fn of_file(file: FileBody) -> ResponseBody {
        ResponseBody {
            content: Content::File(Box::new(file)),
            ..ResponseBody::default()
        }
    }

    /// Puts other bytes in the place of what it was.
    pub(crate) fn replace(&mut self, data: Bytes) {
        self.content = match data.is_empty() {
            true => Content::Nothing,
            false => Content::Whole(data),
        };
    }

    /// Returns the bytes, if they are all there.
    pub(crate) fn whole(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Whole(data) => Some(data),
            Content::Nothing | Content::File(_) => None,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        match &self.content {
            Content::Nothing => 0,
            Content::Whole(data) => data.len() as u64,
            Content::File(file) => file.len(),
        }
    }

    pub(crate) fn keep_active(&mut self, mut active: Active) {
        if matches!(self.content, Content::File(_)) {
            active.streams();
        }
        self.active = Some(active);
    }

    pub(crate) fn keep_unread(&mut self, body: impl Send + 'static) {
        self.unread = Some(Unread(Mutex::new(Box::new(body))));
    }

    pub(crate) fn keep_entry(&mut self, entry: Entry) {
        self.entry = Some(entry);
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let data = match &mut self.content {
            Content::Nothing => return Poll::Ready(None),
            Content::Whole(data) => Ok(std::mem::take(data)),
            Content::File(file) => std::task::ready!(file.poll_next(cx)),
        };
        if self.len() == 0 || data.is_err() {
            self.content = Content::Nothing;
        }
        if let (Some(entry), Ok(data)) = (&mut self.entry, &data) {
            entry.sent(data.len());
        }
        Poll::Ready(Some(data.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.content, Content::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len())
    }
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// Too large; malformed, if the client breaks off or its framing is broken.
pub(crate) async fn read<B>(mut body: Pin<&mut B>, limit: ByteSize) -> Result<Bytes>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let mut first = Bytes::new();
    let mut all = Vec::new();
    while let Some(mut data) = next(&mut body).await? {
        if first.len() + all.len() + data.remaining() > limit.0 {
            return Err(too_large(limit));
        }
        if first.is_empty() && all.is_empty() {
            // Most bodies come in one piece, which is not copied.
            first = data.copy_to_bytes(data.remaining());
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            all.extend_from_slice(chunk);
            let length = chunk.len();
            data.advance(length);
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

/// Reads a compressed body that becomes at most `limit` bytes.
///
/// # Errors
/// Those of [`read`]; malformed, if it cannot be decoded.
pub(crate) async fn read_coded<B>(
    mut body: Pin<&mut B>,
    coding: Coding,
    limit: ByteSize,
) -> Result<Bytes>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let undecoded = |why| match why {
        Undecoded::TooLarge => too_large(limit),
        Undecoded::Damaged(error) => {
            let name = coding.name();
            Error::malformed(format!("the body is not what {name} makes: {error}"))
        }
    };
    let mut decoder = Decoder::new(coding, limit.0);
    while let Some(mut data) = next(&mut body).await? {
        while data.has_remaining() {
            let chunk = data.chunk();
            decoder.push(chunk).await.map_err(undecoded)?;
            let length = chunk.len();
            data.advance(length);
        }
    }
    decoder.finish().map(Bytes::from).map_err(undecoded)
}

/// Returns the next bytes of a body; none at its end.
async fn next<B>(body: &mut Pin<&mut B>) -> Result<Option<B::Data>>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|error| broken(error.into()))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

pub(crate) fn too_large(limit: ByteSize) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("the body is larger than {limit}"),
    )
}

fn broken(error: BoxError) -> Error {
    let mut cause: &dyn std::error::Error = &*error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Error::malformed(format!("the body cannot be read: {cause}")).with_source(error)
}
