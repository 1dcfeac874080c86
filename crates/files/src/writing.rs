//! What is on its way to files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use compysition_core::{Context, Error, Result, Retained};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use crate::rolling::Rolling;

/// What is to be written to one file, and the events that go on then.
#[derive(Default)]
pub(crate) struct Lot {
    pub(crate) bytes: Vec<u8>,
    pub(crate) events: Vec<Retained>,
}

/// Lots that are being written, while more come together.
pub(crate) struct Writing {
    lots: Vec<(PathBuf, Vec<Retained>)>,
    done: oneshot::Receiver<Written>,
}

/// What became of each lot.
type Written = Result<Vec<Result<(), Error>>>;

impl Writing {
    /// Begins to write. The actor is woken when it is done.
    pub(crate) fn begin(files: &Rolling, lots: BTreeMap<PathBuf, Lot>, ctx: &Context) -> Writing {
        let (tell, done) = oneshot::channel();
        let mut bytes = Vec::with_capacity(lots.len());
        let mut events = Vec::with_capacity(lots.len());
        for (path, lot) in lots {
            bytes.push((path.clone(), lot.bytes));
            events.push((path, lot.events));
        }
        let (files, ctx) = (files.clone(), ctx.clone());
        ctx.spawner().spawn(async move {
            let append = move |(path, bytes): (PathBuf, Vec<u8>)| {
                let written = files.append(&path, &bytes);
                written.map_err(|error| unwritten(&path, &error))
            };
            let write = move || bytes.into_iter().map(append).collect();
            // Whoever is not there any more has no events to send on either.
            let _ = tell.send(ctx.blocking(write).await);
            ctx.wake_after(Duration::ZERO);
        });
        Writing { lots: events, done }
    }

    /// Sends the events on if all is written.
    ///
    /// # Errors
    /// Why an event cannot be sent, which took the error path; the others are sent all the same.
    pub(crate) fn try_finish(&mut self, ctx: &Context) -> Option<Result> {
        match self.done.try_recv() {
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => Some(self.send_on(broken_off(), ctx)),
            Ok(written) => Some(self.send_on(written, ctx)),
        }
    }

    /// Waits until all is written, and sends the events on. Cancel safe.
    ///
    /// # Errors
    /// As [`try_finish`](Writing::try_finish).
    pub(crate) async fn finish(&mut self, ctx: &Context) -> Result {
        let written = (&mut self.done).await;
        self.send_on(written.unwrap_or_else(|_| broken_off()), ctx)
    }

    fn send_on(&mut self, written: Written, ctx: &Context) -> Result {
        let lots = std::mem::take(&mut self.lots);
        let each = match written {
            Ok(each) => each,
            Err(error) => vec![Err(error); lots.len()],
        };
        let mut all = Ok(());
        for ((_, events), written) in lots.into_iter().zip(each) {
            for event in events.into_iter().map(Retained::release) {
                let sent = match &written {
                    Ok(()) => ctx.send(event),
                    Err(error) => ctx.send_error(event, error.clone()),
                };
                all = all.and(sent);
            }
        }
        all
    }
}

/// Says that a file cannot be written to.
pub(crate) fn unwritten(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    Error::unavailable(format!("cannot write to the file `{path}`: {error}"))
}

fn broken_off() -> Written {
    Err(Error::unavailable("the write was broken off"))
}
