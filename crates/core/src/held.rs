//! Events that an actor keeps across calls.

use std::sync::Arc;

use crate::context::Context;
use crate::payload::Payload;
use crate::receipt::{Custody, Receipt};
use crate::station::Station;
use crate::{Error, Event};

/// An event that an actor keeps across calls. Its root does not settle meanwhile, but has its permit
/// back as soon as nothing else of it is running.
///
/// Release it to send it on. Dropped unreleased it fails its root: nothing is lost in silence.
#[must_use = "a held event fails its root when it is dropped unreleased"]
pub struct Held {
    event: Event,
    custody: Option<Custody>,
    station: Arc<Station>,
}

impl Held {
    /// Returns the event, to look at.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Gives the event back to be sent on.
    pub fn release(mut self) -> Event {
        let mut event = std::mem::take(&mut self.event);
        if let Some(custody) = self.custody.take() {
            event.set_receipt(custody.release());
        }
        event
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(custody) = &self.custody {
            let error = Error::internal("a held event was dropped without being sent on");
            custody.fail(&error, &self.station.name);
        }
    }
}

impl Context {
    /// Keeps an event across calls of `consume`.
    pub fn hold(&self, mut event: Event) -> Held {
        self.note_sent();
        let receipt = event.take_receipt();
        Held {
            custody: receipt.is_some().then(|| Custody::of(&receipt)),
            event,
            station: self.station.clone(),
        }
    }

    /// Unites held events in one new event that answers for all of their roots. It is a child of the
    /// first, and has its attributes.
    pub fn merge(
        &self,
        held: impl IntoIterator<Item = Held>,
        payload: impl Into<Payload>,
    ) -> Event {
        let mut events: Vec<Event> = held.into_iter().map(Held::release).collect();
        // Each failure is its own root's; the merged event starts without a mark.
        for event in &mut events {
            if let Some(failure) = event.error() {
                event.receipt().fail(failure);
                *event = std::mem::take(event).recovered();
            }
        }
        let receipts = events.iter_mut().map(Event::take_receipt);
        let receipt = Receipt::merge(receipts.collect());
        let count = events.len() as u64;
        let mut merged = events.into_iter().next().unwrap_or_default();
        merged.set_id(merged.id().child(self.actor(), "merge", count));
        merged.set_receipt(receipt);
        merged.with(payload)
    }
}
