//! What other processes give up since they stop.

use std::sync::Arc;

use compysition_core::{Error, ErrorKind, Failure};
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::calls::Call;
use crate::ending::SAME_SIGNAL;
use crate::exchange::Exchange;

/// Calls to one process whose events came back undone, with their numbers.
#[derive(Default)]
pub(crate) struct GivenUp(Mutex<Vec<(u64, Call, Failure)>>);

impl Exchange {
    /// Ends a call whose event came to a bad end in another process. What that one has only given up since it stops is given up here if
    /// this one is about to stop as well; else another run of that process may do it, unless it may have been done.
    pub(crate) fn end_badly(self: &Arc<Self>, number: u64, call: Call, failure: Failure) {
        let is_cut_short = failure.error.is_cut_short() && !failure.is_kept();
        let is_given_up = is_cut_short && !call.event().is_for_clients();
        let process = &self.inlet(call.inlet).process;
        let (Some(replicas), Some(ctx), true) =
            (self.others.get(process), self.ctx(call.inlet), is_given_up)
        else {
            return self.end_at(call.inlet, || call.into_event().fail_elsewhere(&failure));
        };
        let is_first = {
            let mut given_up = replicas.given_up.0.lock();
            given_up.push((number, call, failure));
            given_up.len() == 1
        };
        if is_first {
            let (exchange, process, ctx) = (self.clone(), process.clone(), ctx.clone());
            ctx.clone().spawner().spawn(async move {
                let is_stopping = timeout(SAME_SIGNAL, ctx.stopping()).await.is_ok();
                exchange.see_to_given_up(&process, is_stopping);
            });
        }
    }

    /// Sees to all that a process has given up.
    fn see_to_given_up(&self, process: &str, is_stopping: bool) {
        let Some(replicas) = self.others.get(process) else {
            return;
        };
        let mut given_up = std::mem::take(&mut *replicas.given_up.0.lock());
        // As they were sent, and not as they came back.
        given_up.sort_by_key(|(number, ..)| *number);
        let mut again = Vec::new();
        for (_, call, failure) in given_up {
            if is_stopping {
                self.end_at(call.inlet, || call.into_event().fail_elsewhere(&failure));
            } else if failure.error.kind() == ErrorKind::Cancelled {
                let message = format!(
                    "process `{process}` has stopped and was at work on this; it may have done it"
                );
                self.fail(call, Error::unavailable(message));
            } else {
                again.push(call);
            }
        }
        // What came later, and waits, stays behind them.
        again.extend(replicas.take_waiting());
        self.again(again);
    }
}
