//! actix actors: each on the thread of an arbiter, as many arbiters as cores.

use actix::{Actor, Addr, Arbiter, Context, Handler, Message, System};
use compysition_core::Event;

use super::{Entrance, copying};
use crate::case::{Case, End, Work};

struct Carry(Event);

impl Message for Carry {
    type Result = ();
}

struct Sink(End);

impl Actor for Sink {
    type Context = Context<Sink>;
}

impl Handler<Carry> for Sink {
    type Result = ();

    fn handle(&mut self, carry: Carry, _: &mut Self::Context) {
        self.0.arrived(carry.0);
    }
}

struct Step {
    work: Work,
    next: Next,
}

#[derive(Clone)]
enum Next {
    Step(Addr<Step>),
    Sink(Addr<Sink>),
}

impl Next {
    fn send(&self, event: Event) {
        match self {
            Next::Step(step) => step.do_send(Carry(event)),
            Next::Sink(sink) => sink.do_send(Carry(event)),
        }
    }
}

impl Actor for Step {
    type Context = Context<Step>;
}

impl Handler<Carry> for Step {
    type Result = ();

    fn handle(&mut self, Carry(mut event): Carry, _: &mut Self::Context) {
        self.work.apply(&mut event);
        self.next.send(event);
    }
}

/// Ends the threads with the last entrance.
struct Threads {
    _system: System,
    arbiters: Vec<Arbiter>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        for arbiter in self.arbiters.drain(..) {
            arbiter.stop();
            let _ = arbiter.join();
        }
    }
}

pub(super) fn build(case: &Case, end: &End) -> Vec<Entrance> {
    // The runner is not needed: no actor lives on the thread of the system itself.
    let _runner = System::new();
    let threads = Threads {
        _system: System::current(),
        arbiters: (0..case.cores).map(|_| Arbiter::new()).collect(),
    };
    let arbiter = |number: usize| threads.arbiters[number % threads.arbiters.len()].handle();

    let sink = |number: usize| {
        let end = end.clone();
        Next::Sink(Actor::start_in_arbiter(&arbiter(number), |_| Sink(end)))
    };
    let mut sinks: Vec<Next> = (0..case.sinks()).map(sink).collect();
    for number in 0..case.steps() {
        let step = Step {
            work: case.work,
            next: sinks[0].clone(),
        };
        sinks[0] = Next::Step(Actor::start_in_arbiter(&arbiter(number + 1), |_| step));
    }

    let threads = std::sync::Arc::new(threads);
    let entrance = |next: &Next| {
        let (next, threads) = (next.clone(), threads.clone());
        Box::new(move |event| {
            let _ = &threads;
            next.send(event);
        }) as Entrance
    };
    (0..case.sources())
        .map(|_| copying(sinks.iter().map(entrance).collect()))
        .collect()
}
