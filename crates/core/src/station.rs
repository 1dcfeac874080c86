//! The part of a registered actor that others can see while it runs.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::alarm::Alarm;
use crate::breaker::{Breaker, Switch};
use crate::flow_state::FlowState;
use crate::health::Health;
use crate::inbox::Inbox;
use crate::legacy::Chest;
use crate::link::Link;
use crate::lot::Lot;
use crate::permits::Gate;
use crate::port::Port;
use crate::ports::Ports;
use crate::retry::Retry;
use crate::seat::Seat;
use crate::tap::Hop;
use crate::{Error, ErrorKind, Event, Failure, Result};

/// A registered actor's name, links, settings and counters.
pub(crate) struct Station {
    pub(crate) name: Arc<str>,
    pub(crate) flow: Arc<FlowState>,
    pub(crate) ports: Ports,
    /// The names of the inboxes, by their number.
    pub(crate) inboxes: Vec<Port>,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) outboxes: OnceLock<Outboxes>,
    /// Whether an actor that makes events is to make none.
    pub(crate) is_silent: bool,
    /// The share of permits, if the actor makes events by itself.
    pub(crate) gate: Option<Arc<Gate>>,
    pub(crate) options: Options,
    pub(crate) breaker: Option<Arc<Switch>>,
    pub(crate) alarm: Alarm,
    /// What the actor holds.
    pub(crate) lot: Lot,
    /// What an actor that panicked has left.
    pub(crate) legacy: Chest,
    /// Notified when the runner has nothing to do.
    pub(crate) rest: Notify,
    pub(crate) health: Health,
    pub(crate) counters: Counters,
    /// Set if this is an instance of a pool.
    pub(crate) seat: Option<Arc<Seat>>,
}

/// What a flow says of an actor beside the actor's own settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) timeout: Option<Duration>,
    pub(crate) into: Option<Arc<str>>,
    pub(crate) retry: Option<Retry>,
    pub(crate) breaker: Option<Breaker>,
}

impl Options {
    /// Returns whether an event is consumed without further ado.
    pub(crate) fn is_plain(&self) -> bool {
        self.timeout.is_none() && self.retry.is_none() && self.breaker.is_none()
    }

    /// Returns whether the event is needed as it came in after it was consumed.
    pub(crate) fn need_input(&self) -> bool {
        self.into.is_some() || self.retry.is_some() || self.breaker.is_some()
    }
}

/// Counts what happened to events at one actor.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) consumed: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) ended: AtomicU64,
    pub(crate) skipped: AtomicU64,
    pub(crate) silent: AtomicU64,
    pub(crate) expired: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) dropped: AtomicU64,
    retried: AtomicU64,
}

impl Counters {
    pub(crate) fn count_retry(&self) {
        self.retried.fetch_add(1, Relaxed);
    }

    pub(crate) fn retried(&self) -> u64 {
        self.retried.load(Relaxed)
    }
}

/// Where a station sends: first the links of its outboxes, then those of its error outboxes.
#[derive(Default)]
pub(crate) struct Outboxes {
    pub(crate) links: Vec<Link>,
    /// The numbers of all links that a plain send goes to.
    pub(crate) all: Vec<usize>,
    /// The numbers of each named outbox's links.
    pub(crate) named: Vec<(Port, Vec<usize>)>,
    pub(crate) errors: Vec<(Option<ErrorKind>, usize)>,
    /// Whether there is a best-effort link.
    pub(crate) may_drop: bool,
    /// Whether the error links lead to the flow's error actor, for want of their own.
    pub(crate) errors_are_default: bool,
    /// The number of the link to the dead letters.
    pub(crate) last_resort: Option<usize>,
}

impl Outboxes {
    pub(crate) fn of(&self, name: &str) -> Result<&[usize]> {
        let found = self.named.iter().find(|(port, _)| port == name);
        found.map(|(_, links)| &links[..]).ok_or_else(|| {
            let known: Vec<&str> = self.named.iter().map(|(port, _)| port.as_str()).collect();
            Error::internal(match known.is_empty() {
                true => format!("there is no outbox `{name}`, and no other is connected"),
                false => format!(
                    "there is no outbox `{name}`; connected are {}",
                    known.join(", ")
                ),
            })
        })
    }

    /// Returns the links of all outboxes but the one of this name.
    pub(crate) fn all_but(&self, name: &str) -> Vec<usize> {
        let others = self.named.iter().filter(|(port, _)| port != name);
        others.flat_map(|(_, links)| links).copied().collect()
    }

    /// Returns those of some links that have room, and counts what the others drop.
    #[cold]
    pub(crate) fn takers(&self, links: &[usize]) -> Vec<usize> {
        let takes = |link: &usize| !self.links[*link].drops_next();
        links.iter().copied().filter(takes).collect()
    }

    /// Returns the error links for a kind: those of the kind itself, else those for all the rest.
    fn errors_for(&self, kind: ErrorKind) -> impl Iterator<Item = usize> {
        let exact = self.errors.iter().any(|(of, _)| *of == Some(kind));
        let wanted = exact.then_some(kind);
        let matching = self.errors.iter().filter(move |(of, _)| *of == wanted);
        matching.map(|(_, link)| *link)
    }
}

impl Station {
    pub(crate) fn outboxes(&self) -> &Outboxes {
        static NONE: Outboxes = Outboxes {
            links: Vec::new(),
            all: Vec::new(),
            named: Vec::new(),
            errors: Vec::new(),
            may_drop: false,
            errors_are_default: false,
            last_resort: None,
        };
        self.outboxes.get().unwrap_or(&NONE)
    }

    pub(crate) fn failure(&self, error: Error) -> Failure {
        Failure::new(error, self.name.clone())
    }

    /// Sends a failed event, marked with its error, to the error outbox, else to the flow's error
    /// actor, else to the log and the dead letters.
    pub(crate) fn route_error(&self, event: Event, error: Error) {
        self.route_error_of(None, event, error);
    }

    /// Sends an event the error path that failed while it was consumed, and had come by this inbox.
    pub(crate) fn route_error_of(&self, inbox: Option<u16>, event: Event, mut error: Error) {
        // Else a failure, which the root keeps, would keep an event, which keeps its root.
        let event = error.take_event().unwrap_or(event);
        self.counters.failed.fetch_add(1, Relaxed);
        let mut failure = self.failure(error);
        failure.inbox = inbox.and_then(|inbox| self.inboxes.get(usize::from(inbox)).cloned());
        failure.attempts = event.attempts() + 1;
        failure.since = event.first_tried().unwrap_or(failure.at);
        // What fails on its way through the flow's error actor must not come back to it for ever.
        let was_marked = event.error().is_some();
        // Nor must what fails behind the dead letters, which have it already.
        failure.kept = event.error().is_some_and(|before| before.kept);
        let mut event = event.failed(failure.clone());
        let outboxes = self.outboxes();
        let links: Vec<usize> = outboxes.errors_for(failure.error.kind()).collect();
        let lost = event.pass_link(self.flow.limits.hops).is_err();
        let in_circles = was_marked && outboxes.errors_are_default;
        let is_sent = !lost && !in_circles && event.receipt().is_some();
        match links.split_last() {
            Some((&last, rest)) if is_sent && event.charge_failed(rest.len()).is_ok() => {
                for &link in rest {
                    outboxes.links[link].push(&mut vec![event.charged_copy()]);
                }
                outboxes.links[last].push(&mut vec![event]);
            }
            _ => {
                self.log_error(&event, &failure);
                self.give_up(event, &failure);
            }
        }
    }

    fn log_error(&self, event: &Event, failure: &Failure) {
        tracing::warn!(
            flow = %self.flow.name,
            actor = %self.name,
            meta_id = %event.meta_id(),
            kind = %failure.error.kind(),
            "{}", failure.error.message()
        );
    }

    /// Sends an event to the dead letters whose failure nobody sees to; without them it is lost.
    fn give_up(&self, mut event: Event, failure: &Failure) {
        let outboxes = self.outboxes();
        match outboxes.last_resort {
            Some(link)
                if !failure.kept && event.receipt().is_some() && event.charge_failed(0).is_ok() =>
            {
                outboxes.links[link].push(&mut vec![event]);
            }
            _ => {
                if let Some(tap) = &self.flow.tap {
                    tap.look(&self.nowhere(), std::slice::from_ref(&event));
                }
                self.counters
                    .lost
                    .fetch_add(u64::from(!failure.kept), Relaxed);
                event.receipt().fail(failure);
            }
        }
    }

    /// Returns the link that an error without one would take.
    fn nowhere(&self) -> Hop {
        Hop {
            from: self.name.clone(),
            outbox: "error".into(),
            to: "".into(),
            inbox: "error".into(),
            is_error: true,
        }
    }

    /// Ends an event that goes nowhere from here.
    pub(crate) fn end(&self, event: Event) {
        self.counters.ended.fetch_add(1, Relaxed);
        if let Some(failure) = event.error().cloned() {
            self.give_up(event, &failure);
        }
    }

    /// Ends events that go nowhere from here.
    pub(crate) fn end_all(&self, events: Vec<Event>) {
        let has_failed = |event: &Event| event.error().is_some();
        let failed = events.iter().filter(|event| has_failed(event)).count();
        let well = events.len() - failed;
        // Before their roots settle: who hears of that may look at the counters.
        self.counters.ended.fetch_add(well as u64, Relaxed);
        for event in events {
            match has_failed(&event) {
                true => self.end(event),
                false => event.end(),
            }
        }
    }

    /// Tells the breaker, if there is one, how an event fared.
    pub(crate) fn note_breaker(&self, error: Option<&Error>) {
        let changed = self
            .breaker
            .as_ref()
            .and_then(|breaker| breaker.note(error));
        if let Some(state) = changed {
            tracing::warn!(flow = %self.flow.name, actor = %self.name, ?state, "the breaker has changed");
        }
    }

    /// Sends an event the error path that was held too long.
    pub(crate) fn expire(&self, event: Event) {
        self.counters.expired.fetch_add(1, Relaxed);
        let error = Error::timeout("the event was held as long as it may be, and not sent on");
        self.route_error(event, error);
    }

    /// Tells the actor that it had better send what it holds.
    pub(crate) fn press(&self) {
        self.inbox.signal(|signals| signals.pressure = true);
    }

    /// Asks the runner to call `tick` at a time, unless an earlier one is asked for already.
    pub(crate) fn wake_at(&self, time: Instant) {
        if self.alarm.set(time) {
            self.inbox.signal(|signals| signals.alarm = true);
        }
    }

    /// Returns whether the actor is to make no events and has nothing else to do.
    pub(crate) fn is_shut(&self) -> bool {
        self.is_silent && (self.ports.door || self.inboxes.is_empty())
    }

    pub(crate) fn is_resting(&self) -> bool {
        self.inbox.is_at_rest()
    }
}
