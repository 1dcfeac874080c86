//! What is on its way to files.

use compysition_core::{Context, Error, Result, Retained};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use crate::lot::send_on;

/// Lots that are being written, while more come together.
pub(crate) struct Writing {
    lots: Vec<Option<Retained>>,
    done: oneshot::Receiver<Written>,
}

/// What became of each lot.
pub(crate) type Written = Vec<Result>;

impl Writing {
    /// Makes one of the events of the lots, and of where it is told what became of those.
    pub(crate) fn new(lots: Vec<Option<Retained>>, done: oneshot::Receiver<Written>) -> Writing {
        Writing { lots, done }
    }

    /// Sends the events on if all is written.
    ///
    /// # Errors
    /// Why an event cannot be sent, which took the error path; the others are sent all the same.
    pub(crate) fn try_finish(&mut self, ctx: &Context) -> Option<Result> {
        match self.done.try_recv() {
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => Some(self.send_on(None, ctx)),
            Ok(written) => Some(self.send_on(Some(written), ctx)),
        }
    }

    /// Waits until all is written, and sends the events on. Cancel safe.
    ///
    /// # Errors
    /// As [`try_finish`](Writing::try_finish).
    pub(crate) async fn finish(&mut self, ctx: &Context) -> Result {
        let written = (&mut self.done).await;
        self.send_on(written.ok(), ctx)
    }

    fn send_on(&mut self, written: Option<Written>, ctx: &Context) -> Result {
        let lots = std::mem::take(&mut self.lots);
        let broken_off = || Err(Error::unavailable("the write was broken off"));
        let each = written.unwrap_or_else(|| vec![broken_off(); lots.len()]);
        let mut all = Ok(());
        for (events, written) in lots.into_iter().zip(each) {
            all = all.and(send_on(events, &written, ctx));
        }
        all
    }
}
