//! The state that all copies and children of one admitted event share.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

use tokio::time::Instant;

use crate::current::current_actor;
use crate::foreign::Inheritance;
use crate::permits::Gate;
use crate::pump::Pump;
use crate::root_state::State;
use crate::settled::Watcher;
use crate::settlement::{Outcome, Unanswered};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering::*};
use crate::travel::Origin;
use crate::{Event, Failure, Id, Result};

/// What became of an event that a source admitted. It settles once, when nothing of it is running or
/// held any more.
pub(crate) struct Root {
    id: Id,
    gate: Arc<Gate>,
    /// Whether the source waits for an answer.
    asked: bool,
    /// Boxed, as is the state: most roots need neither.
    origin: Option<Box<Origin>>,
    /// How many receipts there are: while there is one, the root has a permit.
    running: AtomicU32,
    /// How many keep it from settling: all receipts together, and each custody.
    holders: AtomicU32,
    /// What copies and children are charged with now, in bytes.
    bytes: AtomicU64,
    /// The most that they were ever charged with, which the permit holds.
    held: AtomicU64,
    flags: AtomicU16,
    state: Mutex<Option<Box<State>>>,
}

/// How much of one root may be under way, in bytes, before its amplifiers wait.
const AMPLIFIED_BYTES: u64 = 1 << 20;

const ANSWERED: u16 = 1;
const CANCELLED: u16 = 2;
const EXPIRED: u16 = 4;
const FAILED: u16 = 8;
const GAVE_WAY: u16 = 16;
const SETTLED: u16 = 32;
const KEPT: u16 = 64;
/// Settled as delivered, while there was no state to write that into.
const DELIVERED: u16 = 128;
const WATCHED: u16 = 256;

impl Root {
    /// Makes a root that is running, with a permit of `held` bytes, and whose first event is charged with
    /// as much.
    pub(crate) fn new(id: Id, gate: Arc<Gate>, held: u64, asked: bool, origin: Origin) -> Root {
        gate.flow().root_opened();
        Root {
            id,
            gate,
            asked,
            origin: origin.is_some().then(|| Box::new(origin)),
            running: AtomicU32::new(1),
            holders: AtomicU32::new(1),
            bytes: AtomicU64::new(held),
            held: AtomicU64::new(held),
            flags: AtomicU16::new(0),
            state: Mutex::default(),
        }
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    pub(crate) fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(self.state.lock().get_or_insert_default())
    }

    /// Changes the state, and wakes all who wait after the lock is free.
    fn change_and_wake(&self, change: impl FnOnce(&mut State)) {
        let wakers = self.change(|state| {
            change(state);
            std::mem::take(&mut state.wakers)
        });
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.state.lock().as_ref()?.deadline
    }

    pub(crate) fn set_deadline(&self, deadline: Instant) {
        // The first deadline holds: it is the one that the client was promised.
        self.change(|state| _ = state.deadline.get_or_insert(deadline));
    }

    pub(crate) fn cancel(&self) {
        self.flags.fetch_or(CANCELLED, Relaxed);
        self.tell_void();
    }

    pub(crate) fn expire(&self) {
        self.flags.fetch_or(EXPIRED, Relaxed);
        self.tell_void();
    }

    /// Returns whether work for this root would be for nobody. Once answered, the rest runs to its end.
    pub(crate) fn is_void(&self) -> bool {
        if !self.asked {
            return false;
        }
        let flags = self.flags.load(Relaxed);
        flags & (CANCELLED | EXPIRED) != 0 && flags & ANSWERED == 0
    }

    pub(crate) fn is_expired(&self) -> bool {
        self.flags.load(Relaxed) & EXPIRED != 0
    }

    /// Takes the first answer. Returns whether it was wanted: not for a second one, nor for a root whose
    /// source asked for none.
    pub(crate) fn answer(&self, answer: impl FnOnce() -> Event) -> bool {
        if !self.asked || self.flags.fetch_or(ANSWERED, AcqRel) & ANSWERED != 0 {
            return false;
        }
        let answer = answer();
        if let Some(inheritance) = self.inheritance() {
            inheritance.heir.answered(&answer);
        }
        self.change_and_wake(|state| {
            if !state.watchers.is_empty() {
                state.answered = Some(answer.clone());
            }
            state.answer = Some(answer);
        });
        true
    }

    /// Has somebody told what it is answered with and how it ends, who holds nothing of the root.
    pub(crate) fn tell(&self, inheritance: Inheritance) {
        self.flags.fetch_or(WATCHED, Relaxed);
        self.change(|state| state.inheritance = Some(inheritance));
    }

    pub(crate) fn inheritance(&self) -> Option<Inheritance> {
        match self.flags.load(Relaxed) & WATCHED {
            0 => None,
            _ => self.state.lock().as_ref()?.inheritance.clone(),
        }
    }

    pub(crate) fn was_asked(&self) -> bool {
        self.asked
    }

    /// Has a watcher told how it ends. It holds nothing of the root; who calls this does.
    pub(crate) fn watch(&self, watcher: Watcher) {
        self.flags.fetch_or(WATCHED, Relaxed);
        self.change(|state| state.watchers.push(watcher));
    }

    /// Notes that a copy came to a bad end: it is lost, or kept where it can be sent again.
    pub(crate) fn fail(&self, failure: &Failure) {
        let end = if failure.kept { KEPT } else { FAILED };
        self.change(|state| {
            let before = self.flags.fetch_or(end, Relaxed);
            let is_first = state.failure.is_none();
            if is_first || (end == FAILED && before & FAILED == 0) {
                state.failure = Some(failure.clone());
            }
        });
    }

    /// Notes that the event was dropped to make room for a newer one.
    pub(crate) fn give_way(&self) {
        self.flags.fetch_or(GAVE_WAY, Relaxed);
    }

    /// Counts one receipt more. The first after a rest overdraws the permits.
    pub(crate) fn run(&self) {
        if self.running.fetch_add(1, Relaxed) == 0 {
            self.open();
            self.gate.overdraw_root();
        }
    }

    /// Counts one receipt less. With the last one the permit goes back, before the root settles: who
    /// hears of the settlement may emit at once.
    pub(crate) fn rest(self: &Arc<Self>) {
        if self.running.fetch_sub(1, AcqRel) == 1 {
            // The last copy leaves its charge behind; who runs again begins anew.
            self.bytes.store(0, Relaxed);
            self.gate.give_back(self.held.swap(0, Relaxed));
            self.close();
        }
    }

    /// Charges copies and children with more bytes.
    ///
    /// # Errors
    /// Exceeded, if the root may not grow that much; then nothing was charged.
    pub(crate) fn grow(&self, by: u64) -> Result {
        self.grow_if(by, |more| {
            let live = self.running.load(Relaxed) as usize;
            self.gate.may_grow(more, live)
        })
    }

    /// Charges an event that failed with more bytes.
    ///
    /// # Errors
    /// Exceeded, if the root may not even grow that much for it; then nothing was charged.
    pub(crate) fn grow_by_failed(&self, by: u64) -> Result {
        self.grow_if(by, |more| self.gate.may_fail(more))
    }

    fn grow_if(&self, by: u64, may: impl FnOnce(u64) -> Result) -> Result {
        let now = self.bytes.fetch_add(by, Relaxed) + by;
        let more = now.saturating_sub(self.held.load(Relaxed));
        if more == 0 {
            return Ok(());
        }
        if let Err(error) = may(more) {
            self.shrink(by);
            return Err(error);
        }
        let before = self.held.fetch_max(now, Relaxed);
        self.gate.overdraw(now.saturating_sub(before));
        Ok(())
    }

    pub(crate) fn shrink(&self, by: u64) {
        // What was charged before a rest is not counted any more.
        let less = |bytes: u64| Some(bytes.saturating_sub(by));
        let _ = self.bytes.fetch_update(Relaxed, Relaxed, less);
    }

    /// Returns what gives the root's amplifiers their turns.
    pub(crate) fn pump(&self) -> Arc<Pump> {
        self.change(|state| state.pump.get_or_insert_default().clone())
    }

    /// Returns whether amplifiers may make more children before some are done.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes.load(Relaxed) < AMPLIFIED_BYTES && self.gate.has_room()
    }

    /// Returns whether it has as much as it would have if all of its source had the same.
    pub(crate) fn has_its_part(&self) -> bool {
        let share = self.gate.share();
        self.bytes.load(Relaxed) >= (share.bytes / share.roots.max(1)) as u64
    }

    /// Returns whether more than one receipt is left.
    pub(crate) fn is_shared(&self) -> bool {
        self.running.load(Relaxed) > 1
    }

    pub(crate) fn open(&self) {
        self.holders.fetch_add(1, Relaxed);
    }

    pub(crate) fn close(self: &Arc<Self>) {
        if self.holders.fetch_sub(1, AcqRel) > 1 {
            return;
        }
        let flow = self.gate.flow();
        if let Some(trouble) = &flow.trouble
            && self.flags.fetch_or(SETTLED, AcqRel) & SETTLED != 0
        {
            trouble.settled_again.fetch_add(1, Relaxed);
        }
        let is_well = self.flags.load(Relaxed) & (FAILED | KEPT | GAVE_WAY | WATCHED) == 0
            && !flow.is_aborted();
        // Most roots end well and unwatched: the one reference left is the caller's.
        if is_well && (Arc::strong_count(self) == 1 || self.settle_unheard()) {
            return flow.root_settled(&Outcome::Delivered);
        }
        self.settle();
    }

    /// Settles as delivered if nobody waits yet, and returns whether that is so.
    fn settle_unheard(&self) -> bool {
        let state = self.state.lock();
        let is_unheard = state.is_none() && !self.asked;
        if is_unheard {
            self.flags.fetch_or(DELIVERED, Relaxed);
        }
        is_unheard
    }

    fn settle(&self) {
        let flow = self.gate.flow();
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
            (outcome, failure, watchers, state.answered.take())
        });
        for watcher in watchers {
            watcher(&outcome, answer.as_ref());
        }
        if let Some(inheritance) = self.inheritance() {
            inheritance.settled(&outcome, failure.as_ref());
        }
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

    /// Waits until work for this root would be for nobody.
    pub(crate) async fn until_void(&self) {
        if !self.asked {
            return pending().await;
        }
        let void = self.change(|state| state.void.get_or_insert_default().clone());
        loop {
            let mut changed = pin!(void.notified());
            changed.as_mut().enable();
            if self.is_void() {
                return;
            }
            changed.await;
        }
    }

    fn tell_void(&self) {
        if let Some(void) = self.change(|state| state.void.clone()) {
            void.notify_waiters();
        }
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        let state = self.state.lock();
        match &*state {
            Some(state) if state.outcome.is_some() => state.outcome.clone(),
            _ => self.delivered(),
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

    /// Returns the outcome of a root that settled without a state; to be asked under the lock of that.
    fn delivered(&self) -> Option<Outcome> {
        let is_delivered = self.flags.load(Relaxed) & DELIVERED != 0;
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
