//! Actors that make many events of one.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use crate::Result;
use crate::context::Context;
use crate::current::AsActor;
use crate::group::{GroupOf, Opener};
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
        self.amplify(Way::All, events.into_iter())
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
        self.amplify(Way::To(outbox), events.into_iter())
    }

    /// Sends each event of an iterator to every outbox but the one of this name, whether that is connected or not,
    /// as [`send_all`](Context::send_all) does.
    ///
    /// # Errors
    /// As [`send_all`](Context::send_all).
    pub fn send_all_except<I>(&self, outbox: impl Into<Port>, events: I) -> Result
    where
        I: IntoIterator<Item: MapOutput, IntoIter: Send + 'static>,
    {
        self.amplify(Way::AllBut(outbox.into()), events.into_iter())
    }

    fn amplify<I>(&self, way: Way, mut events: I) -> Result
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
        let group = self.begin_group(receipt);
        // Most iterators are short: they need neither a task nor a turn.
        if pump.is_free() && receipt.has_room() {
            let pulled = self.pull(&way, &mut events, None, group.as_ref());
            if self.noting_failure(pulled, group.as_ref())? == Pulled::All {
                return Ok(());
            }
        }
        self.note_sent();
        // The children may lead back to this actor, and must not wait for it.
        let mut ctx = self.off_duty();
        let task = async move {
            let done = run(&ctx, &way, events, group.as_ref()).await;
            if let Err(error) = ctx.noting_failure(done, group.as_ref()) {
                ctx.fail(error);
            }
        };
        let name = self.station.name.clone();
        self.station.flow.spawner.spawn(AsActor::new(name, task));
        Ok(())
    }

    /// Begins a group of the children, if somebody may gather them.
    fn begin_group(&self, receipt: &Receipt) -> Option<Opener> {
        if !self.station.flow.gathers {
            return None;
        }
        let event = self.parent.describe();
        let flow = &self.station.flow;
        Some(Opener::of(GroupOf::Event, flow, event, receipt))
    }

    /// Notes in the group why not all children could be made.
    fn noting_failure<T>(&self, done: Result<T>, group: Option<&Opener>) -> Result<T> {
        if let (Err(error), Some(group)) = (&done, group) {
            group.break_off(Some(self.station.failure(error.clone())));
        }
        done
    }

    /// Sends at most a chunk of children; without room only until the root has its part of the source's share,
    /// but one at least. Those that are pulled in a turn become a part.
    fn pull<I>(
        &self,
        way: &Way,
        events: &mut I,
        part: Option<Arc<Part>>,
        group: Option<&Opener>,
    ) -> Result<Pulled>
    where
        I: Iterator<Item: MapOutput>,
    {
        let outboxes = self.station.outboxes();
        let others;
        let (links, name) = match way {
            Way::All => (&outboxes.all[..], "*"),
            Way::To(name) => (outboxes.of(name)?, &**name),
            Way::AllBut(name) => {
                others = outboxes.all_but(name);
                (&others[..], "*")
            }
        };
        let receipt = &self.parent.body().receipt;
        for _ in 0..self.station.flow.chunk {
            let Some(item) = events.next() else {
                return Ok(Pulled::All);
            };
            let Some(mut event) = item.into_output()? else {
                continue;
            };
            if part.is_some() || group.is_some() {
                self.adopt(&mut event, name)?;
                event.set_receipt(of_child(receipt, part.as_ref(), group));
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

/// Where children go.
enum Way {
    All,
    To(Port),
    AllBut(Port),
}

/// Makes the receipt of a child: of those pulled with it, and of all that come of the same event.
fn of_child(receipt: &Receipt, part: Option<&Arc<Part>>, group: Option<&Opener>) -> Receipt {
    let receipt = match part {
        Some(part) => Receipt::Part(part.clone()),
        None => receipt.clone(),
    };
    match group {
        Some(group) => Receipt::member(receipt, group.place()),
        None => receipt,
    }
}

#[derive(PartialEq)]
enum Pulled {
    All,
    Some,
}

/// Pulls an iterator, chunk by chunk, each in its turn.
async fn run<I>(ctx: &Context, way: &Way, mut events: I, group: Option<&Opener>) -> Result
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
            group.inspect(|group| group.break_off(None));
            return Ok(());
        }
        let mut pulled = Pulled::All;
        ctx.open();
        let done = guard(ctx, async {
            pulled = ctx.pull(way, &mut events, Some(turn.part()), group)?;
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
