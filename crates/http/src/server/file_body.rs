//! A part of a file, read while it is sent.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Waiting, Poll};

use bytes::Bytes;
use compysition_core::Context;
use parking_lot::Mutex;

/// How much of a file is in memory at a time.
const PIECE: u64 = 64 * 1024;

/// The rest of what is to be sent of an open file.
pub(crate) struct FileBody {
    file: Arc<Mutex<File>>,
    rest: Range<u64>,
    ctx: Context,
    /// The next piece, which somebody else reads. Nobody ever locks it: that only makes it `Sync`, as bodies
    /// of responses should be.
    next: Mutex<Option<Reading>>,
}

type Reading = Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>;

impl FileBody {
    /// Makes a body of some bytes of a file.
    pub(crate) fn new(file: Arc<Mutex<File>>, range: Range<u64>, ctx: Context) -> FileBody {
        FileBody {
            file,
            rest: range,
            ctx,
            next: Mutex::new(None),
        }
    }

    /// Returns how much is still to be sent.
    pub(crate) fn len(&self) -> u64 {
        self.rest.end.saturating_sub(self.rest.start)
    }

    /// Reads the next piece.
    pub(crate) fn poll_next(&mut self, waiting: &mut Waiting<'_>) -> Poll<io::Result<Bytes>> {
        let next = self.next.get_mut();
        let reading = next.get_or_insert_with(|| {
            let (ctx, file) = (self.ctx.clone(), self.file.clone());
            let (start, end) = (self.rest.start, self.rest.end);
            Box::pin(async move {
                let read = ctx.blocking(move || read(&file, start..end.min(start + PIECE)));
                read.await
                    .unwrap_or_else(|error| Err(io::Error::other(error.to_string())))
            })
        });
        let read = std::task::ready!(reading.as_mut().poll(waiting));
        *next = None;
        if let Ok(piece) = &read {
            self.rest.start += piece.len() as u64;
        }
        Poll::Ready(read)
    }
}

/// Reads some bytes of a file, all of them or none.
pub(crate) fn read(file: &Mutex<File>, range: Range<u64>) -> io::Result<Bytes> {
    let length = range.end.saturating_sub(range.start);
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let mut file = file.lock();
    file.seek(SeekFrom::Start(range.start))?;
    // A file that has become shorter ends the connection: the client was promised more.
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

impl fmt::Debug for FileBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FileBody").field(&self.rest).finish()
    }
}
