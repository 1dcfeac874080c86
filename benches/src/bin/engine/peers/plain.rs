//! A plain loop: the bridge calls the steps and the sinks itself. Nothing can be faster.

use std::hint::black_box;

use compysition_core::Event;

use super::{Entrance, copying};
use crate::case::{Case, End};

pub(super) fn build(case: &Case, end: &End) -> Vec<Entrance> {
    let entrance = |_| {
        let sinks = (0..case.sinks()).map(|_| sink(end.clone())).collect();
        let mut sinks = copying(sinks);
        let work = case.work;
        let step: fn(Event, crate::case::Work) -> Event = |mut event, work| {
            work.apply(&mut event);
            event
        };
        let steps = vec![step; case.steps()];
        Box::new(move |mut event| {
            for step in &steps {
                event = black_box(step)(event, work);
            }
            sinks(event);
        }) as Entrance
    };
    (0..case.sources()).map(entrance).collect()
}

fn sink(end: End) -> Entrance {
    Box::new(move |event| end.arrived(event))
}
