//! From an outbox to an inbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::answer::Answers;
use crate::best_effort::Detour;
use crate::in_place::InPlaceStation;
use crate::inbox::Inbox;
use crate::port::Port;
use crate::seat::Seat;
use crate::tap::Probe;
use crate::{Event, Failure};

/// Carries events from an outbox to an inbox of the same process.
pub(crate) struct Link {
    pub(crate) outbox: Port,
    pub(crate) to: Arc<str>,
    target: Target,
    /// The inbox's number at the receiving actor.
    inbox: u16,
    /// Events on error links are never skipped.
    from_error: bool,
    /// What a best-effort link does first.
    detour: Option<Detour>,
    /// Who looks at what passes; boxed, since there is hardly ever one.
    probe: Option<Box<Probe>>,
    passed: AtomicU64,
    refused: AtomicU64,
}

/// Who takes the events over.
pub(crate) enum Target {
    /// An actor with a task of its own.
    Inbox(Arc<Inbox>),
    /// A plain function, run by the sender.
    InPlace(Arc<InPlaceStation>),
    /// The door that the event came in by.
    Answers(Arc<Answers>),
    /// The link of this number of the pool that the sender is an instance of.
    Pool(Arc<Seat>, usize),
}

impl Link {
    pub(crate) fn new(
        outbox: Port,
        to: Arc<str>,
        target: Target,
        inbox: u16,
        from_error: bool,
        detour: Option<Detour>,
    ) -> Link {
        Link {
            outbox,
            to,
            target,
            inbox,
            from_error,
            detour,
            probe: None,
            passed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Lets somebody look at what passes.
    pub(crate) fn probed(mut self, probe: Option<Probe>) -> Link {
        self.probe = probe.map(Box::new);
        self
    }

    /// Makes the link by which an instance of a pool sends to this one, which has the given number.
    pub(crate) fn through(&self, seat: Arc<Seat>, number: usize) -> Link {
        Link {
            outbox: self.outbox.clone(),
            to: self.to.clone(),
            target: Target::Pool(seat, number),
            inbox: self.inbox,
            from_error: self.from_error,
            detour: None,
            // The link of the pool has one.
            probe: None,
            passed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Returns the link of the pool that this one leads through, if it does.
    fn beyond(&self) -> Option<&Link> {
        match &self.target {
            Target::Pool(seat, link) => seat.main.outboxes().links.get(*link),
            _ => None,
        }
    }

    /// Hands all events over and leaves the buffer empty. Never waits.
    pub(crate) fn push(&self, events: &mut Vec<Event>) {
        if let (Some(detour), Target::Inbox(inbox)) = (&self.detour, &self.target) {
            let gave_way = detour.enter(events, (inbox, self.inbox));
            self.passed.fetch_sub(gave_way, Relaxed);
        }
        if events.is_empty() {
            // An empty chunk would go round a cycle for ever.
            return;
        }
        if let Some(probe) = &self.probe {
            probe.look(events);
        }
        self.passed.fetch_add(events.len() as u64, Relaxed);
        match &self.target {
            Target::Inbox(inbox) => {
                if !inbox.push(self.inbox, self.from_error, events) {
                    self.refuse(events);
                }
            }
            Target::InPlace(station) => station.process(self.inbox, events),
            Target::Answers(answers) => events.drain(..).for_each(|event| answers.take(event)),
            Target::Pool(seat, link) => seat.send(*link, events),
        }
    }

    pub(crate) fn is_error(&self) -> bool {
        self.from_error
    }

    /// Returns whether a new event would be dropped: then no copy of it need be made.
    pub(crate) fn is_full(&self) -> bool {
        let detour = self.beyond().unwrap_or(self).detour.as_ref();
        detour.is_some_and(Detour::is_full)
    }

    /// Returns whether a new event would be dropped, and counts it as dropped then.
    pub(crate) fn drops_next(&self) -> bool {
        let detour = self.beyond().unwrap_or(self).detour.as_ref();
        detour.is_some_and(Detour::drops_next)
    }

    /// Returns how many events were dropped for want of room, if the link may drop.
    pub(crate) fn dropped(&self) -> Option<u64> {
        self.detour.as_ref().map(Detour::dropped)
    }

    /// Returns how many events have passed.
    pub(crate) fn passed(&self) -> u64 {
        self.passed.load(Relaxed)
    }

    /// Returns how many events could not be handed over, since the actor had ended.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// A closed link is a custodian: what it cannot hand over fails.
    fn refuse(&self, events: &mut Vec<Event>) {
        let count = events.len() as u64;
        self.passed.fetch_sub(count, Relaxed);
        self.refused.fetch_add(count, Relaxed);
        let failure = Failure::of_ended(&self.to);
        for event in events.drain(..) {
            event.receipt().fail(&failure);
        }
    }
}
