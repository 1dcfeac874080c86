//! How the engine drives an actor, whatever its type.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;

use crate::actor::{Actor, Tick};
use crate::context::Context;
use crate::in_place::InPlace;
use crate::inbox::Chunk;
use crate::ports::Ports;
use crate::simulation::{Blow, Trouble};
use crate::station::Station;
use crate::{Error, ErrorKind, Event, Result};

pub(crate) type Work<'a, T = ()> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Handles whole chunks, so that a call through a pointer is made once a chunk and not once an event.
pub(crate) trait Stage: Send {
    fn ports(&self) -> Ports;
    fn start<'a>(&'a mut self, ctx: &'a Context) -> Work<'a, Result>;
    /// Handles the events of a chunk. After a panic it leaves the rest in the chunk and returns the panic.
    fn chunk<'a>(&'a mut self, chunk: &'a mut Chunk, ctx: &'a mut Context) -> Work<'a, Result>;
    fn tick<'a>(&'a mut self, why: Tick, ctx: &'a Context) -> Work<'a, Result>;
    fn stop<'a>(&'a mut self, ctx: &'a Context) -> Work<'a, Result>;

    /// Returns whether it is a plain function.
    fn is_function(&self) -> bool {
        false
    }

    /// Returns the stage as one that a sender can run in place, if it is one.
    fn into_in_place(self: Box<Self>) -> Result<Box<dyn InPlace>, Box<dyn Stage>>;
}

/// Drives an [`Actor`] event by event.
pub(crate) struct ActorStage<A>(pub(crate) A);

impl<A: Actor> ActorStage<A> {
    /// Handles an event of an actor with a time-out, a retry or a breaker.
    async fn consume_with_options(&mut self, event: Event, ctx: &mut Context) -> Result {
        let mut result = self.consume(event, ctx).await;
        while let Err(error) = &result
            && let Some(event) = ctx.try_in_place(error).await
        {
            result = self.consume(event, ctx).await;
        }
        result
    }

    /// Has the actor handle all events of a chunk with one call.
    async fn consume_all(&mut self, chunk: &mut Chunk, ctx: &Context) -> Result {
        let from_error = chunk.from_error;
        let mut events = Vec::with_capacity(chunk.events.len());
        for event in chunk.events.drain(..) {
            match is_over(ctx, &event, from_error) {
                true => skip(ctx, event),
                false => events.push(event),
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        let events = ctx.retain_all(events);
        let result = guard(ctx, async { self.0.consume_all(events, ctx).await }).await;
        match ctx.take_panic() {
            Some(panic) => return Err(panic),
            None => report(&ctx.station, result),
        }
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if let Some(trouble) = &ctx.station.flow.trouble {
            befall(ctx, trouble).await?;
        }
        let Some(breaker) = &ctx.station.breaker else {
            return self.consume_in_time(event, ctx).await;
        };
        breaker.pass()?;
        ctx.has_spawned.store(false, Relaxed);
        let result = self.consume_in_time(event, ctx).await;
        // How background work fares is told when it is done.
        if result.is_err() || !ctx.has_spawned.load(Relaxed) {
            ctx.station.note_breaker(result.as_ref().err());
        }
        result
    }

    async fn consume_in_time(&mut self, event: Event, ctx: &Context) -> Result {
        let Some(limit) = ctx.station.options.timeout else {
            return guard(ctx, async { self.0.consume(event, ctx).await }).await;
        };
        // A time-out may have ended the last event in mid-way, with the desk closed.
        ctx.open();
        let work = guard(ctx, async { self.0.consume(event, ctx).await });
        let done = tokio::time::timeout(limit, work).await;
        done.unwrap_or_else(|_| Err(too_slow(limit)))
    }
}

impl<A: Actor> Stage for ActorStage<A> {
    fn ports(&self) -> Ports {
        self.0.ports()
    }

    fn start<'a>(&'a mut self, ctx: &'a Context) -> Work<'a, Result> {
        Box::pin(guard(ctx, async { self.0.start(ctx).await }))
    }

    fn chunk<'a>(&'a mut self, chunk: &'a mut Chunk, ctx: &'a mut Context) -> Work<'a, Result> {
        Box::pin(async move {
            let options = &ctx.station.options;
            let trouble = ctx.station.flow.trouble.is_some();
            let is_plain = options.is_plain() && !trouble;
            if is_plain && ctx.station.seat.is_none() && self.0.takes_all() {
                return self.consume_all(chunk, ctx).await;
            }
            // Where nothing is sent on, nothing is gained by leaving the event to be changed in place.
            let outboxes = ctx.station.outboxes();
            let is_end = outboxes.all.is_empty();
            let is_kept = outboxes.last_resort.is_some();
            let keep = A::KEEP_INPUT || is_end || trouble || options.need_input();
            let mut events = chunk.events.drain(..);
            while let Some(event) = events.next() {
                if is_over(ctx, &event, chunk.from_error) {
                    skip(ctx, event);
                    continue;
                }
                // What would go to the dead letters if it ends here must be whole.
                ctx.begin(&event, keep || is_kept && event.error().is_some());
                let result = match is_plain {
                    true => guard(ctx, async { self.0.consume(event, ctx).await }).await,
                    false => self.consume_with_options(event, ctx).await,
                };
                let has_failed = result.is_err();
                ctx.finish(result);
                if has_failed && let Some(panic) = ctx.take_panic() {
                    let rest = events.collect();
                    chunk.events = rest;
                    return Err(panic);
                }
            }
            drop(events);
            Ok(())
        })
    }

    fn tick<'a>(&'a mut self, why: Tick, ctx: &'a Context) -> Work<'a, Result> {
        Box::pin(guard(ctx, async move { self.0.tick(why, ctx).await }))
    }

    fn stop<'a>(&'a mut self, ctx: &'a Context) -> Work<'a, Result> {
        Box::pin(guard(ctx, async { self.0.stop(ctx).await }))
    }

    fn into_in_place(self: Box<Self>) -> Result<Box<dyn InPlace>, Box<dyn Stage>> {
        Err(self)
    }
}

/// Runs an actor's code: a panic becomes an error, and what was sent is handed over whenever it waits.
pub(crate) async fn guard(ctx: &Context, work: impl Future<Output = Result>) -> Result {
    let mut work = pin!(work);
    let mut waited = false;
    poll_fn(|cx| {
        if waited {
            ctx.open();
        }
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Pending) => {
                waited = true;
                ctx.close();
                Poll::Pending
            }
            Ok(ready) => ready,
            Err(panic) => {
                let error = panicked(&*panic);
                ctx.note_panic(&error);
                Poll::Ready(Err(error))
            }
        }
    })
    .await
}

/// Logs an error that concerns no event.
pub(crate) fn report(station: &Station, result: Result) {
    if let Err(error) = result {
        tracing::error!(flow = %station.flow.name, actor = %station.name, "{error}");
    }
}

/// Has an actor fail as a simulation wants it.
async fn befall(ctx: &Context, trouble: &Trouble) -> Result {
    match trouble.blow() {
        None => Ok(()),
        Some(Blow::Error(error)) => Err(error),
        // Without the message that a panic writes.
        Some(Blow::Panic) => {
            guard(ctx, async {
                resume_unwind(Box::new("a fault of the simulation"))
            })
            .await
        }
        Some(Blow::Delay(time)) => {
            ctx.close();
            tokio::time::sleep(time).await;
            ctx.open();
            Ok(())
        }
    }
}

/// Turns what a panic carries into an error.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let message = format!("the actor panicked: {}", message_of(panic));
    Error::new(ErrorKind::Panicked, message)
}

/// Returns what a panic says.
pub(crate) fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    text.or(owned).unwrap_or("no message")
}

fn too_slow(limit: std::time::Duration) -> Error {
    Error::timeout(format!("the actor took longer than {limit:?}"))
}

/// Returns whether an event is not to be begun any more: nobody waits for what comes of it, or the flow has given up what is not
/// done. One that failed, or came by an error link, goes its way all the same.
fn is_over(ctx: &Context, event: &Event, from_error: bool) -> bool {
    let is_in_vain = event.is_void() || ctx.station.flow.is_aborted();
    is_in_vain && !from_error && event.error().is_none()
}

/// Ends an event that is not to be begun any more.
pub(crate) fn skip(ctx: &Context, event: Event) {
    let station = &ctx.station;
    station.counters.skipped.fetch_add(1, Relaxed);
    let error = match event.receipt().is_expired() {
        _ if !event.is_void() => station.flow.given_up(),
        true => Error::timeout("skipped: the deadline of its request has passed"),
        false => Error::new(ErrorKind::Cancelled, "skipped: its client has gone"),
    };
    event.receipt().fail(&station.failure(error));
}
