//! How a root comes to its end.

use std::task::{Poll, Waker};

use super::{DELIVERED, FAILED, GAVE_WAY, HEEDED, HELD, KEPT, LEFT, Root, SETTLED, WATCHED};
use crate::current::current_actor;
use crate::desk;
use crate::heir::Inheritance;
use crate::settlement::{Outcome, Unanswered};
use crate::sync::atomic::Ordering::*;
use crate::sync::{self, Counted};
use crate::{Event, Failure, Result};

impl Root {
    /// Counts one receipt less. With the last one the permit goes back, before anybody of this process is woken by the
    /// settlement: who hears of it may emit at once.
    pub(crate) fn rest(root: &mut Counted<Root>) {
        // Most are for nobody else by then: nothing has to be counted that only the others would look at.
        if let Some(root) = sync::alone(root)
            && root.ends_unheeded()
        {
            return desk::give_back(root.gate(), root.held(), root.call());
        }
        if root.running.fetch_sub(1, AcqRel) != 1 {
            return;
        }
        // Nothing runs any more, and what is not held cannot run again: who looks has the root alone.
        let is_held = root.holders.load(Acquire) > 1;
        if !is_held && root.settle_unheeded() {
            return desk::give_back(root.gate(), root.held(), root.call());
        }
        // The last copy leaves its charge behind; who runs again begins anew.
        root.bytes.store(0, Relaxed);
        root.gate().give_back(root.held.swap(0, Relaxed));
        // Else it settles now, and that is told.
        if is_held && let Some(inheritance) = root.inheritance() {
            inheritance.heir.rests(root.call());
        }
        Root::close(root);
    }

    /// Keeps it from settling while something of it is held. To be called while there is a receipt.
    pub(crate) fn hold(&self) {
        self.flags.fetch_or(HELD, Relaxed);
        self.open();
    }

    pub(crate) fn open(&self) {
        self.holders.fetch_add(1, Relaxed);
    }

    pub(crate) fn close(root: &Counted<Root>) {
        // The last one must see what the others have noted. Loom cannot show that: there, exchanges such as those below always do.
        if root.holders.fetch_sub(1, AcqRel) > 1 {
            return;
        }
        let flow = root.gate().flow();
        if root.settle_unheeded() {
            root.bequeath(&Outcome::Delivered, None);
            return flow.roots_delivered(1);
        }
        let before = root.flags.fetch_or(SETTLED, AcqRel);
        if let (Some(trouble), 1..) = (&flow.trouble, before & SETTLED) {
            trouble.settled_again.fetch_add(1, Relaxed);
        }
        let is_well = before & (FAILED | KEPT | GAVE_WAY | WATCHED) == 0 && !flow.is_aborted();
        // Nobody listens any more: the one reference left is the caller's.
        if is_well && root.is_unique() {
            root.bequeath(&Outcome::Delivered, None);
            return flow.roots_delivered(1);
        }
        root.settle();
    }

    /// Returns whether all that is left of it is one receipt, nothing was ever held of it, and it would end well and be told to nobody
    /// but its heir. Who has the receipt keeps it so.
    pub(crate) fn is_all_with_one(&self) -> bool {
        // In this order: what others noted before their receipts went is seen then. The number of holders would not do: what
        // is held may run again between the two looks.
        let is_one = self.running.load(Acquire) == 1;
        let noted = self.flags.load(Acquire) & (FAILED | KEPT | GAVE_WAY | WATCHED | HELD);
        is_one && noted == 0 && !self.gate().flow().is_aborted()
    }

    /// Leaves the rest to its heir, who is not told of the end.
    pub(crate) fn leave(&self) {
        self.flags.fetch_or(LEFT, AcqRel);
    }

    /// Returns whether a root that nothing else refers to ends well, with nobody to be told but its heir.
    fn ends_unheeded(&mut self) -> bool {
        // What others noted was seen with the look at their references.
        let is_heeded = self.flags.load(Relaxed) & HEEDED != 0;
        !is_heeded && !self.asked && !self.gate().flow().is_aborted()
    }

    /// Settles as delivered if it ended well and nobody is to be told, as most do. Returns whether that is so.
    fn settle_unheeded(&self) -> bool {
        if self.asked || self.gate().flow().is_aborted() {
            return false;
        }
        let end = |flags| (flags & HEEDED == 0).then_some(flags | DELIVERED | SETTLED);
        self.flags.fetch_update(AcqRel, Acquire, end).is_ok()
    }

    /// Tells its heir how it ended, and counts it as settled among those from elsewhere if it is. It is counted as settled among all
    /// roots after that.
    fn bequeath(&self, outcome: &Outcome, failure: Option<&Failure>) {
        if let Some(Inheritance { heir, is_foreign }) = self.inheritance() {
            match failure {
                _ if self.flags.load(Acquire) & LEFT != 0 => {}
                None => heir.delivered(self.call, 1),
                Some(failure) => heir.failed(self.call, outcome, failure),
            }
            if *is_foreign {
                self.gate().flow().foreign_settled(1);
            }
        }
    }

    fn settle(&self) {
        let flow = self.gate().flow();
        let (outcome, failure, watchers, answer) = self.change(|state| {
            let flags = self.flags.load(Relaxed);
            if state.failure.is_none() && flow.is_aborted() {
                state.failure = Some(flow.abort_failure(current_actor()));
            }
            let outcome = match &state.failure {
                Some(_) if flags & (KEPT | FAILED) == KEPT => Outcome::Kept,
                Some(failure) => Outcome::Failed(failure.clone()),
                None => Outcome::Delivered,
            };
            let watchers = std::mem::take(&mut state.watchers);
            let failure = state.failure.clone();
            let answer = state.answered.take();
            (outcome, failure, watchers, answer)
        });
        if flow.is_aborted()
            && let Outcome::Failed(failure) = &outcome
        {
            let actor = failure.actor.to_string();
            *flow.left.lock().entry(actor).or_default() += 1;
        }
        for watcher in watchers {
            watcher(&outcome, answer.as_ref());
        }
        self.bequeath(&outcome, failure.as_ref());
        // Who hears of it may emit at once.
        desk::give_back_all();
        self.change_and_wake(|state| {
            if self.asked {
                state.last = current_actor();
            }
            match self.flags.load(Relaxed) & GAVE_WAY {
                0 => flow.root_settled(&outcome),
                _ => flow.root_dropped(),
            }
            state.outcome = Some(outcome);
        });
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        match self.delivered() {
            None => self.state.lock().as_ref()?.outcome.clone(),
            delivered => delivered,
        }
    }

    pub(crate) fn poll_outcome(&self, waker: &Waker) -> Poll<Outcome> {
        self.change(
            |state| match state.outcome.clone().or_else(|| self.delivered()) {
                Some(outcome) => Poll::Ready(outcome),
                None => state.wait(waker),
            },
        )
    }

    /// Returns the outcome of a root that settled without a state.
    fn delivered(&self) -> Option<Outcome> {
        let is_delivered = self.flags.load(Acquire) & DELIVERED != 0;
        is_delivered.then_some(Outcome::Delivered)
    }

    pub(crate) fn poll_answer(&self, waker: &Waker) -> Poll<Result<Event, Unanswered>> {
        self.change(|state| {
            if let Some(answer) = state.answer.take() {
                return Poll::Ready(Ok(answer));
            }
            if state.outcome.is_none() {
                return state.wait(waker);
            }
            Poll::Ready(Err(Unanswered {
                failure: state.failure.clone(),
                last: state.last.clone(),
            }))
        })
    }
}
