//! What one connection is doing, for those who may have to close it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use tokio::sync::Notify;

/// Tells whether a connection has requests under way, and whether anything happens on it.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests whose responses have not been taken to be sent.
    requests: AtomicUsize,
    /// Counts what happens. Who looks twice learns whether the connection was idle meanwhile, and nobody
    /// has to read a clock for each request.
    steps: AtomicU64,
    /// Whether the client does not take what is sent as fast as it is sent.
    is_blocked: AtomicBool,
    /// Whether a response was made without its request having been read to the end.
    has_unread: AtomicBool,
    /// Wakes the connection's task when the server's phase changes.
    pub(crate) phase_changed: Notify,
}

impl Activity {
    /// Marks the connection as at work until what is returned is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Active {
        self.requests.fetch_add(1, Relaxed);
        Active(self.clone())
    }

    /// Returns a number that changes with all that happens; none while there are requests under way.
    pub(crate) fn idle_at(&self) -> Option<u64> {
        (self.requests.load(Relaxed) == 0).then(|| self.steps())
    }

    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Relaxed)
    }

    /// Returns whether all that was made for the client has been sent.
    pub(crate) fn is_done(&self) -> bool {
        self.requests.load(Relaxed) == 0 && !self.is_blocked.load(Relaxed)
    }

    pub(crate) fn leaves_unread(&self) {
        self.has_unread.store(true, Relaxed);
    }

    pub(crate) fn has_unread(&self) -> bool {
        self.has_unread.load(Relaxed)
    }

    /// Notes whether the client takes what is sent.
    pub(crate) fn wrote(&self, is_taken: bool) {
        self.is_blocked.store(!is_taken, Relaxed);
        if is_taken {
            self.steps.fetch_add(1, Relaxed);
        }
    }

    /// Notes whether the client has taken all that was written, which TLS may have kept back.
    pub(crate) fn flushed(&self, is_taken: bool) {
        if is_taken == self.is_blocked.load(Relaxed) {
            self.wrote(is_taken);
        }
    }
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct Active(Arc<Activity>);

impl Active {
    pub(crate) fn activity(&self) -> &Activity {
        &self.0
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.steps.fetch_add(1, Relaxed);
        self.0.requests.fetch_sub(1, Relaxed);
    }
}
