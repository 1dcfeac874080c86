//! All that an actor can do beside its own work.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::desk::{self, Drawer};
use crate::parent::Parent;
use crate::port::Port;
use crate::seat::Duty;
use crate::spawner::Spawner;
use crate::station::Station;
use crate::{Error, Event, Result};

/// What an actor can do beside its own work: send, hold, start background work, know the time.
///
/// The context that `consume` is given collects what is sent and hands it over when the chunk of events
/// at hand is done, or when `consume` waits. A clone writes through; it keeps the event that was being
/// consumed from settling, so drop it when its work is done.
pub struct Context {
    pub(crate) station: Arc<Station>,
    pub(crate) inbox: u16,
    /// The event being consumed, as it came in.
    pub(crate) parent: Parent,
    drawer: Drawer,
    /// Whether the present `consume` has sent or held something, be it through a clone.
    sent: Arc<AtomicBool>,
    /// Whether work goes on in the background, or the event was retained; only looked at for actors with a breaker.
    pub(crate) has_spawned: AtomicBool,
    /// The panic of the actor's code, until the runner has seen to it.
    panic: Mutex<Option<Error>>,
    has_panicked: AtomicBool,
    /// Tells apart the children of one event.
    ordinal: AtomicU64,
    /// Keeps an instance of a pool from the next event.
    pub(crate) duty: Option<Arc<Duty>>,
}

impl Context {
    pub(crate) fn new(station: Arc<Station>) -> Context {
        Context {
            station,
            inbox: 0,
            parent: Parent::default(),
            drawer: Drawer::default(),
            sent: Arc::default(),
            has_spawned: AtomicBool::new(false),
            panic: Mutex::default(),
            has_panicked: AtomicBool::new(false),
            ordinal: AtomicU64::new(0),
            duty: None,
        }
    }

    /// Returns the actor's name.
    pub fn actor(&self) -> &str {
        &self.station.name
    }

    /// Returns the flow's name.
    pub fn flow(&self) -> &str {
        &self.station.flow.name
    }

    /// Returns the inbox that the event being consumed came by; empty outside `consume`.
    pub fn inbox(&self) -> &str {
        let inbox = self.station.inboxes.get(usize::from(self.inbox));
        inbox.map_or("", Port::as_str)
    }

    /// Returns the names of the connected inboxes.
    pub fn inboxes(&self) -> impl Iterator<Item = &str> {
        self.station.inboxes.iter().map(Port::as_str)
    }

    /// Returns the names of the connected outboxes.
    pub fn outboxes(&self) -> impl Iterator<Item = &str> {
        self.station
            .outboxes()
            .named
            .iter()
            .map(|(port, _)| port.as_str())
    }

    /// Returns where what the actor makes is put, if the flow says so with `into`; the rest of the event then
    /// stays as it came in.
    pub fn destination(&self) -> Option<&str> {
        self.station.options.into.as_deref()
    }

    /// Sends an event to every outbox, each of which gets its own copy. It never waits.
    ///
    /// # Errors
    /// Exceeded, if a cap of the flow would be; then nothing was sent.
    pub fn send(&self, event: impl Into<Event>) -> Result {
        let all = &self.station.outboxes().all;
        let sent = self.deliver(event.into(), all, "*");
        sent.map_err(|rejected| self.refuse(rejected.event, rejected.error))
    }

    /// Sends an event to the outbox of this name. It never waits.
    ///
    /// # Errors
    /// Internal, if there is no such outbox; exceeded, if a cap of the flow would be. Then nothing was
    /// sent.
    pub fn send_to(&self, outbox: impl AsRef<str>, event: impl Into<Event>) -> Result {
        let outbox = outbox.as_ref();
        let event = event.into();
        let links = match self.station.outboxes().of(outbox) {
            Ok(links) => links,
            Err(error) => return Err(self.refuse(event, error)),
        };
        let sent = self.deliver(event, links, outbox);
        sent.map_err(|rejected| self.refuse(rejected.event, rejected.error))
    }

    /// Returns the error for which an event cannot be sent. What is not of the event being consumed, which
    /// will take the error path itself, takes it here: it must not be lost.
    pub(crate) fn refuse(&self, event: Event, error: Error) -> Error {
        let receipt = event.receipt();
        if !receipt.is_some() {
            return error;
        }
        if !self.is_at_hand(&event) {
            desk::flush(&self.station);
            self.station.route_error(event, error.clone());
            return error;
        }
        match self.parent.whole() {
            Some(_) => error,
            // An actor that keeps no input gets it back to give it on.
            None => error.giving_back(event),
        }
    }

    /// Returns whether an event is the one being consumed, or a copy or child of it; one that has arrived where its
    /// group is gathered owes less than it did, but is the same.
    fn is_at_hand(&self, event: &Event) -> bool {
        let (own, at_hand) = (event.receipt(), self.parent.body());
        if own.address() == at_hand.receipt.address() {
            return true;
        }
        let roots = own.root().zip(at_hand.receipt.root());
        event.id() == at_hand.id && roots.is_some_and(|(own, other)| std::ptr::eq(own, other))
    }

    /// Sends an event to every outbox but the one of this name, whether that is connected or not. It never waits.
    ///
    /// # Errors
    /// As [`send`](Context::send).
    pub fn send_except(&self, outbox: &str, event: impl Into<Event>) -> Result {
        let links = self.station.outboxes().all_but(outbox);
        let sent = self.deliver(event.into(), &links, "*");
        sent.map_err(|rejected| self.refuse(rejected.event, rejected.error))
    }

    /// Sends an event to the error outbox, marked with `error`.
    ///
    /// # Errors
    /// Internal, if the event has no root and nothing is being consumed.
    pub fn send_error(&self, event: Event, error: impl Into<Error>) -> Result {
        let mut event = event;
        self.adopt(&mut event, "error")?;
        self.note_sent();
        // What was sent before must not be overtaken.
        desk::flush(&self.station);
        self.station.route_error(event, error.into());
        Ok(())
    }

    /// Returns the time: that of the runtime, so that tests can stop and advance it.
    pub fn now(&self) -> Instant {
        Instant::now()
    }

    /// Returns a random number from the flow's own sequence.
    pub fn random(&self) -> u64 {
        self.station.flow.random()
    }

    /// Asks for a call of [`Actor::tick`](crate::Actor::tick) after a time; the earliest asked for counts.
    pub fn wake_after(&self, delay: Duration) {
        self.station.wake_at(Instant::now() + delay);
    }

    /// Returns what starts tasks that end with the flow, such as those of a server's connections.
    pub fn spawner(&self) -> Spawner {
        self.station.flow.spawner.clone()
    }

    /// Asks for the end of the flow: whoever runs it stops it, as on a signal.
    pub fn stop_flow(&self) {
        self.station.flow.stop();
    }

    /// Waits until the flow begins to stop.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + 'static {
        self.station.flow.stopping_token().cancelled_owned()
    }

    /// Puts an event on the desk for each of the links. On an error nothing was sent.
    pub(crate) fn deliver(
        &self,
        mut event: Event,
        links: &[usize],
        outbox: &str,
    ) -> Result<(), Box<Rejected>> {
        let station = &*self.station;
        let outboxes = station.outboxes();
        if outboxes.may_drop && links.iter().any(|&link| outboxes.links[link].is_full()) {
            return self.deliver(event, &outboxes.takers(links), outbox);
        }
        if let Err(error) = self.admit(&mut event, links.len(), outbox) {
            return Err(Rejected::new(event, error));
        }
        self.note_sent();
        let Some((&last, rest)) = links.split_last() else {
            station.end(event);
            return Ok(());
        };
        for &link in rest {
            desk::put(station, outboxes, link, event.charged_copy());
        }
        desk::put(station, outboxes, last, event);
        Ok(())
    }

    /// Gives an event what it needs to pass some links: a root, a hop, a charge for each copy.
    fn admit(&self, event: &mut Event, links: usize, outbox: &str) -> Result {
        let station = &*self.station;
        self.adopt(event, outbox)?;
        if let Some(path) = &station.options.into {
            self.put_into(path, event)?;
        }
        if links > 0 {
            event.pass_link(station.flow.limits.hops)?;
        }
        event.charge(links.saturating_sub(1))
    }

    /// Makes an event without a root a child of the one being consumed.
    pub(crate) fn adopt(&self, event: &mut Event, outbox: &str) -> Result {
        if event.receipt().is_some() {
            return Ok(());
        }
        if !self.parent.is_some() {
            return Err(Error::internal(
                "an event without a root can be sent only while another is consumed; sources emit theirs",
            ));
        };
        let ordinal = self.ordinal.fetch_add(1, Relaxed);
        let id = self
            .parent
            .body()
            .id
            .child(&self.station.name, outbox, ordinal);
        self.parent.adopt(event, id);
        Ok(())
    }

    pub(crate) fn note_sent(&self) {
        self.sent.store(true, Relaxed);
    }

    /// Puts what the actor made into the event that came in, which else stays as it was. What was made of others, as
    /// an actor does that held them, goes on as it is: it must not be lost.
    fn put_into(&self, path: &str, made: &mut Event) -> Result {
        if let Some(input) = self.parent.whole()
            && input.receipt().address() == made.receipt().address()
        {
            let mut event = input.clone();
            event.set_path(path, made.payload().to_value())?;
            *made = event;
        }
        Ok(())
    }

    /// Lays the desk open: what is sent from this thread waits until it is closed.
    pub(crate) fn open(&self) {
        self.drawer.open(&self.station);
    }

    /// Hands over what was sent.
    pub(crate) fn close(&self) {
        self.drawer.close(&self.station);
    }

    /// Prepares for the next event to be consumed, of which the whole or a trace is kept meanwhile.
    #[inline]
    pub(crate) fn begin(&mut self, event: &Event, whole: bool) {
        match whole {
            true => self.parent.keep(event),
            false => self.parent.keep_trace(event),
        }
        self.sent.store(false, Relaxed);
        *self.ordinal.get_mut() = 0;
    }

    pub(crate) fn note_panic(&self, panic: &Error) {
        *self.panic.lock() = Some(panic.clone());
        self.has_panicked.store(true, Relaxed);
    }

    /// Takes out the panic of the actor's code, if there was one.
    pub(crate) fn take_panic(&self) -> Option<Error> {
        if !self.has_panicked.load(Relaxed) {
            return None;
        }
        self.has_panicked.store(false, Relaxed);
        self.panic.lock().take()
    }

    /// Sees to the event just consumed: `result` is what `consume` returned.
    pub(crate) fn finish(&mut self, result: Result) {
        let station = &*self.station;
        match result {
            Ok(()) if self.sent.load(Relaxed) => {}
            Ok(()) => {
                if !station.ports.sink && !station.ports.may_drop {
                    station.counters.silent.fetch_add(1, Relaxed);
                }
                match self.parent.body().failure() {
                    None => _ = station.counters.ended.fetch_add(1, Relaxed),
                    Some(_) => station.end(self.parent.take()),
                }
            }
            Err(error) => self.fail(error),
        }
        self.parent.clear();
    }

    /// Sends the event being consumed the error path.
    pub(crate) fn fail(&mut self, error: Error) {
        // What was sent before the failure stays sent, and goes first.
        desk::flush(&self.station);
        let event = self.parent.take();
        self.station.fail(self.inbox, event, error);
    }
}

/// Spreads the ordinals of a context's clones, so that the children of each are numbered apart: two to the
/// 64th by the golden ratio, whose multiples lie as far from each other as can be (Knuth, volume 3, 6.4).
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

pub(crate) fn too_many_hops(limit: u32) -> Error {
    Error::exceeded(format!(
        "the event has passed {limit} links; is there an endless loop?"
    ))
}

/// An event that could not be sent, and why.
pub(crate) struct Rejected {
    pub(crate) event: Event,
    pub(crate) error: Error,
}

impl Rejected {
    fn new(event: Event, error: Error) -> Box<Rejected> {
        Box::new(Rejected { event, error })
    }
}

impl Clone for Context {
    fn clone(&self) -> Context {
        // Its children are told apart from ours by a range of ordinals of their own.
        let fork = self.ordinal.fetch_add(1, Relaxed).wrapping_add(1);
        Context {
            inbox: self.inbox,
            parent: self.parent.clone(),
            sent: self.sent.clone(),
            ordinal: AtomicU64::new(fork.wrapping_mul(SPREAD)),
            duty: self.duty.clone(),
            ..Context::new(self.station.clone())
        }
    }
}
