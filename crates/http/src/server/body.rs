//! The bodies of requests, read within bounds, and of responses.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use compysition_core::{ByteSize, Error, ErrorKind, Result};
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;

use crate::server::activity::Active;

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

/// The body of a response: one piece of bytes.
#[derive(Debug, Default)]
pub struct ResponseBody {
    data: Option<Bytes>,
    /// Says that the connection is at work until the body has been taken.
    active: Option<Active>,
    /// What was not read of the request: dropped before the response is sent, it would cut off an HTTP/2
    /// client before it sees its answer.
    unread: Option<Unread>,
}

impl ResponseBody {
    pub(crate) fn new(data: Bytes) -> ResponseBody {
        ResponseBody {
            data: (!data.is_empty()).then_some(data),
            active: None,
            unread: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.data.as_ref().map_or(0, Bytes::len)
    }

    pub(crate) fn keep_active(&mut self, active: Active) {
        self.active = Some(active);
    }

    pub(crate) fn keep_unread(&mut self, body: impl Send + 'static) {
        self.unread = Some(Unread(Mutex::new(Box::new(body))));
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len() as u64)
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
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|error| broken(error.into()))?;
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
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
