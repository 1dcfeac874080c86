//! compysition itself: actors, and plain functions.

use compysition_core::{Actor, Context, Director, Event, Node, Ports, Result, map};

use crate::case::{Case, End, Work};

/// Does its work on each event and sends it on; with `KEEP`, as actors do unless they choose otherwise.
struct Step<const KEEP: bool>(Work);

impl<const KEEP: bool> Actor for Step<KEEP> {
    const KEEP_INPUT: bool = KEEP;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        self.0.apply(&mut event);
        ctx.send(event)
    }
}

struct Sink(End);

impl Actor for Sink {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        self.0.arrived(event);
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

pub(super) fn has_steps(case: &Case) -> bool {
    case.steps() > 0
}

pub(super) fn actors<const KEEP: bool>(
    case: &Case,
    end: &End,
    director: &mut Director,
) -> Vec<Node> {
    build(case, end, director, |director, name| {
        director.register(name, Step::<KEEP>(case.work))
    })
}

pub(super) fn maps(case: &Case, end: &End, director: &mut Director) -> Vec<Node> {
    let work = case.work;
    build(case, end, director, |director, name| {
        director.register(
            name,
            map(move |mut event: Event| {
                work.apply(&mut event);
                event
            }),
        )
    })
}

fn build(
    case: &Case,
    end: &End,
    director: &mut Director,
    step: impl Fn(&mut Director, String) -> Node,
) -> Vec<Node> {
    let bridges: Vec<Node> = (0..case.sources())
        .map(|number| director.register(format!("bridge_{number}"), Step::<false>(Work::Forward)))
        .collect();
    let mut ends = bridges.clone();
    for number in 0..case.steps() {
        let next = step(director, format!("step_{number}"));
        director.connect(ends[0], next);
        ends[0] = next;
    }
    for number in 0..case.sinks() {
        let sink = director.register(format!("sink_{number}"), Sink(end.clone()));
        for end in &ends {
            director.connect(*end, sink);
        }
    }
    bridges
}
