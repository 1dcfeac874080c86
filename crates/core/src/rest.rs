//! What waits, and has no permit meanwhile.

use crate::Event;
use crate::receipt::Custody;

/// Keeps the roots of an event, and its places in groups, from being free, while nothing of it is running here: it has no
/// permit. Nothing is charged for it; who keeps many sees to it that they are bounded by something else.
pub struct Rest {
    /// Without its receipt it owes nothing to anybody.
    event: Event,
    custody: Custody,
}

impl Rest {
    /// Makes the rest of an event that is running. The permit goes back when that, and all else of its roots, is dropped.
    pub fn of(event: &Event) -> Rest {
        // A copy, so that this ends nothing.
        let mut own = event.clone();
        drop(own.take_receipt());
        Rest {
            event: own,
            custody: Custody::of(event.receipt()),
        }
    }

    /// Returns the event, to look at.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Makes another rest of the same.
    #[must_use]
    pub fn another(&self) -> Rest {
        Rest {
            event: self.event.clone(),
            custody: self.custody.another(),
        }
    }

    /// Puts the event back on its way; its permit is overdrawn if need be.
    pub fn wake(self) -> Event {
        let mut event = self.event;
        event.set_receipt(self.custody.release());
        event
    }
}
