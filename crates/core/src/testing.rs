//! Tests of actors, without sleeping and without a network.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

pub use crate::dice::{Dice, within};
use crate::flow::Flow;
use crate::into_actor::{Built, IntoActor};
pub use crate::simulation::{Faults, Simulation};
use crate::{
    Actor, ActorSnapshot, Breaker, Context, Director, Event, Outcome, Port, Ports, Result,
    Settlement, Stopped,
};

/// How long an actor may take for one event, in the harness's time.
const PATIENCE: Duration = Duration::from_secs(3600);

type Recorded = Arc<Mutex<BTreeMap<String, Vec<Event>>>>;
type Command = (String, Event, oneshot::Sender<Settlement>);

/// One actor between recorded ports, on a runtime of its own whose time is paused: it jumps to the next
/// timer whenever nothing else is to be done.
///
/// Dropping it fails the test if events are still inside, or if the actor returned `Ok` for an event that
/// it neither sent nor held and that its [`ports`](Actor::ports) do not allow to end there.
///
/// ```
/// use compysition_core::{Event, map, testing::Harness};
///
/// let mut harness = Harness::new(map(|event: Event| {
///     let upper = event.text()?.to_uppercase();
///     Ok(event.with(upper))
/// }));
/// harness.send("hello");
/// assert_eq!(harness.take()[0].text().unwrap(), "HELLO");
/// ```
pub struct Harness {
    runtime: Runtime,
    flow: Flow,
    commands: mpsc::UnboundedSender<Command>,
    recorded: Recorded,
    inbox: String,
}

/// What a [`Harness`] is made of; see [`Harness::of`].
pub struct Plan {
    actor: Built,
    inboxes: Vec<Port>,
    outboxes: Vec<Port>,
    breaker: Option<Breaker>,
    real_time: bool,
}

impl Plan {
    /// Connects these inboxes instead of the one inbox `in`.
    #[must_use]
    pub fn inboxes<P: Into<Port>>(mut self, names: impl IntoIterator<Item = P>) -> Plan {
        self.inboxes = names.into_iter().map(Into::into).collect();
        self
    }

    /// Connects these outboxes instead of those that the actor declares, or of the one outbox `out`.
    #[must_use]
    pub fn outboxes<P: Into<Port>>(mut self, names: impl IntoIterator<Item = P>) -> Plan {
        self.outboxes = names.into_iter().map(Into::into).collect();
        self
    }

    /// Gives the actor a breaker.
    #[must_use]
    pub fn breaker(mut self, breaker: Breaker) -> Plan {
        self.breaker = Some(breaker);
        self
    }

    /// Lets time pass as it does, for actors that talk to the outside.
    #[must_use]
    pub fn real_time(mut self) -> Plan {
        self.real_time = true;
        self
    }

    /// Starts the actor.
    ///
    /// # Panics
    /// If the actor cannot be made or started.
    pub fn start(self) -> Harness {
        match self.try_start() {
            Ok(harness) => harness,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts the actor, or says why it does not start.
    ///
    /// # Errors
    /// Internal, with all that is wrong.
    pub fn try_start(self) -> Result<Harness> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .start_paused(!self.real_time)
            .build()?;
        let recorded = Recorded::default();
        let (commands, inlet) = mpsc::unbounded_channel();
        let mut director = Director::new("harness");
        let actor = director.register("actor", self.actor);
        let declared = director
            .registered(actor)
            .map(|actor| actor.ports.clone())
            .unwrap_or_default();
        if let Some(breaker) = self.breaker {
            director.set_breaker(actor, breaker);
        }
        let inboxes = first_filled(self.inboxes, declared.inboxes, "in");
        let outboxes = first_filled(self.outboxes, declared.outboxes, "out");

        let inlet = director.register("inlet", Inlet(Some(inlet)));
        let inbox = inboxes[0].to_string();
        for name in inboxes {
            director.connect(inlet.port(name.clone()), actor.port(name));
        }
        for name in outboxes {
            let recorder = Recorder(name.to_string(), recorded.clone());
            let recorder = director.register(format!("recorder of {name}"), recorder);
            director.connect(actor.port(name), recorder);
        }
        let errors = director.register("errors", Recorder("error".into(), recorded.clone()));
        director.connect_error(actor, errors);
        let flow = runtime.block_on(director.start())?;
        Ok(Harness {
            runtime,
            flow,
            commands,
            recorded,
            inbox,
        })
    }
}

fn first_filled(asked: Vec<Port>, declared: Vec<Port>, default: &str) -> Vec<Port> {
    let filled = [asked, declared]
        .into_iter()
        .find(|names| !names.is_empty());
    filled.unwrap_or_else(|| vec![default.into()])
}

impl Harness {
    /// Starts an actor between one inbox `in` and one outbox `out`, or those that it declares.
    ///
    /// # Panics
    /// If the actor cannot be made or started.
    pub fn new<Form>(actor: impl IntoActor<Form>) -> Harness {
        Harness::of(actor).start()
    }

    /// Prepares a harness whose ports and time can be chosen.
    pub fn of<Form>(actor: impl IntoActor<Form>) -> Plan {
        Plan {
            actor: actor.into_actor(),
            inboxes: Vec::new(),
            outboxes: Vec::new(),
            breaker: None,
            real_time: false,
        }
    }

    /// Sends an event to the first inbox and waits until the actor is done with it. Returns how the event
    /// ended, or nothing if the actor holds it.
    pub fn send(&mut self, event: impl Into<Event>) -> Option<Outcome> {
        let inbox = self.inbox.clone();
        self.send_to(&inbox, event)
    }

    /// Sends an event to an inbox and waits until the actor is done with it. Returns how the event ended,
    /// or nothing if the actor holds it.
    ///
    /// # Panics
    /// If the flow has been stopped, or the actor is not done after an hour of the harness's time.
    pub fn send_to(&mut self, inbox: &str, event: impl Into<Event>) -> Option<Outcome> {
        let (reply, settlement) = oneshot::channel();
        let sent = self.commands.send((inbox.to_owned(), event.into(), reply));
        assert!(sent.is_ok(), "the harness was stopped");
        self.runtime.block_on(async {
            let Ok(settlement) = settlement.await else {
                panic!("the harness was stopped");
            };
            tokio::select! {
                biased;
                outcome = settlement => Some(outcome),
                () = quiet(&self.flow) => None,
                () = tokio::time::sleep(PATIENCE) => panic!("the actor is not done with the event"),
            }
        })
    }

    /// Lets time pass and waits until the actor is done with what that brought about.
    pub fn advance(&mut self, time: Duration) {
        self.runtime.block_on(async {
            tokio::time::sleep(time).await;
            // What wakes at the same moment may not have been told yet.
            tokio::task::yield_now().await;
            quiet(&self.flow).await;
        });
    }

    /// Returns what came out of the one outbox, or of all, and forgets it.
    pub fn take(&mut self) -> Vec<Event> {
        let mut recorded = self.recorded.lock();
        let errors = recorded.remove("error");
        let events = std::mem::take(&mut *recorded)
            .into_values()
            .flatten()
            .collect();
        recorded.extend(errors.map(|errors| ("error".to_owned(), errors)));
        events
    }

    /// Returns what came out of an outbox and forgets it.
    pub fn take_from(&mut self, outbox: &str) -> Vec<Event> {
        self.recorded.lock().remove(outbox).unwrap_or_default()
    }

    /// Returns what came out of the error outbox, marked with its errors, and forgets it.
    pub fn errors(&mut self) -> Vec<Event> {
        self.take_from("error")
    }

    /// Runs a future on the harness's runtime, beside the actor.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Returns the actor's counters.
    pub fn snapshot(&self) -> ActorSnapshot {
        let actors = self.flow.snapshot().actors.into_iter();
        actors
            .into_iter()
            .find(|actor| actor.name == "actor")
            .unwrap_or_default()
    }

    /// Returns how many events are inside: being consumed, or held.
    pub fn inside(&self) -> usize {
        self.flow.state().open_roots() as usize
    }

    /// Stops the actor as a flow would: it is told to flush what it holds.
    pub fn stop(&mut self) -> Stopped {
        self.runtime.block_on(self.flow.stop())
    }

    fn silent(&self) -> u64 {
        let actor = self
            .flow
            .stations()
            .iter()
            .find(|station| &*station.name == "actor");
        actor.map_or(0, |actor| actor.counters.silent.load(Relaxed))
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        let (inside, silent) = (self.inside(), self.silent());
        self.runtime.block_on(self.flow.abort());
        if std::thread::panicking() {
            return;
        }
        assert!(inside == 0, "{inside} events are still inside the actor");
        assert!(
            silent == 0,
            "the actor returned Ok for {silent} events that it neither sent nor held; \
             if that is meant, its ports() must say sink() or may_drop()"
        );
    }
}

/// Waits until no permit is out, but for what has not come yet, and no actor has anything to do. What is held is not waited for.
pub async fn quiet(flow: &Flow) {
    let idle = || flow.gates().iter().all(|gate| gate.under_way() <= 0);
    loop {
        flow.state().until(idle).await;
        let busy = flow.tasks().iter().find(|station| !station.is_resting());
        let Some(busy) = busy else {
            return;
        };
        let mut rest = std::pin::pin!(busy.rest.notified());
        rest.as_mut().enable();
        if !busy.is_resting() {
            rest.await;
        }
    }
}

/// Lets the test's events into the flow.
struct Inlet(Option<mpsc::UnboundedReceiver<Command>>);

impl Actor for Inlet {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    async fn start(&mut self, ctx: &Context) -> Result {
        let Some(mut commands) = self.0.take() else {
            return Ok(());
        };
        ctx.produce(|source| async move {
            while let Some((inbox, event, reply)) = commands.recv().await {
                let settlement = source.emit_to(&inbox, event).await?;
                // The test may not want to know how the event ends.
                let _ = reply.send(settlement);
            }
            Ok(())
        });
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Keeps copies of what it gets.
struct Recorder(String, Recorded);

impl Actor for Recorder {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        let mut copy = event.clone();
        drop(copy.take_receipt());
        self.1.lock().entry(self.0.clone()).or_default().push(copy);
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}
