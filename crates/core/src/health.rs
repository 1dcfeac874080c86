//! Whether an actor works.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::station::Station;
use crate::supervision::ActorState;

/// The state of an actor, and the producers of its present instance.
#[derive(Default)]
pub(crate) struct Health {
    state: Mutex<ActorState>,
    restarts: AtomicU64,
    producers: Mutex<CancellationToken>,
}

impl Station {
    pub(crate) fn state(&self) -> ActorState {
        *self.health.state.lock()
    }

    pub(crate) fn set_state(&self, state: ActorState) {
        *self.health.state.lock() = state;
    }

    pub(crate) fn count_restart(&self) {
        self.health.restarts.fetch_add(1, Relaxed);
    }

    pub(crate) fn restarts(&self) -> u64 {
        self.health.restarts.load(Relaxed)
    }

    /// Returns what ends the producers that are started now.
    pub(crate) fn producers(&self) -> CancellationToken {
        self.health.producers.lock().clone()
    }

    /// Ends the producers that an actor has started: the next one starts its own.
    pub(crate) fn end_producers(&self) {
        let old = std::mem::take(&mut *self.health.producers.lock());
        old.cancel();
    }
}
