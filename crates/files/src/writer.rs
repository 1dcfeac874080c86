//! Who writes what comes together.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use compysition_core::{Context, Error, Result};
use tokio::sync::oneshot;

use crate::lot::{Lot, Lots, send_on};
use crate::rolling::Rolling;
use crate::writing::{Writing, Written};

/// Writes lots, on this thread if that is a matter of moments.
pub(crate) struct Writer {
    pub(crate) files: Rolling,
    /// Whether what was last written took moments only: then the system took it into its memory, and to have another thread
    /// do that takes longer than the thing itself.
    is_quick: Arc<AtomicBool>,
    /// An emptied buffer, for the next bytes.
    spare: Vec<u8>,
}

/// What took longer to be written is written on another thread the next time, so that it holds up nobody.
const QUICK: Duration = Duration::from_millis(1);

/// How many bytes are written on this thread at most, and kept as an empty buffer.
const FEW: usize = 512 << 10;

impl Writer {
    pub(crate) fn new(files: Rolling) -> Writer {
        Writer {
            files,
            is_quick: Arc::default(),
            spare: Vec::new(),
        }
    }

    /// Returns an empty lot.
    pub(crate) fn lot(&mut self) -> Lot {
        Lot {
            bytes: std::mem::take(&mut self.spare),
            events: None,
        }
    }

    /// Writes lots, or begins to: then the actor is woken when that is done.
    ///
    /// # Errors
    /// If all was written at once, as [`Writing::try_finish`].
    pub(crate) fn write(&mut self, mut lots: Lots, ctx: &Context) -> Result<Option<Writing>> {
        let is_little = lots.len() == 1 && lots.values().all(|lot| lot.bytes.len() <= FEW);
        if !is_little || self.files.sync || !self.is_quick.load(Relaxed) {
            return Ok(Some(self.begin(lots, ctx)));
        }
        match lots.pop_first() {
            Some((path, lot)) => self.write_here(&path, lot, ctx).map(|()| None),
            None => Ok(None),
        }
    }

    fn write_here(&mut self, path: &Path, lot: Lot, ctx: &Context) -> Result {
        let began = Instant::now();
        let written = append(&self.files, path, &lot.bytes);
        self.is_quick.store(began.elapsed() < QUICK, Relaxed);
        self.spare = lot.bytes;
        self.spare.clear();
        send_on(lot.events, &written, ctx)
    }

    fn begin(&self, lots: Lots, ctx: &Context) -> Writing {
        let (tell, done) = oneshot::channel();
        let mut bytes = Vec::with_capacity(lots.len());
        let mut events = Vec::with_capacity(lots.len());
        for (path, lot) in lots {
            bytes.push((path, lot.bytes));
            events.push(lot.events);
        }
        let (files, is_quick) = (self.files.clone(), self.is_quick.clone());
        let report = Report {
            tell,
            wake: Wake(ctx.clone()),
        };
        let write = move || {
            let report = report;
            let began = Instant::now();
            let append = |(path, bytes): (PathBuf, Vec<u8>)| append(&files, &path, &bytes);
            let written = bytes.into_iter().map(append).collect();
            is_quick.store(began.elapsed() < QUICK, Relaxed);
            report.send(written);
        };
        drop(ctx.begin_blocking(write));
        Writing::new(events, done)
    }
}

fn append(files: &Rolling, path: &Path, bytes: &[u8]) -> Result {
    let written = files.append(path, bytes);
    written.map_err(|error| unwritten(path, &error))
}

/// Says that a file cannot be written to.
pub(crate) fn unwritten(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    Error::unavailable(format!("cannot write to the file `{path}`: {error}"))
}

/// Tells what became of lots. Dropped untold, as by a panic, it tells that nothing is known; so the wake comes last.
struct Report {
    tell: oneshot::Sender<Written>,
    wake: Wake,
}

impl Report {
    fn send(self, written: Written) {
        // Whoever is not there any more has no events to send on either.
        let _ = self.tell.send(written);
        drop(self.wake);
    }
}

/// Wakes the actor when it is dropped.
struct Wake(Context);

impl Drop for Wake {
    fn drop(&mut self) {
        self.0.wake_after(Duration::ZERO);
    }
}
