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

/// Who has a call, under which number; nobody while it waits for a process.
#[derive(Default)]
pub(crate) struct Seat(Mutex<Option<(Arc<Peer>, u64)>>);

impl Seat {
    pub(crate) fn take(&self, peer: Arc<Peer>, call: u64) {
        let before = self.0.lock().replace((peer, call));
        drop(before);
    }

    pub(crate) fn taken(&self) -> Option<(Arc<Peer>, u64)> {
        self.0.lock().clone()
    }

    pub(crate) fn leave(&self) {
        let before = self.0.lock().take();
        drop(before);
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

    /// Returns how many there are.
    pub(crate) fn open(&self) -> usize {
        self.open
    }
}
