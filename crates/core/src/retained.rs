//! Events that an actor keeps for a moment.

use std::sync::Arc;

use crate::context::Context;
use crate::station::Station;
use crate::{Error, Event, Result, desk};

/// An event that an actor keeps across calls, but only for a moment, such as until what came together was
/// written with one call. It counts as under way: its root keeps its permit, and there is no time and no
/// budget of its own. So it must be released without waiting for further events, which may not come before;
/// whatever waits for those is [held](crate::Held).
///
/// If it is dropped unreleased, the event takes the actor's error path: nothing is lost in silence.
#[must_use = "a retained event takes the error path when it is dropped unreleased"]
pub struct Retained {
    event: Option<Event>,
    station: Arc<Station>,
}

impl Retained {
    /// Gives the event back to be sent on.
    pub fn release(mut self) -> Event {
        self.event.take().unwrap_or_default()
    }
}

impl Drop for Retained {
    fn drop(&mut self) {
        let Some(event) = self.event.take() else {
            return;
        };
        let error = Error::internal("a retained event was dropped without being sent on");
        // What was sent before must not be overtaken.
        desk::flush(&self.station);
        self.station.route_error(event, error);
    }
}

impl Context {
    /// Keeps an event for a moment; see [`Retained`].
    ///
    /// # Errors
    /// Internal, in a pool whose events leave in the order in which they came.
    pub fn retain(&self, mut event: Event) -> Result<Retained> {
        self.adopt(&mut event, "retain")?;
        if self.station.keeps_order() {
            let error = Error::internal(
                "an actor cannot keep events in a pool whose events leave in the order in which they came",
            );
            return Err(self.refuse(event, error));
        }
        self.note_sent();
        Ok(Retained {
            event: Some(event),
            station: self.station.clone(),
        })
    }
}
