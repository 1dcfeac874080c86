//! One instance of a pool.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

use crate::alarm::Alarm;
use crate::context::Context;
use crate::crew::{Crew, Job};
use crate::health::Health;
use crate::inbox::Inbox;
use crate::link::Link;
use crate::lot::Lot;
use crate::pool::{Order, Pool};
use crate::station::{Counters, Outboxes, Station};
use crate::{Event, Result};

/// The place of an instance among the others of its pool.
pub(crate) struct Seat {
    pub(crate) crew: Arc<Crew>,
    pub(crate) number: usize,
    /// The station that the flow knows, before which events wait and from which they leave.
    pub(crate) main: Arc<Station>,
}

/// Makes the crew of a pool, and the stations of its instances.
pub(crate) fn crew(main: &Arc<Station>, pool: &Pool) -> (Arc<Crew>, Vec<Arc<Station>>) {
    let inbox = |_| Arc::new(Inbox::of(1));
    let inboxes: Vec<_> = (0..pool.size).map(inbox).collect();
    let crew = Crew::new(main.name.clone(), pool.order.clone(), inboxes.clone());
    let crew = Arc::new(crew);
    let seat = |(number, inbox)| {
        let seat = Seat {
            crew: crew.clone(),
            number,
            main: main.clone(),
        };
        station(seat, inbox)
    };
    let stations = inboxes.into_iter().enumerate().map(seat).collect();
    (crew, stations)
}

/// Makes the station of an instance: its own inbox, alarm and counters, and links that lead through those
/// of the pool.
fn station(seat: Seat, inbox: Arc<Inbox>) -> Arc<Station> {
    let seat = Arc::new(seat);
    let main = &seat.main;
    let theirs = main.outboxes();
    let link = |(number, link): (usize, &Link)| link.through(seat.clone(), number);
    let outboxes = Outboxes {
        links: theirs.links.iter().enumerate().map(link).collect(),
        all: theirs.all.clone(),
        named: theirs.named.clone(),
        errors: theirs.errors.clone(),
        may_drop: theirs.may_drop,
        errors_are_default: theirs.errors_are_default,
        last_resort: theirs.last_resort,
    };
    Arc::new(Station {
        name: main.name.clone(),
        flow: main.flow.clone(),
        ports: main.ports.clone(),
        inboxes: main.inboxes.clone(),
        inbox,
        outboxes: OnceLock::from(outboxes),
        is_silent: false,
        gate: None,
        options: main.options.clone(),
        breaker: main.breaker.clone(),
        alarm: Alarm::default(),
        lot: Lot::default(),
        legacy: Default::default(),
        rest: Default::default(),
        health: Health::default(),
        counters: Counters::default(),
        seat: Some(seat.clone()),
    })
}

impl Seat {
    /// Hands over what the instance sends, or keeps it back until it is its turn.
    pub(crate) fn send(&self, link: usize, events: &mut Vec<Event>) {
        self.crew.keep_back(self.number, link, events);
        if !events.is_empty() {
            self.main.outboxes().links[link].push(events);
        }
    }

    /// Takes the instance's event in hand.
    pub(crate) fn duty(self: &Arc<Self>) -> Duty {
        Duty(self.clone())
    }

    /// Takes the instance out of those that are free. Returns whether it could.
    pub(crate) fn leave(&self) -> bool {
        self.crew.leave(self.number)
    }

    pub(crate) fn come_back(&self) {
        self.crew.come_back(self.number);
    }

    /// Sends the instance away for good, and returns how many go on.
    pub(crate) fn retire(&self) -> usize {
        self.crew.retire(self.number)
    }
}

/// An event in an instance's hands. Dropped, the instance is done with it.
pub(crate) struct Duty(Arc<Seat>);

impl Drop for Duty {
    fn drop(&mut self) {
        let Seat { crew, number, main } = &*self.0;
        crew.finish(*number, main.outboxes());
    }
}

/// Closes a crew, however its dispatcher ends.
struct Closing(Arc<Crew>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Takes what waits before a pool, and gives it to its instances, until the flow ends.
pub(crate) async fn dispatch(main: Arc<Station>, crew: Arc<Crew>) {
    let _closing = Closing(crew.clone());
    let mut chunks = Default::default();
    let mut spares = Vec::new();
    let mut taken = 0;
    loop {
        crew.until_free().await;
        let at_rest = || main.rest.notify_waiters();
        let (signals, _) = main.inbox.take(&mut chunks, &mut spares, at_rest).await;
        for mut chunk in chunks.drain(..) {
            for event in chunk.events.drain(..) {
                taken += 1;
                match key(&main, &crew.order, &event, chunk.inbox) {
                    Ok(key) => crew.offer(Job {
                        inbox: chunk.inbox,
                        from_error: chunk.from_error,
                        event,
                        key,
                    }),
                    Err(error) => {
                        main.counters.consumed.fetch_add(1, Relaxed);
                        main.route_error_of(Some(chunk.inbox), event, error);
                    }
                }
            }
            spares.push(chunk.events);
        }
        if signals.end {
            break;
        }
        if taken >= main.flow.chunk {
            taken = 0;
            tokio::task::yield_now().await;
        }
    }
    main.inbox.set_busy(false);
}

fn key(main: &Station, order: &Order, event: &Event, inbox: u16) -> Result<Option<Arc<str>>> {
    let Order::Key(key) = order else {
        return Ok(None);
    };
    let inbox = main.inboxes.get(usize::from(inbox));
    let key = key.of(event, inbox.map_or("", |inbox| inbox.as_str()))?;
    Ok(Some(key.into()))
}

impl Station {
    /// Returns where events are put back that are to be tried again.
    pub(crate) fn inlet(&self) -> &Inbox {
        self.seat
            .as_ref()
            .map_or(&self.inbox, |seat| &seat.main.inbox)
    }

    /// Returns how many instances of the actor there are.
    pub(crate) fn instances(&self) -> usize {
        self.seat.as_ref().map_or(1, |seat| seat.crew.size())
    }

    /// Returns whether events must leave in the order in which they came.
    pub(crate) fn keeps_order(&self) -> bool {
        let keeps_order = |seat: &Arc<Seat>| matches!(seat.crew.order, Order::Input);
        self.seat.as_ref().is_some_and(keeps_order)
    }
}

impl Context {
    /// Returns which instance of its pool the actor is, from 0 on; 0 without a pool.
    pub fn instance(&self) -> usize {
        self.station.seat.as_ref().map_or(0, |seat| seat.number)
    }

    /// Makes a context for work that goes on when the event is done with: it keeps no instance of a pool
    /// from the next one.
    pub(crate) fn off_duty(&self) -> Context {
        let mut ctx = self.clone();
        ctx.duty = None;
        if let Some(seat) = &self.station.seat {
            ctx.station = seat.main.clone();
        }
        ctx
    }
}
