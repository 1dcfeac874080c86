//! Who is told how roots end, without a listener of its own for each.

use std::any::Any;
use std::sync::Arc;

use crate::{Event, Failure, Outcome};

/// Is told what becomes of events, each by its number: of [`Foreign`](crate::Foreign) ones by their call, of those of a
/// [`SourceGroup`](crate::SourceGroup) by how many were emitted before. All calls must be quick, wait for nothing, and lock nothing that
/// is locked anywhere while events are dropped or put back on their way. That holds for its `Drop` as well: the last event may have the
/// last reference.
pub trait Heir: Any + Send + Sync {
    /// Takes the answer to the event's request, if it is one: at most once, and before the end.
    fn answered(&self, call: u64, answer: &Event);

    /// Learns that nothing of the event's root is running any more, but something of it is held.
    fn rests(&self, call: u64) {
        let _ = call;
    }

    /// Learns that something of it is running again. Of several at the same time this may be told before the
    /// [`rests`](Heir::rests) that came first; so they are to be counted.
    fn runs(&self, call: u64) {
        let _ = call;
    }

    /// Learns that all of some events' roots was delivered, those of so many calls one after the other; each once, and then of
    /// no other end.
    fn delivered(&self, first: u64, count: u64);

    /// Learns that the event's root did not end well, once: why, and whether what failed was kept
    /// ([`Outcome::Kept`]).
    fn failed(&self, call: u64, outcome: &Outcome, failure: &Failure);
}

/// An heir of roots, and where those began.
#[derive(Clone)]
pub(crate) struct Inheritance {
    pub(crate) heir: Arc<dyn Heir>,
    /// Whether the roots came from another process.
    pub(crate) is_foreign: bool,
}

impl Inheritance {
    /// Returns whether both are of the same heir, and of roots that are counted alike.
    pub(crate) fn is_of_same(&self, other: &Inheritance) -> bool {
        let is_same = std::ptr::addr_eq(Arc::as_ptr(&self.heir), Arc::as_ptr(&other.heir));
        is_same && self.is_foreign == other.is_foreign
    }
}
