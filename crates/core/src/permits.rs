//! Flow control at the source: how many roots, and how much memory, may be under way.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};

use crate::flow_state::FlowState;
use crate::sync::atomic::{AtomicI64, AtomicUsize, Ordering::*};
use crate::sync::in_total_order;
use crate::{Error, Result};

/// Bounds what a flow holds in flight. The defaults suit most flows.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Roots under way at the same time; 1,024 by default. Each source has an equal, guaranteed share.
    pub roots: usize,
    /// Bytes under way at the same time; 64 MiB by default, shared likewise. Children may overdraw it by
    /// as much again, beyond which they take the error path, and what failed by as much once more, beyond
    /// which it is not tried again and ends in the log; so never more than three times as many are under
    /// way. Admission stays shut until the balance is positive.
    pub bytes: usize,
    /// Live copies and children that one root may have; 65,536 by default.
    pub live: usize,
    /// Links that an event and its ancestors may pass; 1,000 by default, at most 1,048,575.
    pub hops: u32,
    /// Bytes that one actor may hold across calls, beside those under way; 64 MiB by default.
    pub held_bytes: usize,
    /// How long an actor may hold an event; 10 minutes by default.
    pub held_for: Duration,
    /// Requests that may wait for a permit at one source; 16,384 by default. One that waits costs little
    /// beside its connection.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            roots: 1024,
            bytes: 64 << 20,
            live: 65_536,
            hops: 1_000,
            held_bytes: 64 << 20,
            held_for: Duration::from_secs(600),
            waiting: 16_384,
        }
    }
}

/// Says why a source may not admit an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The flow is stopping.
    Stopping,
    /// The event is larger than the source's whole share of the flow's budget.
    TooLarge {
        /// The share, in bytes.
        limit: usize,
    },
    /// Too many wait for a permit already.
    Crowded,
}

impl Limits {
    /// Returns the limits of so many flows together.
    pub(crate) fn times(&self, flows: usize) -> Limits {
        Limits {
            roots: self.roots.saturating_mul(flows.max(1)),
            bytes: self.bytes.saturating_mul(flows.max(1)),
            ..self.clone()
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Stopping => f.write_str("the flow is stopping"),
            Refusal::TooLarge { limit } => {
                write!(
                    f,
                    "the event exceeds the {limit} bytes that may be in flight"
                )
            }
            Refusal::Crowded => f.write_str("too many requests are waiting already"),
        }
    }
}

impl std::error::Error for Refusal {}

/// How many times a source's bytes its children may take, at a push.
const CHILDREN: usize = 2;

/// How many times a source's bytes they may take together with what failed.
const FAILED: usize = 3;

/// The share of one source in the flow's permits, counted in roots and bytes.
pub(crate) struct Gate {
    roots: AtomicI64,
    bytes: AtomicI64,
    share: Limits,
    waiting: AtomicUsize,
    room: Notify,
    turn: Mutex<()>,
    flow: Arc<FlowState>,
}

impl Gate {
    pub(crate) fn new(flow: Arc<FlowState>, share: Limits) -> Gate {
        Gate {
            roots: AtomicI64::new(share.roots as i64),
            bytes: AtomicI64::new(share.bytes as i64),
            share,
            waiting: AtomicUsize::new(0),
            room: Notify::new(),
            turn: Mutex::const_new(()),
            flow,
        }
    }

    pub(crate) fn flow(&self) -> &Arc<FlowState> {
        &self.flow
    }

    /// Waits for a permit of `bytes`. Cancel safe: a waiter that is dropped passes its turn on.
    pub(crate) async fn admit(self: &Arc<Self>, bytes: usize) -> Result<Permit, Refusal> {
        // Who comes now must not overtake those who wait, else some of them might wait for ever.
        if self.waiting.load(SeqCst) == 0
            && let Some(permit) = self.try_admit(bytes)?
        {
            return Ok(permit);
        }
        if self.waiting.fetch_add(1, SeqCst) >= self.share.waiting {
            self.waiting.fetch_sub(1, SeqCst);
            return Err(Refusal::Crowded);
        }
        // Who gives a permit back now sees that somebody waits, or is seen to have given it back.
        in_total_order();
        let _waiter = Waiter(self);
        let mut stopping = std::pin::pin!(self.flow.stopping());
        // It is handed on in the order of asking; only who has it waits for room.
        let _turn = tokio::select! {
            biased;
            turn = self.turn.lock() => turn,
            () = &mut stopping => return Err(Refusal::Stopping),
        };
        let mut has_pressed = false;
        loop {
            let mut room = std::pin::pin!(self.room.notified());
            room.as_mut().enable();
            if let Some(permit) = self.try_admit(bytes)? {
                return Ok(permit);
            }
            if !std::mem::replace(&mut has_pressed, true) {
                self.flow.press_holders();
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
        match self.waiting.load(SeqCst) {
            0 => self.try_admit(bytes).ok().flatten(),
            _ => None,
        }
    }

    /// Takes a permit of `bytes` if there is room. The balance has only to be positive, so an event
    /// larger than what is left goes through, and the next one waits until it is paid back.
    pub(crate) fn try_admit(self: &Arc<Self>, bytes: usize) -> Result<Option<Permit>, Refusal> {
        if self.flow.is_stopping() {
            return Err(Refusal::Stopping);
        }
        if bytes > self.share.bytes {
            let limit = self.share.bytes;
            return Err(Refusal::TooLarge { limit });
        }
        let permit = self.try_take(bytes);
        in_total_order();
        // Who looks whether all is done after the stop began either sees this permit or is seen here.
        if self.flow.is_stopping() {
            drop(permit);
            self.flow.quiet.notify_waiters();
            return Err(Refusal::Stopping);
        }
        Ok(permit)
    }

    /// Takes a permit of `bytes` if there is room, even while the flow is stopping: for what is under way
    /// already.
    pub(crate) fn try_take(self: &Arc<Self>, bytes: usize) -> Option<Permit> {
        if self.bytes.load(SeqCst) <= 0 {
            return None;
        }
        let one_less = |free: i64| (free > 0).then_some(free - 1);
        self.roots.fetch_update(SeqCst, SeqCst, one_less).ok()?;
        self.bytes.fetch_sub(bytes as i64, SeqCst);
        Some(Permit {
            gate: Some(self.clone()),
            bytes: bytes as u64,
        })
    }

    /// Takes a permit of `bytes` whether there is room or not: for what has one somewhere else.
    pub(crate) fn take_always(self: &Arc<Self>, bytes: usize) -> Permit {
        self.overdraw_root();
        self.overdraw(bytes as u64);
        Permit {
            gate: Some(self.clone()),
            bytes: bytes as u64,
        }
    }

    pub(crate) fn share(&self) -> &Limits {
        &self.share
    }

    /// Checks the caps before a root grows by `more` bytes and to `live` copies and children.
    pub(crate) fn may_grow(&self, more: u64, live: usize) -> Result {
        let share = &self.share;
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
        let share = self.share.bytes as i64;
        let in_use = share - self.bytes.load(Relaxed);
        if in_use + more as i64 <= share.saturating_mul(times as i64) {
            return Ok(());
        }
        let message = format!("the flow holds {times} times the {share} bytes of this source");
        Err(Error::exceeded(message))
    }

    /// Returns the bytes that are never exceeded.
    pub(crate) fn most_bytes(&self) -> usize {
        self.share.bytes.saturating_mul(FAILED)
    }

    /// Takes bytes without waiting.
    pub(crate) fn overdraw(&self, bytes: u64) {
        if bytes > 0 {
            self.bytes.fetch_sub(bytes as i64, SeqCst);
        }
    }

    /// Takes a permit without waiting, for what was held and goes on.
    pub(crate) fn overdraw_root(&self) {
        self.roots.fetch_sub(1, SeqCst);
    }

    /// Takes the permit of a root back.
    pub(crate) fn give_back(&self, bytes: u64) {
        self.bytes.fetch_add(bytes as i64, SeqCst);
        let free = self.roots.fetch_add(1, SeqCst) + 1;
        if free == self.share.roots as i64 {
            self.flow.quiet.notify_waiters();
        }
        self.pass_on();
    }

    /// Returns whether there are bytes left.
    pub(crate) fn has_room(&self) -> bool {
        self.bytes.load(Relaxed) > 0
    }

    /// Returns whether a permit could be had now.
    pub(crate) fn has_permit(&self) -> bool {
        self.roots.load(Relaxed) > 0 && self.has_room()
    }

    fn pass_on(&self) {
        in_total_order();
        let room = self.roots.load(SeqCst) > 0 && self.bytes.load(SeqCst) > 0;
        if room && self.waiting.load(SeqCst) > 0 {
            self.room.notify_one();
        }
    }

    /// Returns the roots and bytes that are out; either may exceed the share.
    pub(crate) fn in_use(&self) -> (i64, i64) {
        (
            self.share.roots as i64 - self.roots.load(SeqCst),
            self.share.bytes as i64 - self.bytes.load(SeqCst),
        )
    }
}

/// Counts a waiter out again, and lets the next one see whether there is room for it too.
struct Waiter<'a>(&'a Gate);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, SeqCst);
        self.0.pass_on();
    }
}

/// Room for one root, before there is one. Dropped unused, it goes back.
pub(crate) struct Permit {
    gate: Option<Arc<Gate>>,
    bytes: u64,
}

impl Permit {
    /// Gives back what exceeds `bytes`, as a door does when it knows how large the event is.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let surplus = self.bytes.saturating_sub(bytes as u64);
        if let (Some(gate), 1..) = (&self.gate, surplus) {
            self.bytes -= surplus;
            gate.bytes.fetch_add(surplus as i64, SeqCst);
            gate.pass_on();
        }
    }

    /// Leaves it to a receipt to give the bytes back.
    pub(crate) fn into_held(mut self) -> u64 {
        self.gate = None;
        self.bytes
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(gate) = &self.gate {
            gate.give_back(self.bytes);
        }
    }
}
