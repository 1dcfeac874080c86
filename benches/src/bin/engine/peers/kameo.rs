//! kameo actors, with unbounded mailboxes, which are its faster ones.

use std::convert::Infallible;

use compysition_core::Event;
use kameo::prelude::*;

use super::{Entrance, copying};
use crate::case::{Case, End, Work};

struct Sink(End);

impl Actor for Sink {
    type Args = Sink;
    type Error = Infallible;

    async fn on_start(sink: Sink, _: ActorRef<Sink>) -> Result<Sink, Infallible> {
        Ok(sink)
    }
}

impl Message<Event> for Sink {
    type Reply = ();

    async fn handle(&mut self, event: Event, _: &mut Context<Sink, ()>) {
        self.0.arrived(event);
    }
}

struct Step {
    work: Work,
    next: Next,
}

#[derive(Clone)]
enum Next {
    Step(ActorRef<Step>),
    Sink(ActorRef<Sink>),
}

impl Actor for Step {
    type Args = Step;
    type Error = Infallible;

    async fn on_start(step: Step, _: ActorRef<Step>) -> Result<Step, Infallible> {
        Ok(step)
    }
}

impl Message<Event> for Step {
    type Reply = ();

    async fn handle(&mut self, mut event: Event, _: &mut Context<Step, ()>) {
        self.work.apply(&mut event);
        let _ = match &self.next {
            Next::Step(step) => step.tell(event).await.is_ok(),
            Next::Sink(sink) => sink.tell(event).await.is_ok(),
        };
    }
}

pub(super) fn build(case: &Case, end: &End) -> Vec<Entrance> {
    let sink = |_| {
        Next::Sink(Sink::spawn_with_mailbox(
            Sink(end.clone()),
            mailbox::unbounded(),
        ))
    };
    let mut sinks: Vec<Next> = (0..case.sinks()).map(sink).collect();
    for _ in 0..case.steps() {
        let step = Step {
            work: case.work,
            next: sinks[0].clone(),
        };
        sinks[0] = Next::Step(Step::spawn_with_mailbox(step, mailbox::unbounded()));
    }

    let entrance = |next: &Next| {
        let next = next.clone();
        Box::new(move |event| {
            let sent = match &next {
                Next::Step(step) => step.tell(event).try_send().is_ok(),
                Next::Sink(sink) => sink.tell(event).try_send().is_ok(),
            };
            assert!(sent, "the actors live as long as the entrance");
        }) as Entrance
    };
    (0..case.sources())
        .map(|_| copying(sinks.iter().map(entrance).collect()))
        .collect()
}
