//! ractor actors.

use compysition_core::Event;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::runtime::Handle;

use super::{Entrance, copying};
use crate::case::{Case, End, Work};

struct Sink(End);

impl Actor for Sink {
    type Msg = Event;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Event>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<Event>,
        event: Event,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        self.0.arrived(event);
        Ok(())
    }
}

struct Step {
    work: Work,
    next: ActorRef<Event>,
}

impl Actor for Step {
    type Msg = Event;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Event>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<Event>,
        mut event: Event,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        self.work.apply(&mut event);
        self.next.cast(event)?;
        Ok(())
    }
}

/// Stops the actors with the last entrance.
struct Actors(Vec<ActorRef<Event>>);

impl Drop for Actors {
    fn drop(&mut self) {
        self.0.iter().for_each(|actor| actor.stop(None));
    }
}

pub(super) fn build(case: &Case, end: &End) -> Vec<Entrance> {
    let spawn = |handler| Handle::current().block_on(handler);
    let mut actors = Vec::new();
    for _ in 0..case.sinks() {
        let (sink, _) = spawn(Box::pin(Actor::spawn(None, Sink(end.clone()), ())) as Spawning)
            .expect("a new actor starts");
        actors.push(sink);
    }
    let mut sinks = actors.clone();
    for _ in 0..case.steps() {
        let step = Step {
            work: case.work,
            next: sinks[0].clone(),
        };
        (sinks[0], _) =
            spawn(Box::pin(Actor::spawn(None, step, ())) as Spawning).expect("a new actor starts");
        actors.push(sinks[0].clone());
    }

    let actors = std::sync::Arc::new(Actors(actors));
    let entrance = |next: &ActorRef<Event>| {
        let (next, actors) = (next.clone(), actors.clone());
        Box::new(move |event| {
            let _ = &actors;
            assert!(
                next.cast(event).is_ok(),
                "the actors live as long as the entrance"
            );
        }) as Entrance
    };
    (0..case.sources())
        .map(|_| copying(sinks.iter().map(entrance).collect()))
        .collect()
}

type Spawned = Result<(ActorRef<Event>, tokio::task::JoinHandle<()>), ractor::SpawnErr>;
type Spawning = std::pin::Pin<Box<dyn Future<Output = Spawned> + Send>>;
