//! How many of a root's children are under way at a time.
//!
//! An amplifier hands over an iterator, which is pulled as room allows. With amplifiers behind amplifiers
//! the newest iterator is pulled first, as in a walk through a tree in depth, so that what is under way
//! does not multiply. There is no queue to be full, hence nothing to wait for in a circle: whenever
//! nothing else of a root makes progress, the newest iterator is pulled even without room.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::receipt::Receipt;

/// Gives the amplifiers of one root their turns, one at a time.
#[derive(Default)]
pub(crate) struct Pump(Mutex<State>);

#[derive(Default)]
struct State {
    /// Parts behind which no amplifier waits: they make progress by themselves.
    moving: usize,
    /// Whether an amplifier has its turn.
    taken: bool,
    /// The amplifiers that wait, the newest last.
    waiting: Vec<Arc<Notify>>,
}

impl Pump {
    /// Waits until more may come of what `receipt` answers for. Cancel safe: who stops waiting passes its
    /// turn on.
    pub(crate) async fn turn<'a>(self: &'a Arc<Self>, receipt: &'a Receipt) -> Turn<'a> {
        let mut turn = Turn {
            pump: self,
            receipt,
            granted: Arc::new(Notify::new()),
            is_waiting: true,
        };
        self.0.lock().waiting.push(turn.granted.clone());
        receipt.each_part(&mut |part| part.stand_still());
        self.pass_on(receipt);
        turn.granted.notified().await;
        turn.stop_waiting();
        turn
    }

    /// Returns whether no amplifier waits, so that who comes now overtakes none.
    pub(crate) fn is_free(&self) -> bool {
        self.0.lock().waiting.is_empty()
    }

    /// Gives the newest its turn if there is room, or if nothing else makes progress.
    fn pass_on(&self, receipt: &Receipt) {
        let mut state = self.0.lock();
        if !state.taken && (state.moving == 0 || receipt.has_room()) {
            let newest = state.waiting.pop();
            state.taken = newest.is_some();
            newest.inspect(|newest| newest.notify_one());
        }
    }
}

/// The right of an amplifier to pull, or its place among those that wait for it.
pub(crate) struct Turn<'a> {
    pump: &'a Arc<Pump>,
    receipt: &'a Receipt,
    granted: Arc<Notify>,
    is_waiting: bool,
}

impl Turn<'_> {
    /// Makes a part for the children that are pulled now.
    pub(crate) fn part(&self) -> Arc<Part> {
        self.pump.0.lock().moving += 1;
        Arc::new(Part {
            receipt: self.receipt.clone(),
            pump: self.pump.clone(),
            waiting_behind: AtomicUsize::new(0),
        })
    }

    fn stop_waiting(&mut self) {
        self.is_waiting = false;
        self.receipt.each_part(&mut |part| part.move_on());
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.is_waiting {
            self.stop_waiting();
        }
        let mut state = self.pump.0.lock();
        let place = state
            .waiting
            .iter()
            .position(|other| Arc::ptr_eq(other, &self.granted));
        match place {
            Some(place) => _ = state.waiting.remove(place),
            None => state.taken = false,
        }
        drop(state);
        self.pump.pass_on(self.receipt);
    }
}

/// Children that were pulled together. Their receipts are copies of this part, so that its end tells that
/// all of them, and all that came of them, are done.
pub(crate) struct Part {
    receipt: Receipt,
    pump: Arc<Pump>,
    /// How many amplifiers wait that work on descendants of this part; changed under the pump's lock.
    waiting_behind: AtomicUsize,
}

impl Part {
    /// Returns the receipt of the event that the children came of.
    pub(crate) fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    fn stand_still(&self) {
        let mut state = self.pump.0.lock();
        if self.waiting_behind.fetch_add(1, Relaxed) == 0 {
            state.moving -= 1;
            drop(state);
            self.pump.pass_on(&self.receipt);
        }
    }

    fn move_on(&self) {
        let mut state = self.pump.0.lock();
        if self.waiting_behind.fetch_sub(1, Relaxed) == 1 {
            state.moving += 1;
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // No amplifier waits behind it: that would keep it.
        self.pump.0.lock().moving -= 1;
        self.pump.pass_on(&self.receipt);
    }
}
