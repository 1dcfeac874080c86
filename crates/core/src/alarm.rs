//! When an actor wants to be woken.

use std::sync::atomic::{AtomicBool, Ordering::*};

use parking_lot::Mutex;
use tokio::time::Instant;

/// The earliest time that an actor asked to be woken at.
#[derive(Default)]
pub(crate) struct Alarm {
    time: Mutex<Option<Instant>>,
    /// Whether there is a time: most actors never ask, and their runners look at this for each chunk.
    is_set: AtomicBool,
}

impl Alarm {
    /// Sets a time, and returns whether it is earlier than what was set.
    pub(crate) fn set(&self, time: Instant) -> bool {
        let mut own = self.time.lock();
        let is_earlier = own.is_none_or(|earlier| time < earlier);
        if is_earlier {
            *own = Some(time);
            self.is_set.store(true, Release);
        }
        is_earlier
    }

    pub(crate) fn time(&self) -> Option<Instant> {
        match self.is_set.load(Acquire) {
            true => *self.time.lock(),
            false => None,
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        self.time().is_some_and(|time| time <= Instant::now())
    }

    /// Takes the time out if it has come, and returns whether it has.
    pub(crate) fn take_due(&self) -> bool {
        if !self.is_set.load(Acquire) {
            return false;
        }
        let mut time = self.time.lock();
        let is_due = time.take_if(|time| *time <= Instant::now()).is_some();
        self.is_set.store(time.is_some(), Release);
        is_due
    }
}
