//! A step of a flow.

use std::future::Future;

use crate::context::Context;
use crate::ports::Ports;
use crate::{Error, Event, Result, Retained};

/// A step of a flow: takes events from its inboxes and sends events to its outboxes.
///
/// An actor handles one event at a time. `Ok` from [`consume`](Actor::consume) means that the event was
/// sent on or held, or that [`ports`](Actor::ports) says that it may end here. `Err`, and a panic, send
/// the event as it came in, marked with the error, to the actor's error outbox; what was sent before
/// stays sent.
///
/// ```
/// use compysition_core::{Actor, Context, Event, Result};
///
/// /// Turns the text of each event into upper case.
/// pub struct Upper;
///
/// impl Actor for Upper {
///     async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
///         let upper = event.text()?.to_uppercase();
///         ctx.send(event.with(upper))
///     }
/// }
/// ```
pub trait Actor: Send + 'static {
    /// Whether the event is kept as it came in while it is consumed. Without that, a change in place
    /// copies nothing, but an error must bring the event back with
    /// [`Error::giving_back`](crate::Error::giving_back), and a panic loses its payload.
    const KEEP_INPUT: bool = true;

    /// Handles one event. It is dropped in mid-way only if the flow is aborted or its time-out passes.
    fn consume(&mut self, event: Event, ctx: &Context) -> impl Future<Output = Result> + Send;

    /// Returns whether events that came together are handled together, by [`consume_all`](Actor::consume_all).
    fn takes_all(&self) -> bool {
        false
    }

    /// Handles events that came together by one inbox, where [`takes_all`](Actor::takes_all) says so: for an actor of which
    /// many events are hardly more work than one, such as one that writes them with one call. Those that are not sent on or
    /// kept when it returns, or panics, take the error path, as all do by default; an error is logged.
    ///
    /// In a pool, and with `retry`, `timeout` or `breaker`, events still come one by one to [`consume`](Actor::consume).
    ///
    /// ```
    /// use compysition_core::testing::Harness;
    /// use compysition_core::{Actor, Context, Event, Result, Retained};
    ///
    /// /// Appends the texts of events to one text, with one call for all that came together.
    /// #[derive(Default)]
    /// struct Append(String);
    ///
    /// impl Actor for Append {
    ///     async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
    ///         self.consume_all(ctx.retain(event)?, ctx).await
    ///     }
    ///
    ///     fn takes_all(&self) -> bool {
    ///         true
    ///     }
    ///
    ///     async fn consume_all(&mut self, mut events: Retained, ctx: &Context) -> Result {
    ///         let mut texts = Vec::new();
    ///         events.keep_if_ok(|event| Ok(texts.push(event.text()?.to_owned())));
    ///         self.0.push_str(&texts.concat());
    ///         events.send(ctx)
    ///     }
    /// }
    ///
    /// let mut harness = Harness::new(Append::default());
    /// harness.send("a text");
    /// assert_eq!(harness.take().len(), 1);
    /// ```
    fn consume_all(
        &mut self,
        events: Retained,
        ctx: &Context,
    ) -> impl Future<Output = Result> + Send {
        let _ = ctx;
        async {
            drop(events);
            let message = "an actor that takes all needs a `consume_all` of its own";
            Err(Error::internal(message))
        }
    }

    /// Prepares for the first event; an error keeps the flow from starting.
    fn start(&mut self, ctx: &Context) -> impl Future<Output = Result> + Send {
        let _ = ctx;
        async { Ok(()) }
    }

    /// Is called at the time asked for with [`Context::wake_after`], and when held events should go.
    fn tick(&mut self, why: Tick, ctx: &Context) -> impl Future<Output = Result> + Send {
        let _ = (why, ctx);
        async { Ok(()) }
    }

    /// Ends the actor, after its last event.
    fn stop(&mut self, ctx: &Context) -> impl Future<Output = Result> + Send {
        let _ = ctx;
        async { Ok(()) }
    }

    /// Says what the actor promises about its ports.
    fn ports(&self) -> Ports {
        Ports::any()
    }
}

/// Says why [`Actor::tick`] is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tick {
    /// The time asked for has come.
    Timer,
    /// Sources wait for room: send what is held, if that makes sense.
    Pressure,
    /// The flow is stopping: send what is held now.
    Stopping,
}
