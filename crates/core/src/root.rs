//! The state that all copies and children of one admitted event share.

mod settling;

use std::collections::BTreeMap;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::task::Waker;

use tokio::time::Instant;

use crate::heir::Inheritance;
use crate::permits::{Gate, Room};
use crate::pump::Pump;
use crate::root_state::State;
use crate::settled::Watcher;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, Ordering::*};
use crate::travel::Origin;
use crate::{Event, Failure, Id, Result};

/// What became of an event that a source admitted. It settles once, when nothing of it is running or
/// held any more.
pub(crate) struct Root {
    id: Id,
    gate: Arc<Gate>,
    /// The number by which its heir knows it.
    call: u64,
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
/// There is a state, for instance since it failed, or somebody waits.
const STATED: u16 = 512;
/// Its heir has what is left of it, and need not be told.
const LEFT: u16 = 1024;
/// Somebody held something of it, and may still.
const HELD: u16 = 2048;
/// What keeps a root from ending without anybody being told.
const HEEDED: u16 = GAVE_WAY | SETTLED | STATED | LEFT;

impl Root {
    /// Makes a root that is running, was counted as opened, and whose first event is charged with all of its room. Its heir, if the
    /// room has one, knows it by the number `call`.
    pub(crate) fn new(id: Id, room: Room, call: u64, asked: bool, origin: Origin) -> Root {
        let held = room.bytes;
        Root {
            id,
            gate: room.gate,
            call,
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

    /// Returns the bytes that the permit holds.
    pub(crate) fn held(&self) -> u64 {
        self.held.load(Relaxed)
    }

    pub(crate) fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        change(state.get_or_insert_with(|| {
            self.flags.fetch_or(STATED, AcqRel);
            Box::default()
        }))
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
        match self.flags.load(Acquire) & STATED {
            0 => None,
            _ => self.state.lock().as_ref()?.deadline,
        }
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
            inheritance.heir.answered(self.call, &answer);
        }
        self.change_and_wake(|state| {
            if !state.watchers.is_empty() {
                state.answered = Some(answer.clone());
            }
            state.answer = Some(answer);
        });
        true
    }

    /// Returns who is told what it is answered with and how it ends, by its [`call`](Root::call).
    pub(crate) fn inheritance(&self) -> Option<&Inheritance> {
        self.gate.heir()
    }

    pub(crate) fn call(&self) -> u64 {
        self.call
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
            // What can be made again is told rather than what cannot: better twice than not at all.
            let is_cut_short = end == FAILED && failure.error.is_cut_short();
            if is_first || (end == FAILED && before & FAILED == 0) || is_cut_short {
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
            self.gate().overdraw_root();
            if let Some(inheritance) = self.inheritance() {
                inheritance.heir.runs(self.call);
            }
        }
    }

    /// Charges copies and children with more bytes.
    ///
    /// # Errors
    /// Exceeded, if the root may not grow that much; then nothing was charged.
    pub(crate) fn grow(&self, by: u64) -> Result {
        self.grow_if(by, |more| {
            let live = self.running.load(Relaxed) as usize;
            self.gate().may_grow(more, live)
        })
    }

    /// Charges an event that failed with more bytes.
    ///
    /// # Errors
    /// Exceeded, if the root may not even grow that much for it; then nothing was charged.
    pub(crate) fn grow_by_failed(&self, by: u64) -> Result {
        self.grow_if(by, |more| self.gate().may_fail(more))
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
        self.gate().overdraw(now.saturating_sub(before));
        Ok(())
    }

    /// Charges what has a permit somewhere else with more bytes, whether there is room or not.
    pub(crate) fn overgrow(&self, by: u64) {
        let _ = self.grow_if(by, |_| Ok(()));
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
        self.bytes.load(Relaxed) < AMPLIFIED_BYTES && self.gate().has_room()
    }

    /// Returns whether it has as much as it would have if all of its source had the same.
    pub(crate) fn has_its_part(&self) -> bool {
        let share = self.gate().share();
        self.bytes.load(Relaxed) >= (share.bytes / share.roots.max(1)) as u64
    }

    /// Returns whether more than one receipt is left.
    pub(crate) fn is_shared(&self) -> bool {
        self.running.load(Relaxed) > 1
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

    /// Has a function called when work for this root would be for nobody, or now if it is. Returns the number by which it is
    /// forgotten.
    pub(crate) fn on_void(&self, tell: Box<dyn FnOnce() + Send>) -> u64 {
        if !self.asked {
            return 0;
        }
        let number = self.change(|state| {
            state.listened += 1;
            state.on_void.insert(state.listened, tell);
            state.listened
        });
        if self.is_void() {
            self.tell_void();
        }
        number
    }

    pub(crate) fn forget(&self, number: u64) {
        if self.asked {
            let forgotten = self.change(|state| state.on_void.remove(&number));
            drop(forgotten);
        }
    }

    fn tell_void(&self) {
        let is_void = self.is_void();
        let (void, told) = self.change(|state| {
            let told = match is_void {
                true => std::mem::take(&mut state.on_void),
                false => BTreeMap::new(),
            };
            (state.void.clone(), told)
        });
        told.into_values().for_each(|tell| tell());
        if let Some(void) = void {
            void.notify_waiters();
        }
    }
}
