//! What most roots never have: who waits for them, and how they ended.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Poll, Waker};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::pump::Pump;
use crate::settled::Watcher;
use crate::settlement::Outcome;
use crate::{Event, Failure};

#[derive(Default)]
pub(crate) struct State {
    pub(crate) deadline: Option<Instant>,
    pub(crate) answer: Option<Event>,
    /// The first bad end; one that was lost before one that was kept.
    pub(crate) failure: Option<Failure>,
    pub(crate) outcome: Option<Outcome>,
    /// The actor where the last copy ended.
    pub(crate) last: Option<Arc<str>>,
    /// Who waits for the answer or the outcome.
    pub(crate) wakers: Vec<Waker>,
    /// Notified when work for the root becomes void; made with the first who listens. Many may come and go: each
    /// piece of work under way listens.
    pub(crate) void: Option<Arc<Notify>>,
    /// Called when work for the root becomes void, by the numbers under which they are forgotten before.
    pub(crate) on_void: BTreeMap<u64, Box<dyn FnOnce() + Send>>,
    pub(crate) listened: u64,
    /// Made with the first amplifier.
    pub(crate) pump: Option<Arc<Pump>>,
    /// Who is told how it ended, before anybody else hears of it.
    pub(crate) watchers: Vec<Watcher>,
    /// What the answer was, for the watchers.
    pub(crate) answered: Option<Event>,
}

impl State {
    /// Wakes who waits when something has changed.
    pub(crate) fn wait<T>(&mut self, waker: &Waker) -> Poll<T> {
        if !self.wakers.iter().any(|known| known.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
        Poll::Pending
    }
}
