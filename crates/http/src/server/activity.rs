//! What one connection is doing, for those who may have to close it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// Tells whether a connection has requests under way, and since when it has none.
#[derive(Debug)]
pub(crate) struct Activity {
    opened: Instant,
    /// Requests whose responses have not been taken to be sent.
    requests: AtomicUsize,
    /// When the connection was last at work, in milliseconds since it was opened.
    last: AtomicU64,
    /// Whether the client does not take what is sent as fast as it is sent.
    is_blocked: AtomicBool,
    /// Whether a response was made without its request having been read to the end.
    has_unread: AtomicBool,
    /// Wakes the connection's task when the server's phase changes.
    pub(crate) phase_changed: Notify,
}

impl Activity {
    pub(crate) fn new() -> Activity {
        Activity {
            opened: Instant::now(),
            requests: AtomicUsize::new(0),
            last: AtomicU64::new(0),
            is_blocked: AtomicBool::new(false),
            has_unread: AtomicBool::new(false),
            phase_changed: Notify::new(),
        }
    }

    /// Marks the connection as at work until what is returned is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Active {
        self.requests.fetch_add(1, Relaxed);
        Active(self.clone())
    }

    /// Returns when the connection may be closed if it stays idle; none while it has requests.
    pub(crate) fn idle_until(&self, patience: Duration) -> Option<Instant> {
        let is_idle = self.requests.load(Relaxed) == 0;
        is_idle.then(|| self.opened + Duration::from_millis(self.last.load(Relaxed)) + patience)
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

    /// Notes whether the client takes what is sent; each time it does, its time begins anew.
    pub(crate) fn wrote(&self, all: bool) {
        if self.is_blocked.load(Relaxed) || !all {
            self.is_blocked.store(!all, Relaxed);
            if all {
                self.touch();
            }
        }
    }

    fn touch(&self) {
        self.last.store(self.opened.elapsed().as_millis() as u64, Relaxed);
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
        self.0.touch();
        self.0.requests.fetch_sub(1, Relaxed);
    }
}
