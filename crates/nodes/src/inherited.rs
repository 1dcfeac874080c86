//! Who is told, in the process that an event came from, what became of it.

use std::any::Any;
use std::sync::Arc;

use compysition_core::{Event, Failure, Heir, Outcome};

use crate::outgoing::Queued;
use crate::peer::Peer;
use crate::remote::fit;
use crate::wire::{Ended, Origin, Origins, Record};

/// Calls that another process made, as the roots of their events know them here.
pub(crate) struct Inherited {
    pub(crate) peer: Arc<Peer>,
    /// Where ancestors of the events wait.
    pub(crate) before: Origins,
}

impl Heir for Inherited {
    fn answered(&self, call: u64, answer: &Event) {
        let queued = match fit(answer, self.peer.largest) {
            Ok(attributes) => Queued::Answer(call, answer.clone(), attributes),
            Err(error) => {
                let failure = Failure::new(error, self.peer.process.clone());
                let ended = Ended(failure);
                Queued::Tell(Record::Ended { call, ended })
            }
        };
        self.peer.queue(queued);
    }

    fn rests(&self, call: u64) {
        let (first, count) = (call, 1);
        self.peer.queue_range(Record::Rests { first, count });
    }

    fn runs(&self, call: u64) {
        let (first, count) = (call, 1);
        self.peer.queue_range(Record::Runs { first, count });
    }

    fn delivered(&self, first: u64, count: u64) {
        let record = Record::Delivered { first, count };
        self.peer.ended(first, count, record);
    }

    fn failed(&self, call: u64, outcome: &Outcome, failure: &Failure) {
        let failure = failure.clone();
        let ended = Ended(match outcome {
            Outcome::Kept => failure.kept(),
            _ => failure,
        });
        self.peer.ended(call, 1, Record::Ended { call, ended });
    }
}

/// Returns where an event, and what it came of, waits to be told how it ends.
pub(crate) fn origins(event: &Event) -> Origins {
    let mut origins = Vec::new();
    event.each_heir(&mut |heir, call| {
        let heir: &dyn Any = heir;
        let Some(inherited) = heir.downcast_ref::<Inherited>() else {
            return;
        };
        origins.extend_from_slice(inherited.before.as_deref().unwrap_or_default());
        origins.push(Origin {
            epoch: inherited.peer.epoch,
            session: inherited.peer.pair(),
            call,
        });
    });
    if origins.is_empty() {
        return None;
    }
    // Of a batch of very many the latest are enough: the others go the long way home.
    let surplus = origins.len().saturating_sub(MOST);
    origins.drain(..surplus);
    Some(origins.into())
}

/// Returns the call of the other side of a session, as both know it, that an event is all that is left of.
pub(crate) fn calls_back(event: &Event, session: u64) -> Option<u64> {
    let (heir, call) = event.sole_heir()?;
    let heir: &dyn Any = heir;
    let inherited = heir.downcast_ref::<Inherited>()?;
    (inherited.peer.pair() == session).then_some(call)
}

/// Returns whether a client waits for the answer whose request did not come from this run of a process, by itself or by way of others.
pub(crate) fn is_asked_outside(event: &Event, epoch: u64) -> bool {
    event.is_asked_but_for(&mut |heir| {
        let heir: &dyn Any = heir;
        let inherited = heir.downcast_ref::<Inherited>();
        inherited.is_some_and(|own| {
            let before = own.before.as_deref().unwrap_or_default();
            own.peer.epoch == epoch || before.iter().any(|origin| origin.epoch == epoch)
        })
    })
}

/// As many as a frame may tell of one event.
const MOST: usize = 4096;
