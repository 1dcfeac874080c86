//! The actors of random flows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use compysition_core::{Actor, Context, Error, Event, Group, GroupOf, Held, Ports, Result, Tick};

/// Emits some events and waits for how some of them end.
pub(crate) struct Emit(pub(crate) u64);

impl Actor for Emit {
    async fn start(&mut self, ctx: &Context) -> Result {
        let count = self.0;
        ctx.produce(move |source| async move {
            for number in 0..count {
                let settlement = source.emit("x".repeat(number as usize % 300)).await?;
                if number % 5 == 0 {
                    settlement.await;
                }
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source().sink()
    }
}

/// Asks, several at a time, and waits for the answers.
pub(crate) struct Ask(pub(crate) u64);

impl Actor for Ask {
    async fn start(&mut self, ctx: &Context) -> Result {
        let count = self.0;
        ctx.produce(move |source| async move {
            let mut requests = Vec::new();
            for number in 0..count {
                let request = source.admit(100).await?.ask(None, Event::new("question"));
                if number % 3 == 0 {
                    request.set_deadline(source.context().now() + Duration::from_secs(3));
                }
                requests.push(request);
                if requests.len() == 4 {
                    for request in requests.drain(..) {
                        let _ = tokio::time::timeout(Duration::from_secs(60), request).await;
                    }
                }
            }
            for request in requests {
                let _ = request.await;
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door()
    }
}

pub(crate) struct Forward;

impl Actor for Forward {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

/// Changes the event in place, and fails on some.
pub(crate) struct Mark(pub(crate) u64);

impl Actor for Mark {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        if ctx.random() % 8 < self.0 {
            return Err(Error::timeout("no luck").giving_back(event));
        }
        event.set_attribute("marked", true);
        ctx.send(event)
    }
}

/// Sends each on, and fails on some all the same: then there are two.
pub(crate) struct Stumble(pub(crate) u64);

impl Actor for Stumble {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)?;
        match ctx.random() % 8 < self.0 {
            true => Err(Error::unavailable("too late")),
            false => Ok(()),
        }
    }
}

/// Makes several of each.
pub(crate) struct Split(pub(crate) u64);

impl Actor for Split {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if event.hops() > 3 {
            return ctx.send(event);
        }
        ctx.send_all((0..self.0).map(|number| Event::new(number.to_string())))
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop()
    }
}

/// Holds events, and sends them united when there are some, when time is up, or when it is told to.
pub(crate) struct Batch {
    pub(crate) size: usize,
    pub(crate) held: Vec<Held>,
    pub(crate) merges: bool,
}

impl Batch {
    fn flush(&mut self, ctx: &Context) -> Result {
        let held = std::mem::take(&mut self.held);
        if self.merges && !held.is_empty() {
            let merged = ctx.merge(held, "merged");
            return match merged.root_id() {
                Some(_) => ctx.send(merged),
                // The time of all of them was over.
                None => Ok(()),
            };
        }
        let events: Vec<Event> = held.into_iter().filter_map(Held::release).collect();
        events.into_iter().try_for_each(|event| ctx.send(event))
    }
}

impl Actor for Batch {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.held.push(ctx.hold_for(event, Duration::from_secs(5))?);
        match self.held.len() < self.size {
            true => {
                ctx.wake_after(Duration::from_secs(4));
                Ok(())
            }
            false => self.flush(ctx),
        }
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        self.flush(ctx)
    }
}

/// Whether a group was complete before its last member came. A panic would be one of the faults.
pub(crate) static COMPLETE_TOO_EARLY: AtomicBool = AtomicBool::new(false);

/// Gathers what came of one event, and passes all else on.
#[derive(Default)]
pub(crate) struct Gather(BTreeMap<Group, Vec<Held>>);

impl Actor for Gather {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match ctx.arrive(event, GroupOf::Event) {
            Err(event) => ctx.send(event),
            Ok(arrivals) => arrivals.into_iter().try_for_each(|arrival| {
                if arrival.group.is_complete() {
                    COMPLETE_TOO_EARLY.store(true, Relaxed);
                }
                let held = ctx.hold(arrival.event)?;
                self.0.entry(arrival.group).or_default().push(held);
                Ok(())
            }),
        }
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        let complete = self.0.keys().filter(|group| group.is_complete());
        let complete: Vec<Group> = complete.cloned().collect();
        let mut all = Ok(());
        for group in complete {
            let held = self.0.remove(&group).unwrap_or_default();
            let tally = group.tally();
            if tally.arrived + tally.failed > tally.members {
                COMPLETE_TOO_EARLY.store(true, Relaxed);
            }
            let gathered = ctx.merge_group(&group, held, "gathered");
            if gathered.root_id().is_some() {
                // The others are complete all the same, and nothing will call for them again.
                all = all.and(ctx.send(gathered));
            }
        }
        all
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop().single().gathers(GroupOf::Event)
    }
}

/// Works in the background, and sends a child as well.
pub(crate) struct Background;

impl Actor for Background {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.spawn(event, |event, ctx| async move {
            let lazy = ctx.random() % 1000;
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(lazy)) => {}
                () = ctx.cancelled() => return Err(Error::unavailable("nobody waits")),
            }
            ctx.send("child")?;
            ctx.send(event)
        });
        Ok(())
    }
}

/// Keeps what would be lost, or fails to.
pub(crate) struct Keep;

impl Actor for Keep {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event.kept())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}
