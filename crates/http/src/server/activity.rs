//! What one connection is doing, for those who may have to close it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::Waker;

use parking_lot::Mutex;

/// Tells whether a connection has requests under way, and whether anything happens on it.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    /// Requests whose responses have not been taken to be sent.
    requests: AtomicUsize,
    /// Those of them whose responses are read while they are sent: what holds them up is the client.
    streams: AtomicUsize,
    /// Counts what happens. Who looks twice learns whether the connection was idle meanwhile, and nobody
    /// has to read a clock for each request.
    steps: AtomicU64,
    /// Whether the client does not take what is sent as fast as it is sent.
    is_blocked: AtomicBool,
    /// Whether a response was made without its request having been read to the end.
    has_unread: AtomicBool,
    /// What was seen at the last look, and at how many looks before it.
    seen: AtomicU64,
    looks: AtomicU64,
    /// Wakes the connection's task.
    waker: Mutex<Option<Waker>>,
}

/// A connection at which nothing has happened for so many looks is idle for too long.
const MOST_LOOKS: u64 = 2;

/// What is seen of a connection that has requests under way, or that was not looked at yet.
const AT_WORK: u64 = 0;

impl Activity {
    /// Marks the connection as at work until what is returned is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Active {
        self.requests.fetch_add(1, Relaxed);
        Active {
            activity: self.clone(),
            streams: false,
        }
    }

    /// Returns a number that changes with all that happens.
    fn now(&self) -> u64 {
        match self.requests.load(Relaxed) > self.streams.load(Relaxed) {
            false => 1 + self.steps(),
            true => AT_WORK,
        }
    }

    /// Looks whether anything has happened since the last look, and wakes the connection when it is idle for
    /// too long. One task looks at all connections, so that none needs a timer.
    pub(crate) fn look(&self) {
        let now = self.now();
        if self.seen.swap(now, Relaxed) != now || now == AT_WORK {
            self.looks.store(0, Relaxed);
        } else if self.looks.fetch_add(1, Relaxed) + 1 >= MOST_LOOKS {
            self.wake();
        }
    }

    /// Returns whether the connection was idle for too long when it was looked at, and still is.
    pub(crate) fn is_idle(&self) -> bool {
        self.looks.load(Relaxed) >= MOST_LOOKS && self.seen.load(Relaxed) == self.now()
    }

    /// Says who is woken.
    pub(crate) fn wakes(&self, waker: &Waker) {
        *self.waker.lock() = Some(waker.clone());
    }

    pub(crate) fn wake(&self) {
        if let Some(waker) = &*self.waker.lock() {
            waker.wake_by_ref();
        }
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
pub(crate) struct Active {
    activity: Arc<Activity>,
    streams: bool,
}

impl Active {
    pub(crate) fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Notes that the response is read while it is sent.
    pub(crate) fn streams(&mut self) {
        if !std::mem::replace(&mut self.streams, true) {
            self.activity.streams.fetch_add(1, Relaxed);
        }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.activity.steps.fetch_add(1, Relaxed);
        if self.streams {
            self.activity.streams.fetch_sub(1, Relaxed);
        }
        self.activity.requests.fetch_sub(1, Relaxed);
    }
}
