//! All connections of a server, so that it can end them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::SeqCst};
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::server::activity::Activity;

/// How far a server has come in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Phase {
    Serving,
    /// The flow refuses what is new and answers what it has; idle connections are closed.
    Stopping,
    /// All is answered; each connection is closed as soon as it has been sent what is for it.
    Closing,
}

/// The open connections of a server, and the phase that they share.
#[derive(Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<u64, Arc<Activity>>>,
    phase: AtomicU8,
    next: AtomicU64,
    emptied: Notify,
}

/// An open connection; it is counted until this is dropped.
pub(crate) struct Connection {
    all: Arc<Connections>,
    number: u64,
    pub(crate) activity: Arc<Activity>,
}

impl Connections {
    pub(crate) fn open(self: &Arc<Self>) -> Connection {
        let number = self.next.fetch_add(1, SeqCst);
        let activity = Arc::<Activity>::default();
        self.open.lock().insert(number, activity.clone());
        Connection {
            all: self.clone(),
            number,
            activity,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(SeqCst) {
            0 => Phase::Serving,
            1 => Phase::Stopping,
            _ => Phase::Closing,
        }
    }

    /// Begins a phase and tells all connections.
    pub(crate) fn begin(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, SeqCst);
        for activity in self.open.lock().values() {
            activity.wake();
        }
    }

    /// Looks at all connections, which end when they are found idle for too long: after two pauses between
    /// looks, and before a third is over.
    pub(crate) fn look(&self) {
        self.open
            .lock()
            .values()
            .for_each(|activity| activity.look());
    }

    /// Waits until no connection is open, as long as something happens on one of them in every `pause`.
    pub(crate) async fn end(&self, pause: Duration) {
        let mut before = None;
        while timeout(pause, self.empty()).await.is_err() {
            let steps = self
                .open
                .lock()
                .values()
                .map(|activity| activity.steps())
                .sum::<u64>();
            if before == Some((self.count(), steps)) {
                return;
            }
            before = Some((self.count(), steps));
        }
    }

    async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.count() == 0 {
                return;
            }
            emptied.await;
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.open.lock().len()
    }
}

impl Connection {
    pub(crate) fn phase(&self) -> Phase {
        self.all.phase()
    }

    /// Waits until the phase is another.
    pub(crate) async fn phase_changed(&self, phase: Phase) {
        poll_fn(|cx| {
            self.activity.wakes(cx.waker());
            match self.phase() == phase {
                true => Poll::Pending,
                false => Poll::Ready(()),
            }
        })
        .await;
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = self.all.open.lock();
        open.remove(&self.number);
        if open.is_empty() {
            self.all.emptied.notify_waiters();
        }
    }
}
