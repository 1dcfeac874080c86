//! Events that an actor keeps across calls.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::context::Context;
use crate::lot::{Lot, Ticket};
use crate::payload::Payload;
use crate::receipt::Receipt;
use crate::station::Station;
use crate::{Error, Event, Result, desk};

/// An event that an actor keeps across calls. Its root does not settle meanwhile, but has its permit
/// back as soon as nothing else of it is running: the event is charged to the actor's own budget
/// ([`Limits::held_bytes`](crate::Limits::held_bytes)).
///
/// Release it to send it on. If its time is over before that, it takes the actor's error path as a
/// time-out; if it is dropped unreleased, as an internal error: nothing is lost in silence.
#[must_use = "a held event takes the error path when it is dropped unreleased"]
pub struct Held {
    /// A copy, to look at.
    event: Event,
    ticket: Ticket,
    station: Arc<Station>,
}

impl Held {
    /// Returns the event, to look at.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Gives the event back to be sent on, unless its time is over: then it has taken the error path.
    pub fn release(mut self) -> Option<Event> {
        // The one that is given back can then be changed without a copy.
        self.event = Event::default();
        Some(self.station.lot.take(self.ticket)?.release())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(parked) = self.station.lot.take(self.ticket) else {
            return;
        };
        let error = Error::internal("a held event was dropped without being sent on");
        // What was sent before must not be overtaken.
        desk::flush(&self.station);
        self.station.route_error(parked.release(), error);
    }
}

impl Context {
    /// Keeps an event across calls of `consume`, for as long as
    /// [`Limits::held_for`](crate::Limits::held_for) allows.
    ///
    /// # Errors
    /// Exceeded, if the actor holds as many bytes as it may.
    pub fn hold(&self, event: Event) -> Result<Held> {
        self.hold_for(event, self.station.flow.limits.held_for)
    }

    /// Keeps an event across calls of `consume`, at most for `time`; then it takes the error path.
    ///
    /// # Errors
    /// Exceeded, if the actor holds as many bytes as it may.
    pub fn hold_for(&self, mut event: Event, time: Duration) -> Result<Held> {
        self.adopt(&mut event, "hold")?;
        if self.station.keeps_order() {
            let error = Error::internal(
                "an actor cannot hold events in a pool whose events leave in the order in which they came",
            );
            return Err(self.refuse(event, error));
        }
        match Lot::park(&self.station, event, Instant::now() + time) {
            Ok((ticket, event)) => {
                self.note_sent();
                Ok(Held {
                    event,
                    ticket,
                    station: self.station.clone(),
                })
            }
            Err(refused) => {
                let (event, error) = *refused;
                Err(self.refuse(event, error))
            }
        }
    }

    /// Unites held events in one new event that answers for all of their roots. It is a child of the
    /// first, and has its attributes. Those whose time is over are left out.
    pub fn merge(
        &self,
        held: impl IntoIterator<Item = Held>,
        payload: impl Into<Payload>,
    ) -> Event {
        self.merge_with(held, |_| payload.into())
    }

    /// Unites held events as [`merge`](Context::merge) does, with a payload that is made of those that are
    /// not left out.
    pub fn merge_with(
        &self,
        held: impl IntoIterator<Item = Held>,
        make: impl FnOnce(&[Event]) -> Payload,
    ) -> Event {
        let mut events: Vec<Event> = held.into_iter().filter_map(Held::release).collect();
        // Each failure is its own root's; the merged event starts without a mark.
        for event in &mut events {
            if let Some(failure) = event.error() {
                event.receipt().fail(failure);
                *event = std::mem::take(event).recovered();
            }
        }
        let payload = make(&events);
        let receipts = events.iter_mut().map(Event::take_receipt);
        let receipt = Receipt::merge(receipts.collect());
        let count = events.len() as u64;
        let mut merged = events.into_iter().next().unwrap_or_default();
        merged.set_id(merged.id().child(self.actor(), "merge", count));
        merged.set_receipt(receipt);
        merged.with(payload)
    }
}
