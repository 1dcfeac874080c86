//! All that an actor can do beside its own work.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::desk::Desk;
use crate::port::Port;
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
    pub(crate) parent: Option<Event>,
    pub(crate) desk: Mutex<Desk>,
}

impl Context {
    pub(crate) fn new(station: Arc<Station>) -> Context {
        Context {
            station,
            inbox: 0,
            parent: None,
            desk: Mutex::default(),
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

    /// Returns the names of the connected outboxes.
    pub fn outboxes(&self) -> impl Iterator<Item = &str> {
        self.station.outboxes().named.iter().map(|(port, _)| port.as_str())
    }

    /// Sends an event to every outbox, each of which gets its own copy. It never waits.
    ///
    /// # Errors
    /// Exceeded, if a cap of the flow would be; then nothing was sent.
    pub fn send(&self, event: impl Into<Event>) -> Result {
        let all = &self.station.outboxes().all;
        self.deliver(event.into(), all, "*").map_err(|rejected| rejected.error)
    }

    /// Sends an event to the outbox of this name. It never waits.
    ///
    /// # Errors
    /// Internal, if there is no such outbox; exceeded, if a cap of the flow would be. Then nothing was
    /// sent.
    pub fn send_to(&self, outbox: impl AsRef<str>, event: impl Into<Event>) -> Result {
        let outbox = outbox.as_ref();
        let links = self.station.outboxes().of(outbox)?;
        let sent = self.deliver(event.into(), links, outbox);
        sent.map_err(|rejected| rejected.error)
    }

    /// Sends an event to the error outbox, marked with `error`.
    ///
    /// # Errors
    /// Internal, if the event has no root and nothing is being consumed.
    pub fn send_error(&self, event: Event, error: impl Into<Error>) -> Result {
        let mut event = event;
        let mut desk = self.desk.lock();
        self.adopt(&mut event, &mut desk, "error")?;
        desk.sent += 1;
        // What was sent before must not be overtaken.
        desk.flush(self.station.outboxes());
        drop(desk);
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

    /// Runs blocking or long computing work without holding up other actors.
    ///
    /// # Errors
    /// Panicked, if the work does. If this future is dropped the work still runs to its end.
    pub async fn blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Error::new(crate::ErrorKind::Panicked, error.to_string()))
    }

    /// Returns what starts tasks that end with the flow, such as those of a server's connections.
    pub fn spawner(&self) -> Spawner {
        self.station.flow.spawner.clone()
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
        let mut guard = self.desk.lock();
        let desk = &mut *guard;
        if let Err(error) = self.admit(&mut event, desk, outbox) {
            return Err(Rejected::new(event, error));
        }
        desk.sent += 1;
        let Some((&last, rest)) = links.split_last() else {
            station.end(&event);
            return Ok(());
        };
        for (done, &link) in rest.iter().enumerate() {
            match event.receipt.copy() {
                Ok(receipt) => {
                    let mut copy = event.clone();
                    copy.receipt = receipt;
                    desk.put(link, copy);
                }
                Err(error) => {
                    rest[..done].iter().for_each(|&link| desk.take_back(link));
                    return Err(Rejected::new(event, error));
                }
            }
        }
        desk.put(last, event);
        desk.settle(links, station.outboxes());
        Ok(())
    }

    /// Gives an event what it needs to pass a link: a root, a hop, a charge.
    fn admit(&self, event: &mut Event, desk: &mut Desk, outbox: &str) -> Result {
        let station = &*self.station;
        self.adopt(event, desk, outbox)?;
        if let Some(path) = &station.options.into {
            self.put_into(path, event)?;
        }
        event.receipt.hops += 1;
        if event.receipt.hops > station.flow.limits.hops {
            return Err(too_many_hops(station.flow.limits.hops));
        }
        event.receipt.charge(event.payload.size())
    }

    /// Makes an event without a root a child of the one being consumed.
    fn adopt(&self, event: &mut Event, desk: &mut Desk, outbox: &str) -> Result {
        if event.receipt.is_some() {
            return Ok(());
        }
        let Some(parent) = &self.parent else {
            return Err(Error::internal(
                "an event without a root can be sent only while another is consumed; sources emit theirs",
            ));
        };
        let id = parent.id.child(&self.station.name, outbox, desk.ordinal);
        desk.ordinal += 1;
        event.adopt(parent, id);
        Ok(())
    }

    /// Puts what the actor made into the event that came in, which else stays as it was.
    fn put_into(&self, path: &str, made: &mut Event) -> Result {
        if let Some(mut event) = self.parent.clone() {
            event.set_path(path, made.payload().to_value())?;
            event.receipt = std::mem::take(&mut made.receipt);
            *made = event;
        }
        Ok(())
    }

    pub(crate) fn open(&self) {
        self.desk.lock().open = true;
    }

    pub(crate) fn flush(&self) {
        let mut desk = self.desk.lock();
        desk.flush(self.station.outboxes());
        desk.open = false;
    }

    /// Prepares for the next event to be consumed.
    pub(crate) fn begin(&mut self, kept: Event) {
        self.parent = Some(kept);
        let desk = self.desk.get_mut();
        desk.sent = 0;
        desk.ordinal = 0;
    }

    /// Sees to the event just consumed: `result` is what `consume` returned.
    pub(crate) fn finish(&mut self, result: Result) {
        let Some(kept) = self.parent.take() else {
            return;
        };
        let station = &*self.station;
        let desk = self.desk.get_mut();
        match result {
            Ok(()) if desk.sent == 0 => {
                if !station.ports.sink && !station.ports.may_drop {
                    station.counters.silent.fetch_add(1, Relaxed);
                }
                station.end(&kept);
            }
            Ok(()) => {}
            Err(mut error) => {
                // What was sent before the failure stays sent, and goes first.
                desk.flush(station.outboxes());
                let event = error.take_event().unwrap_or(kept);
                station.route_error(event, error);
            }
        }
    }
}

pub(crate) fn too_many_hops(limit: u32) -> Error {
    Error::exceeded(format!("the event has passed {limit} links; is there an endless loop?"))
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
        Context {
            station: self.station.clone(),
            inbox: self.inbox,
            parent: self.parent.as_ref().map(Event::stub),
            desk: Mutex::default(),
        }
    }
}
