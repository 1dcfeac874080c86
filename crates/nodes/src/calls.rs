//! Events that were sent to another process and have not settled there.

use std::collections::VecDeque;
use std::sync::Arc;

use compysition_core::{Event, Port};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::peer::Peer;
use crate::remote::Stub;

/// An event that went to another process, and waits here for its end: so its root does not settle, and keeps its permit.
pub(crate) struct Call {
    pub(crate) event: Event,
    /// What stands here for the actor that it went to.
    pub(crate) stub: Arc<Stub>,
    pub(crate) inlet: usize,
    /// Dropped with the call: who looks whether the client is still there stops looking. Until then that one is told who has
    /// the call.
    pub(crate) watched: Option<(oneshot::Sender<()>, Arc<Seat>)>,
}

/// Who has a call, for whoever may want to cancel it.
#[derive(Default)]
pub(crate) struct Seat(Mutex<At>);

#[derive(Default)]
enum At {
    /// It waits for a process.
    #[default]
    Waiting,
    /// A process has it, under this number.
    Taken(Arc<Peer>, u64),
    /// Nobody waits for its answer any more.
    Cancelled,
}

impl Seat {
    /// Says who has the call now; returns whether it was cancelled before.
    #[must_use]
    pub(crate) fn take(&self, peer: Arc<Peer>, call: u64) -> bool {
        let mut at = self.0.lock();
        if matches!(*at, At::Cancelled) {
            return true;
        }
        *at = At::Taken(peer, call);
        false
    }

    /// Says that the call waits again.
    pub(crate) fn leave(&self) {
        let mut at = self.0.lock();
        if matches!(*at, At::Taken(..)) {
            *at = At::Waiting;
        }
    }

    /// Cancels the call; returns who has to be told.
    pub(crate) fn cancel(&self) -> Option<(Arc<Peer>, u64)> {
        match std::mem::replace(&mut *self.0.lock(), At::Cancelled) {
            At::Taken(peer, call) => Some((peer, call)),
            At::Waiting | At::Cancelled => None,
        }
    }
}

impl Call {
    /// Returns the inbox that the event went to.
    pub(crate) fn inbox(&self) -> Option<&Port> {
        let known = self.stub.inlets.iter();
        let mut own = known.filter(|(_, inlet)| *inlet == self.inlet);
        own.next().map(|(inbox, _)| inbox)
    }
}

/// The calls to one process, by their numbers. Most end in the order in which they were made.
#[derive(Default)]
pub(crate) struct Calls {
    first: u64,
    list: VecDeque<Option<Call>>,
    open: usize,
}

impl Calls {
    /// Returns the number of the first call that may be open.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Returns the number of the next call.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.list.len() as u64
    }

    pub(crate) fn add(&mut self, call: Call) {
        self.list.push_back(Some(call));
        self.open += 1;
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Call> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.list.get(index)?.as_ref()
    }

    pub(crate) fn take(&mut self, number: u64) -> Option<Call> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let call = self.list.get_mut(index)?.take()?;
        self.open -= 1;
        while let Some(None) = self.list.front() {
            self.list.pop_front();
            self.first += 1;
        }
        Some(call)
    }

    /// Takes back the last one.
    pub(crate) fn take_last(&mut self) -> Option<Call> {
        let call = self.list.pop_back()??;
        self.open -= 1;
        Some(call)
    }

    pub(crate) fn take_all(&mut self) -> Vec<Call> {
        self.first = self.next();
        self.open = 0;
        std::mem::take(&mut self.list)
            .into_iter()
            .flatten()
            .collect()
    }

    /// Returns the oldest that are open.
    pub(crate) fn oldest(&self) -> impl Iterator<Item = &Call> {
        self.list.iter().flatten()
    }

    /// Returns how many there are.
    pub(crate) fn open(&self) -> usize {
        self.open
    }
}
