//! Plain functions as actors.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Relaxed;

use crate::actor::Tick;
use crate::context::Context;
use crate::in_place::{InPlace, hand_on};
use crate::inbox::Chunk;
use crate::keeper;
use crate::ports::Ports;
use crate::receipt::Receipt;
use crate::stage::{Stage, Work, panicked};
use crate::station::Station;
use crate::travel::Travel;
use crate::{Error, Event, Id, Result};

/// Makes an actor of a plain function from an event to an event, or to `None` to drop it, or to a
/// `Result` of either.
///
/// Where it has one inbound link the engine runs it in the sender's place, without a queue of its own. A
/// function that returns no `Result` keeps no copy of its input: if it panics, the event that goes the
/// error path has no payload.
///
/// ```
/// use compysition_core::{Director, Event, map};
///
/// let mut director = Director::new("words");
/// director.register("trim", map(|event: Event| {
///     let trimmed = event.text()?.trim().to_owned();
///     Ok(event.with(trimmed))
/// }));
/// director.register("no_empty", map(|event: Event| {
///     (event.payload().size() > 0).then_some(event)
/// }));
/// ```
pub fn map<F, R>(function: F) -> Map<F>
where
    F: FnMut(Event) -> R + Send + 'static,
    R: MapOutput,
{
    Map(function)
}

/// Makes an actor that shows each event to a function and passes it on unchanged.
pub fn inspect<F>(mut function: F) -> Map<impl FnMut(Event) -> Event + Send + 'static>
where
    F: FnMut(&Event) + Send + 'static,
{
    Map(move |event: Event| {
        function(&event);
        event
    })
}

/// An actor made by [`map`] or [`inspect`].
pub struct Map<F>(F);

/// What a function for [`map`] may return: an event, an `Option` of one, or a `Result` of either.
pub trait MapOutput {
    /// Whether the function can fail, so that its input must be kept.
    const FALLIBLE: bool;

    /// Returns the event to pass on, none to drop it, or the error.
    ///
    /// # Errors
    /// The function's own.
    fn into_output(self) -> Result<Option<Event>>;
}

impl MapOutput for Event {
    const FALLIBLE: bool = false;

    fn into_output(self) -> Result<Option<Event>> {
        Ok(Some(self))
    }
}

impl MapOutput for Option<Event> {
    const FALLIBLE: bool = false;

    fn into_output(self) -> Result<Option<Event>> {
        Ok(self)
    }
}

impl<O: MapOutput> MapOutput for Result<O> {
    const FALLIBLE: bool = true;

    fn into_output(self) -> Result<Option<Event>> {
        self.and_then(O::into_output)
    }
}

/// Drives the function of a [`Map`], in place or in a task.
pub(crate) struct MapStage<F> {
    function: F,
}

impl<F> MapStage<F> {
    pub(crate) fn new(map: Map<F>) -> MapStage<F> {
        MapStage { function: map.0 }
    }
}

impl<F, R> MapStage<F>
where
    F: FnMut(Event) -> R + Send + 'static,
    R: MapOutput,
{
    /// Calls the function on each event from `next` on, and moves what it returns to the front.
    fn run(&mut self, events: &mut [Event], place: &mut Place, ctx: &Context) {
        let station = &*ctx.station;
        let keep = R::FALLIBLE || station.options.into.is_some();
        while place.next < events.len() {
            let event = std::mem::take(&mut events[place.next]);
            place.next += 1;
            place.id = event.id();
            place.travel = event.travel;
            place.kept = keep.then(|| event.clone());
            let marked = event.error().is_some().then(|| event.clone());
            keeper::want(event.receipt().address());
            let output = (self.function)(event).into_output();
            place.dropped = keeper::unwant();
            match output {
                Ok(Some(mut event)) => match place.succeed(&mut event, station) {
                    Ok(()) => {
                        events[place.passed] = event;
                        place.passed += 1;
                    }
                    Err(error) => station.route_error(event, error),
                },
                Ok(None) => {
                    match marked {
                        Some(input) => station.end(input),
                        None => _ = station.counters.ended.fetch_add(1, Relaxed),
                    }
                    drop(place.dropped.take());
                }
                Err(error) => ctx.station.fail(ctx.inbox, place.give_back(), error),
            }
        }
    }
}

/// How far the work on a chunk is, and what outlives the call of the function.
#[derive(Default)]
struct Place {
    next: usize,
    passed: usize,
    id: Id,
    travel: Travel,
    kept: Option<Event>,
    dropped: Option<Receipt>,
}

impl Place {
    /// Makes what the function returned the successor of its input.
    fn succeed(&mut self, event: &mut Event, station: &Station) -> Result {
        if !event.receipt().is_some() {
            let receipt = self.receipt();
            if !receipt.is_some() {
                return Err(Error::internal(
                    "the function kept its event and returned a new one; only an actor can hold events",
                ));
            }
            event.set_receipt(receipt);
            event.travel = self.travel.uncharged().owning();
            if event.id().is_none() {
                event.set_id(self.id.child(&station.name, "*", 0));
            }
        }
        if let Some(path) = &station.options.into
            && let Some(mut input) = self.kept.take()
        {
            input.set_path(path, event.payload().to_value())?;
            *event = input;
        }
        match station.outboxes().all.len() {
            1 => {
                event.pass_link(station.flow.limits.hops)?;
                event.charge(0)
            }
            // The copies are counted and charged when they are made.
            _ => Ok(()),
        }
    }

    /// Returns a receipt of the input's root.
    fn receipt(&mut self) -> Receipt {
        let of_copy = || self.kept.as_ref().map(|event| event.receipt().clone());
        self.dropped.take().or_else(of_copy).unwrap_or_default()
    }

    /// Returns the input, or without a copy what is left of it.
    fn give_back(&mut self) -> Event {
        let receipt = self.receipt();
        let mut event = self.kept.take().unwrap_or_default();
        event.set_id(self.id);
        event.set_receipt(receipt);
        event.travel = self.travel.uncharged();
        event
    }
}

impl<F, R> InPlace for MapStage<F>
where
    F: FnMut(Event) -> R + Send + 'static,
    R: MapOutput,
{
    fn process(&mut self, events: &mut Vec<Event>, ctx: &mut Context) {
        let mut place = Place::default();
        while place.next < events.len() {
            let run = AssertUnwindSafe(|| self.run(events, &mut place, ctx));
            if let Err(panic) = catch_unwind(run) {
                place.dropped = keeper::unwant();
                let error = panicked(&*panic);
                ctx.station
                    .route_error_of(Some(ctx.inbox), place.give_back(), error);
            }
        }
        events.truncate(place.passed);
        // A copy that is kept longer would have the next function copy what it changes.
        drop(place);
        hand_on(events, ctx);
    }
}

impl<F, R> Stage for MapStage<F>
where
    F: FnMut(Event) -> R + Send + 'static,
    R: MapOutput,
{
    fn ports(&self) -> Ports {
        Ports::any().may_drop()
    }

    fn start<'a>(&'a mut self, _: &'a Context) -> Work<'a, Result> {
        Box::pin(async { Ok(()) })
    }

    fn chunk<'a>(&'a mut self, chunk: &'a mut Chunk, ctx: &'a mut Context) -> Work<'a, Result> {
        Box::pin(async move {
            self.process(&mut chunk.events, ctx);
            Ok(())
        })
    }

    fn tick<'a>(&'a mut self, _: Tick, _: &'a Context) -> Work<'a, Result> {
        Box::pin(async { Ok(()) })
    }

    fn stop<'a>(&'a mut self, _: &'a Context) -> Work<'a, Result> {
        Box::pin(async { Ok(()) })
    }

    fn is_function(&self) -> bool {
        true
    }

    fn into_in_place(self: Box<Self>) -> Result<Box<dyn InPlace>, Box<dyn Stage>> {
        Ok(self)
    }
}
