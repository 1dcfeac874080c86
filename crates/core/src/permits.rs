//! Flow control at the source: how many roots, and how much memory, may be under way.

use std::sync::Arc;

use tokio::sync::{Mutex, Notify};

use crate::flow_state::FlowState;
use crate::heir::Inheritance;
use crate::limits::{Limits, Refusal};
use crate::purse::Purse;
use crate::sync::atomic::{AtomicI64, AtomicUsize, Ordering::*};
use crate::sync::in_total_order;
use crate::{Error, Result};

/// How many times a source's bytes its children may take, at a push.
const CHILDREN: usize = 2;

/// How many times a source's bytes they may take together with what failed.
const FAILED: usize = 3;

/// The share of one source in the flow's permits, counted in roots and bytes.
///
/// It is a handle, of which there are several: each root refers to one, and if it were the same for all, the thread
/// that makes roots and the one that ends them would take the word that counts the references from each other all the
/// time.
pub(crate) struct Gate {
    balance: Arc<Balance>,
    /// Who is told how the roots end that refer to this handle.
    heir: Option<Inheritance>,
}

struct Balance {
    roots: AtomicI64,
    bytes: AtomicI64,
    share: Limits,
    waiting: AtomicUsize,
    /// How many permits are out for what has not come yet.
    ahead: AtomicI64,
    room: Notify,
    turn: Mutex<()>,
    flow: Arc<FlowState>,
}

impl Gate {
    pub(crate) fn new(flow: Arc<FlowState>, share: Limits) -> Gate {
        let balance = Arc::new(Balance {
            roots: AtomicI64::new(share.roots as i64),
            bytes: AtomicI64::new(share.bytes as i64),
            share,
            waiting: AtomicUsize::new(0),
            ahead: AtomicI64::new(0),
            room: Notify::new(),
            turn: Mutex::const_new(()),
            flow,
        });
        Gate {
            balance,
            heir: None,
        }
    }

    /// Returns another handle of the same share, for roots of whose end this heir is told.
    pub(crate) fn again(&self, heir: Option<Inheritance>) -> Arc<Gate> {
        Arc::new(Gate {
            balance: self.balance.clone(),
            heir,
        })
    }

    /// Returns who is told how the roots of this handle end.
    pub(crate) fn heir(&self) -> Option<&Inheritance> {
        self.heir.as_ref()
    }

    /// Returns whether it is for roots of this heir, or of none.
    pub(crate) fn is_for(&self, heir: Option<&Inheritance>) -> bool {
        match (&self.heir, heir) {
            (None, None) => true,
            (Some(own), Some(heir)) => own.is_of_same(heir),
            _ => false,
        }
    }

    /// Returns whether the roots of this handle came from another process.
    pub(crate) fn is_foreign(&self) -> bool {
        self.heir.as_ref().is_some_and(|heir| heir.is_foreign)
    }

    /// Returns whether two handles are of the same share.
    pub(crate) fn is_same(&self, other: &Gate) -> bool {
        Arc::ptr_eq(&self.balance, &other.balance)
    }

    pub(crate) fn flow(&self) -> &Arc<FlowState> {
        &self.balance.flow
    }

    /// Waits for a permit of `bytes`. Cancel safe: a waiter that is dropped passes its turn on.
    pub(crate) async fn admit(self: &Arc<Self>, bytes: usize) -> Result<Permit, Refusal> {
        // Who comes now must not overtake those who wait, else some of them might wait for ever.
        if self.balance.waiting.load(SeqCst) == 0
            && let Some(permit) = self.try_admit(bytes)?
        {
            return Ok(permit);
        }
        if self.balance.waiting.fetch_add(1, SeqCst) >= self.balance.share.waiting {
            self.balance.waiting.fetch_sub(1, SeqCst);
            return Err(Refusal::Crowded);
        }
        // Who gives a permit back now sees that somebody waits, or is seen to have given it back.
        in_total_order();
        let _waiter = Waiter(self);
        let mut stopping = std::pin::pin!(self.balance.flow.stopping());
        // It is handed on in the order of asking; only who has it waits for room.
        let _turn = tokio::select! {
            biased;
            turn = self.balance.turn.lock() => turn,
            () = &mut stopping => return Err(Refusal::Stopping),
        };
        let mut has_pressed = false;
        loop {
            let mut room = std::pin::pin!(self.balance.room.notified());
            room.as_mut().enable();
            if let Some(permit) = self.try_admit(bytes)? {
                return Ok(permit);
            }
            if !std::mem::replace(&mut has_pressed, true) {
                self.balance.flow.press_holders();
            }
            tokio::select! {
                biased;
                () = room => {}
                () = &mut stopping => return Err(Refusal::Stopping),
            }
        }
    }

    /// Takes a permit of `bytes` if there is room and nobody waits for it.
    pub(crate) fn admit_now(self: &Arc<Self>, bytes: usize) -> Option<Permit> {
        match self.balance.waiting.load(SeqCst) {
            0 => self.try_admit(bytes).ok().flatten(),
            _ => None,
        }
    }

    /// Takes a permit of `bytes` if there is room. The balance has only to be positive, so an event
    /// larger than what is left goes through, and the next one waits until it is paid back.
    pub(crate) fn try_admit(self: &Arc<Self>, bytes: usize) -> Result<Option<Permit>, Refusal> {
        if self.balance.flow.is_stopping() {
            return Err(Refusal::Stopping);
        }
        if bytes > self.balance.share.bytes {
            let limit = self.balance.share.bytes;
            return Err(Refusal::TooLarge { limit });
        }
        let permit = self.try_take(bytes);
        in_total_order();
        // Who looks whether all is done after the stop began either sees this permit or is seen here.
        if self.balance.flow.is_stopping() {
            drop(permit);
            self.balance.flow.quiet.notify_waiters();
            return Err(Refusal::Stopping);
        }
        Ok(permit)
    }

    /// Takes a permit of `bytes` if there is room, even while the flow is stopping: for what is under way
    /// already.
    pub(crate) fn try_take(self: &Arc<Self>, bytes: usize) -> Option<Permit> {
        if self.balance.bytes.load(SeqCst) <= 0 {
            return None;
        }
        let one_less = |free: i64| (free > 0).then_some(free - 1);
        self.balance
            .roots
            .fetch_update(SeqCst, SeqCst, one_less)
            .ok()?;
        self.balance.bytes.fetch_sub(bytes as i64, SeqCst);
        Some(Permit::new(self.clone(), bytes as u64))
    }

    /// Takes permits for at most so many roots of `bytes` each, if there is room, and nobody waits for it.
    pub(crate) fn take_several(
        &self,
        most: usize,
        bytes: usize,
        heir: Option<Inheritance>,
    ) -> Option<Purse> {
        let balance = &*self.balance;
        let free = balance.bytes.load(SeqCst);
        if bytes > balance.share.bytes || free <= 0 || balance.waiting.load(SeqCst) > 0 {
            return None;
        }
        // Others of the flow, such as amplifiers, are left the most of what there is.
        let fit = (free as usize / 4 / bytes.max(1)).clamp(1, most.max(1)) as i64;
        let fewer = |free: i64| (free > 0).then(|| free - free.min(fit));
        let before = balance.roots.fetch_update(SeqCst, SeqCst, fewer).ok()?;
        let (roots, bytes) = (before.min(fit), bytes as i64 * before.min(fit));
        balance.bytes.fetch_sub(bytes, SeqCst);
        let purse = Purse::new(self.again(heir), roots as u64, bytes as u64);
        in_total_order();
        // As for one: they are seen by who looks whether all is done, or the stop is seen here.
        (!balance.flow.is_stopping()).then_some(purse)
    }

    /// Takes room of `bytes` for a root of this heir whether there is any or not: for what has a permit somewhere else.
    pub(crate) fn overdraw_for(&self, heir: Inheritance, bytes: usize) -> Room {
        let bytes = bytes as u64;
        self.overdraw_root();
        self.overdraw(bytes);
        let gate = self.again(Some(heir));
        Room { gate, bytes }
    }

    pub(crate) fn share(&self) -> &Limits {
        &self.balance.share
    }

    /// Checks the caps before a root grows by `more` bytes and to `live` copies and children.
    pub(crate) fn may_grow(&self, more: u64, live: usize) -> Result {
        let share = &self.balance.share;
        if live > share.live {
            let message = format!("a root may have {} live copies and children", share.live);
            return Err(Error::exceeded(message));
        }
        self.may_take(more, CHILDREN)
    }

    /// Checks the cap before a root grows by `more` bytes for an event that failed.
    pub(crate) fn may_fail(&self, more: u64) -> Result {
        self.may_take(more, FAILED)
    }

    fn may_take(&self, more: u64, times: usize) -> Result {
        let share = self.balance.share.bytes as i64;
        let in_use = share - self.balance.bytes.load(Relaxed);
        if in_use + more as i64 <= share.saturating_mul(times as i64) {
            return Ok(());
        }
        let message = format!("the flow holds {times} times the {share} bytes of this source");
        Err(Error::exceeded(message))
    }

    /// Returns the bytes that are never exceeded.
    pub(crate) fn most_bytes(&self) -> usize {
        self.balance.share.bytes.saturating_mul(FAILED)
    }

    /// Takes bytes without waiting.
    pub(crate) fn overdraw(&self, bytes: u64) {
        if bytes > 0 {
            self.balance.bytes.fetch_sub(bytes as i64, SeqCst);
        }
    }

    /// Takes a permit without waiting, for what was held and goes on.
    pub(crate) fn overdraw_root(&self) {
        self.balance.roots.fetch_sub(1, SeqCst);
    }

    /// Takes the permit of a root back.
    pub(crate) fn give_back(&self, bytes: u64) {
        self.give_back_several(1, bytes);
    }

    /// Takes permits back, of `bytes` together.
    pub(crate) fn give_back_several(&self, roots: u64, bytes: u64) {
        self.balance.bytes.fetch_add(bytes as i64, SeqCst);
        let free = self.balance.roots.fetch_add(roots as i64, SeqCst) + roots as i64;
        in_total_order();
        // Who counts a permit out at the same time sees what is given back here, or is seen.
        if free + self.balance.ahead.load(SeqCst) == self.balance.share.roots as i64 {
            self.balance.flow.quiet.notify_waiters();
        }
        self.pass_on();
    }

    /// Counts a permit that is out as one for what has not come yet.
    pub(crate) fn ahead(self: &Arc<Self>) -> Ahead {
        self.balance.ahead.fetch_add(1, SeqCst);
        in_total_order();
        if self.under_way() <= 0 {
            self.balance.flow.quiet.notify_waiters();
        }
        Ahead(self.clone())
    }

    /// Returns for how many roots permits are out that have come.
    pub(crate) fn under_way(&self) -> i64 {
        self.in_use().0 - self.balance.ahead.load(SeqCst)
    }

    /// Returns whether there are bytes left.
    pub(crate) fn has_room(&self) -> bool {
        self.balance.bytes.load(Relaxed) > 0
    }

    /// Returns whether a permit could be had now.
    pub(crate) fn has_permit(&self) -> bool {
        self.balance.roots.load(Relaxed) > 0 && self.has_room()
    }

    fn pass_on(&self) {
        in_total_order();
        let room = self.balance.roots.load(SeqCst) > 0 && self.balance.bytes.load(SeqCst) > 0;
        if room && self.balance.waiting.load(SeqCst) > 0 {
            self.balance.room.notify_one();
        }
    }

    /// Returns the roots and bytes that are out; either may exceed the share.
    pub(crate) fn in_use(&self) -> (i64, i64) {
        (
            self.balance.share.roots as i64 - self.balance.roots.load(SeqCst),
            self.balance.share.bytes as i64 - self.balance.bytes.load(SeqCst),
        )
    }
}

/// Counts a waiter out again, and lets the next one see whether there is room for it too.
struct Waiter<'a>(&'a Gate);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.balance.waiting.fetch_sub(1, SeqCst);
        self.0.pass_on();
    }
}

/// Counts a permit as one for what has not come yet.
pub(crate) struct Ahead(Arc<Gate>);

impl Drop for Ahead {
    fn drop(&mut self) {
        self.0.balance.ahead.fetch_sub(1, SeqCst);
    }
}

/// What a root has of a share, and gives back at its end. Only a root does: dropped without one, it would be lost.
#[must_use]
pub(crate) struct Room {
    pub(crate) gate: Arc<Gate>,
    pub(crate) bytes: u64,
}

/// Room for one root. Dropped before there is one, it goes back.
pub(crate) struct Permit {
    gate: Arc<Gate>,
    bytes: u64,
    /// Whether there is a root, which gives it back.
    is_used: bool,
}

impl Permit {
    pub(crate) fn new(gate: Arc<Gate>, bytes: u64) -> Permit {
        Permit {
            gate,
            bytes,
            is_used: false,
        }
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Gives back what exceeds `bytes`, as a door does when it knows how large the event is.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let surplus = self.bytes.saturating_sub(bytes as u64);
        if surplus > 0 {
            self.bytes -= surplus;
            self.gate.balance.bytes.fetch_add(surplus as i64, SeqCst);
            self.gate.pass_on();
        }
    }

    /// Makes it one for a root of this heir, if there is one.
    pub(crate) fn of(mut self, heir: Option<&Inheritance>) -> Permit {
        if heir.is_some() {
            self.gate = self.gate.again(heir.cloned());
        }
        self
    }

    /// Leaves it to a root to give the room back.
    pub(crate) fn leave(mut self) -> Room {
        self.is_used = true;
        let (gate, bytes) = (self.gate.clone(), self.bytes);
        Room { gate, bytes }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.is_used {
            self.gate.give_back(self.bytes);
        }
    }
}
