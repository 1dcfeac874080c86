//! Plain functions that the sender runs itself, without a task or a queue of their own.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use parking_lot::Mutex;

use crate::Event;
use crate::context::Context;
use crate::current::as_actor;
use crate::station::Station;

/// Handles a chunk at once; what stays in `events` goes on.
pub(crate) trait InPlace: Send {
    fn process(&mut self, events: &mut Vec<Event>, ctx: &mut Context);
}

/// A plain function in the place of an actor with a task. It has one inbound link, so its senders never
/// meet here and the order of the link is kept.
pub(crate) struct InPlaceStation {
    station: Arc<Station>,
    work: Mutex<(Box<dyn InPlace>, Context)>,
}

impl InPlaceStation {
    pub(crate) fn new(station: Arc<Station>, work: Box<dyn InPlace>) -> InPlaceStation {
        InPlaceStation {
            work: Mutex::new((work, Context::new(station.clone()))),
            station,
        }
    }

    pub(crate) fn process(&self, inbox: u16, events: &mut Vec<Event>) {
        let mut work = self.work.lock();
        let (stage, ctx) = &mut *work;
        let consumed = events.len() as u64;
        self.station.counters.consumed.fetch_add(consumed, Relaxed);
        ctx.inbox = inbox;
        as_actor(&self.station.name, || {
            stage.process(events, ctx);
        });
    }
}

/// Processes a chunk and hands on what is left of it.
pub(crate) fn hand_on(events: &mut Vec<Event>, ctx: &mut Context) {
    let station = ctx.station.clone();
    let outboxes = station.outboxes();
    station
        .counters
        .sent
        .fetch_add(events.len() as u64, Relaxed);
    match outboxes.all[..] {
        // The whole chunk changes hands; each event in it was counted and charged when it was made.
        [only] => outboxes.links[only].push(events),
        _ => {
            ctx.open();
            for event in events.drain(..) {
                if let Err(rejected) = ctx.deliver(event, &outboxes.all, "*") {
                    station.route_error(rejected.event, rejected.error);
                }
            }
            ctx.close();
        }
    }
}
