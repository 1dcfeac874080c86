//! Events that an actor keeps for a moment.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::context::Context;
use crate::station::Station;
use crate::{Error, ErrorKind, Event, Result, desk};

/// Events that an actor keeps across calls, but only for a moment, such as until what came together was
/// written with one call. They count as under way: their roots keep their permits, and there is no time and no
/// budget of their own. So they must be sent on without waiting for further events, which may not come before;
/// whatever waits for those is [held](crate::Held).
///
/// Those that are dropped unsent take the actor's error path: nothing is lost in silence.
#[must_use = "retained events take the error path when they are dropped unsent"]
pub struct Retained {
    events: Vec<Event>,
    station: Arc<Station>,
    inbox: u16,
}

impl Retained {
    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Looks at one after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.iter()
    }

    /// Adds those that came after these; they count as come by the same inbox.
    pub fn append(&mut self, mut later: Retained) {
        self.events.append(&mut later.events);
    }

    /// Looks at one after the other, and has those take the error path for which that fails, as if
    /// [`consume`](crate::Actor::consume) had failed with them.
    pub fn keep_if_ok(&mut self, mut look: impl FnMut(&Event) -> Result) {
        let mut next = 0;
        while let Some(event) = self.events.get(next) {
            match look(event) {
                Ok(()) => next += 1,
                Err(error) => {
                    let event = self.events.remove(next);
                    // What was sent before must not be overtaken.
                    desk::flush(&self.station);
                    self.fail_one(event, error);
                }
            }
        }
    }

    /// Has all of them fail, as if [`consume`](crate::Actor::consume) had failed with each: where the actor has a
    /// [retry](crate::Retry) they are tried again.
    pub fn fail(mut self, error: &Error) {
        // What was sent before must not be overtaken.
        desk::flush(&self.station);
        for event in std::mem::take(&mut self.events) {
            self.fail_one(event, error.clone());
        }
    }

    fn fail_one(&self, event: Event, error: Error) {
        self.station.note_breaker(Some(&error));
        self.station.fail(self.inbox, event, error);
    }

    /// Gives the events back to be sent on one by one. Who drops one of them then ends it.
    pub fn release(mut self) -> Vec<Event> {
        if self.station.breaker.is_some() {
            let told = |_| self.station.note_breaker(None);
            self.events.iter().for_each(told);
        }
        std::mem::take(&mut self.events)
    }

    /// Sends each to every outbox.
    ///
    /// # Errors
    /// Why one could not be sent, which took the error path; the others are sent all the same.
    pub fn send(self, ctx: &Context) -> Result {
        ctx.note_sent();
        if ctx.station.outboxes().all.is_empty() {
            ctx.station.end_all(self.release());
            return Ok(());
        }
        let (station, links) = (ctx.station.clone(), &ctx.station.outboxes().all);
        let mut all = Ok(());
        for event in self.release() {
            if let Err(rejected) = ctx.deliver(event, links, "*") {
                // Also one that is being consumed: it was retained, and who does that has no more to do with it.
                desk::flush(&station);
                station.route_error(rejected.event, rejected.error.clone());
                all = all.and(Err(rejected.error));
            }
        }
        all
    }
}

impl Drop for Retained {
    fn drop(&mut self) {
        if self.events.is_empty() {
            return;
        }
        // What was sent before must not be overtaken.
        desk::flush(&self.station);
        let error = match std::thread::panicking() {
            true => {
                let message = "the actor panicked before the event was sent on";
                Error::new(ErrorKind::Panicked, message)
            }
            false => Error::internal("a retained event was dropped without being sent on"),
        };
        for event in self.events.drain(..) {
            let inbox = Some(self.inbox);
            self.station.note_breaker(Some(&error));
            self.station.route_error_of(inbox, event, error.clone());
        }
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
        // How it fares is told when it is sent or fails.
        self.has_spawned.store(true, Relaxed);
        Ok(self.retain_all(vec![event]))
    }

    /// Keeps events that have come by the present inbox.
    pub(crate) fn retain_all(&self, events: Vec<Event>) -> Retained {
        Retained {
            events,
            station: self.station.clone(),
            inbox: self.inbox,
        }
    }
}
