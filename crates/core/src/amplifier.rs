//! Actors that make many events of one.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::Result;
use crate::context::Context;
use crate::current::AsActor;
use crate::map::MapOutput;
use crate::port::Port;
use crate::pump::Part;
use crate::receipt::Receipt;
use crate::stage::guard;

impl Context {
    /// Sends each event of an iterator to every outbox. The iterator is pulled as room allows, be it long
    /// after `consume` has returned, so that what one event leads to never has to be in memory at once.
    ///
    /// Its items are events, or `Option`s or `Result`s of them. The children go out in their order; what
    /// `consume` sends afterwards may overtake them, as may the children of the next event.
    ///
    /// If the iterator fails or panics, what it gave before stays sent, and the event being consumed takes
    /// the error path. A child that exceeds a cap of the flow takes the error path itself.
    ///
    /// ```
    /// use compysition_core::{Actor, Context, Event, Result};
    ///
    /// /// Makes an event of each line.
    /// struct Lines;
    ///
    /// impl Actor for Lines {
    ///     async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
    ///         let lines: Vec<String> = event.text()?.lines().map(str::to_owned).collect();
    ///         ctx.send_all(lines.into_iter().map(Event::new))
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// That of the iterator, if it fails among the first; internal, if nothing is being consumed.
    pub fn send_all<I>(&self, events: I) -> Result
    where
        I: IntoIterator<Item: MapOutput, IntoIter: Send + 'static>,
    {
        self.amplify(None, events.into_iter())
    }

    /// Sends each event of an iterator to the outbox of this name, as [`send_all`](Context::send_all) does.
    ///
    /// # Errors
    /// Internal, if there is no such outbox; else as [`send_all`](Context::send_all).
    pub fn send_all_to<I>(&self, outbox: impl Into<Port>, events: I) -> Result
    where
        I: IntoIterator<Item: MapOutput, IntoIter: Send + 'static>,
    {
        let outbox = outbox.into();
        self.station.outboxes().of(&outbox)?;
        self.amplify(Some(outbox), events.into_iter())
    }

    fn amplify<I>(&self, outbox: Option<Port>, mut events: I) -> Result
    where
        I: Iterator<Item: MapOutput> + Send + 'static,
    {
        let receipt = &self.parent.body().receipt;
        let Some(root) = receipt.root() else {
            return Err(crate::Error::internal(
                "events can be made of another only while it is consumed",
            ));
        };
        let pump = root.pump();
        // Most iterators are short: they need neither a task nor a turn.
        if pump.is_free()
            && receipt.has_room()
            && self.pull(&outbox, &mut events, None)? == Pulled::All
        {
            return Ok(());
        }
        self.note_sent();
        // The children may lead back to this actor, and must not wait for it.
        let mut ctx = self.off_duty();
        let task = async move {
            if let Err(error) = run(&ctx, &outbox, events).await {
                ctx.fail(error);
            }
        };
        let name = self.station.name.clone();
        self.station.flow.spawner.spawn(AsActor::new(name, task));
        Ok(())
    }

    /// Sends at most a chunk of children; without room only until the root has its part of the source's share,
    /// but one at least. Those that are pulled in a turn become a part.
    fn pull<I>(
        &self,
        outbox: &Option<Port>,
        events: &mut I,
        part: Option<Arc<Part>>,
    ) -> Result<Pulled>
    where
        I: Iterator<Item: MapOutput>,
    {
        let outboxes = self.station.outboxes();
        let (links, name) = match outbox {
            None => (&outboxes.all[..], "*"),
            Some(name) => (outboxes.of(name)?, &**name),
        };
        let receipt = &self.parent.body().receipt;
        for _ in 0..self.station.flow.chunk {
            let Some(item) = events.next() else {
                return Ok(Pulled::All);
            };
            let Some(mut event) = item.into_output()? else {
                continue;
            };
            if let Some(part) = &part {
                self.adopt(&mut event, name)?;
                event.set_receipt(Receipt::Part(part.clone()));
            }
            if let Err(rejected) = self.deliver(event, links, name) {
                self.note_sent();
                self.station.route_error(rejected.event, rejected.error);
            }
            // All roots of a source may be pulled without room: together they must stay within its bound.
            if !receipt.has_room() && receipt.has_its_part() {
                break;
            }
        }
        Ok(Pulled::Some)
    }
}

#[derive(PartialEq)]
enum Pulled {
    All,
    Some,
}

/// Pulls an iterator, chunk by chunk, each in its turn.
async fn run<I>(ctx: &Context, outbox: &Option<Port>, mut events: I) -> Result
where
    I: Iterator<Item: MapOutput> + Send + 'static,
{
    let receipt = ctx.parent.body().receipt.clone();
    let Some(pump) = receipt.root().map(|root| root.pump()) else {
        return Ok(());
    };
    loop {
        let turn = pump.turn(&receipt).await;
        if receipt.is_void() {
            ctx.station.counters.skipped.fetch_add(1, Relaxed);
            return Ok(());
        }
        let mut pulled = Pulled::All;
        ctx.open();
        let done = guard(ctx, async {
            pulled = ctx.pull(outbox, &mut events, Some(turn.part()))?;
            Ok(())
        });
        let done = done.await;
        ctx.close();
        done?;
        if pulled == Pulled::All {
            return Ok(());
        }
    }
}
