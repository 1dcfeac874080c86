//! Actors of flows one of which stalls.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use compysition_core::{Actor, Context, Error, Event, Held, Ports, Result, Tick};

/// How many events each source has made.
pub(crate) type Made = Arc<Mutex<Vec<u64>>>;

/// When the stalled actor consumes again. Until then it is as if it never did.
pub(crate) const LATER: Duration = Duration::from_secs(3_600);

/// Makes an event a second.
pub(crate) struct Emit {
    pub(crate) number: usize,
    pub(crate) count: u64,
    pub(crate) made: Made,
}

impl Actor for Emit {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (number, count, made) = (self.number, self.count, self.made.clone());
        ctx.produce(move |source| async move {
            for _ in 0..count {
                drop(source.emit("event").await?);
                made.lock().unwrap()[number] += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// What an actor does with events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Sends,
    Chooses,
    Drops,
    Holds,
    Fails,
}

pub(crate) struct Step {
    pub(crate) manner: Manner,
    pub(crate) held: Vec<Held>,
}

impl Actor for Step {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match self.manner {
            Manner::Drops if ctx.random().is_multiple_of(2) => Ok(()),
            Manner::Fails => Err(Error::conflict("always")),
            Manner::Chooses => {
                let outboxes: Vec<String> = ctx.outboxes().map(str::to_owned).collect();
                match outboxes.len() {
                    0 => ctx.send(event),
                    count => ctx.send_to(&outboxes[ctx.random() as usize % count], event),
                }
            }
            Manner::Holds => {
                self.held.push(ctx.hold(event)?);
                ctx.wake_after(Duration::from_secs(3));
                Ok(())
            }
            _ => ctx.send(event),
        }
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        let held = std::mem::take(&mut self.held);
        held.into_iter()
            .filter_map(Held::release)
            .try_for_each(|event| ctx.send(event))
    }

    fn ports(&self) -> Ports {
        match self.manner {
            Manner::Chooses => Ports::any().chooses(),
            Manner::Drops => Ports::any().may_drop(),
            Manner::Holds => Ports::any().holds(),
            Manner::Sends | Manner::Fails => Ports::any(),
        }
    }
}

/// Takes nothing until later, and notes just before how many events there were.
pub(crate) struct Stalled {
    pub(crate) until: Option<Instant>,
    pub(crate) made: Made,
    pub(crate) seen: Made,
}

impl Actor for Stalled {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (made, seen, until) = (self.made.clone(), self.seen.clone(), ctx.now() + LATER);
        self.until = Some(until);
        ctx.spawner().spawn(async move {
            tokio::time::sleep_until(until - Duration::from_secs(1)).await;
            *seen.lock().unwrap() = made.lock().unwrap().clone();
        });
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        tokio::time::sleep_until(self.until.unwrap_or(ctx.now())).await;
        ctx.send(event)
    }
}
