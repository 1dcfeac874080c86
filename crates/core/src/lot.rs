//! Where the events wait that an actor holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::current::AsActor;
use crate::receipt::Custody;
use crate::station::Station;
use crate::{ByteSize, Error, Event, Result};

/// The events that an actor holds, those first whose time is over first.
#[derive(Default)]
pub(crate) struct Lot {
    state: Mutex<State>,
    /// Notified when an event was added whose time is over before that of all others.
    earlier: Notify,
}

#[derive(Default)]
struct State {
    parked: BTreeMap<Ticket, Parked>,
    bytes: usize,
    tickets: u64,
    /// Whether somebody looks after those whose time is over.
    is_watched: bool,
}

/// Finds a parked event again: when its time is over, and a number.
pub(crate) type Ticket = (Instant, u64);

/// An event without its receipt, and what keeps its root from settling meanwhile.
pub(crate) struct Parked {
    event: Event,
    custody: Custody,
    bytes: usize,
}

impl Parked {
    /// Puts the event back on its way.
    pub(crate) fn release(mut self) -> Event {
        self.event.set_receipt(self.custody.release());
        self.event
    }
}

impl Lot {
    /// Parks an event until it is taken out or its time is over. Returns a copy to look at as well.
    ///
    /// # Errors
    /// Exceeded, if all that is parked would exceed `limit` bytes; then the event is given back.
    pub(crate) fn park(
        station: &Arc<Station>,
        mut event: Event,
        until: Instant,
    ) -> Result<(Ticket, Event), Box<(Event, Error)>> {
        let lot = &station.lot;
        let limit = station.flow.limits.held_bytes / station.instances();
        let bytes = event.cost();
        let mut state = lot.state.lock();
        if state.bytes + bytes > limit {
            let message = format!(
                "the actor holds as much as it may, {}: `limits: {{ held_bytes: … }}` allows more",
                ByteSize(limit)
            );
            return Err(Box::new((event, Error::exceeded(message))));
        }
        let was_half_full = state.bytes > limit / 2;
        state.bytes += bytes;
        state.tickets += 1;
        let ticket = (until, state.tickets);
        let receipt = event.take_receipt();
        let parked = Parked {
            // Shares the content: without a receipt it owes nothing to anybody.
            event: event.clone(),
            custody: Custody::of(&receipt),
            bytes,
        };
        state.parked.insert(ticket, parked);
        let is_first = state.parked.keys().next() == Some(&ticket);
        let is_watched = std::mem::replace(&mut state.is_watched, true);
        let is_half_full = state.bytes > limit / 2;
        drop(state);
        if !is_watched {
            station.flow.add_holder(station);
            let watch = AsActor::new(station.name.clone(), watch(station.clone()));
            station.flow.spawner.spawn(watch);
        } else if is_first {
            lot.earlier.notify_one();
        }
        // Not under the lock: the permit that goes back wakes others.
        drop(receipt);
        if is_half_full && !was_half_full {
            station.press();
        }
        Ok((ticket, event))
    }

    /// Takes an event out, if its time is not over.
    pub(crate) fn take(&self, ticket: Ticket) -> Option<Parked> {
        let mut state = self.state.lock();
        let parked = state.parked.remove(&ticket)?;
        state.bytes -= parked.bytes;
        Some(parked)
    }

    fn first(&self) -> Option<Ticket> {
        self.state.lock().parked.keys().next().copied()
    }

    /// Returns how many events are parked, and their bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.parked.len(), state.bytes)
    }
}

/// Sends those whose time is over the error path.
async fn watch(station: Arc<Station>) {
    loop {
        let Some(first) = station.lot.first() else {
            station.lot.earlier.notified().await;
            continue;
        };
        tokio::select! {
            () = tokio::time::sleep_until(first.0) => {}
            () = station.lot.earlier.notified() => continue,
        }
        if let Some(parked) = station.lot.take(first) {
            station.expire(parked.release());
        }
    }
}
