//! tokio tasks with a channel before each that carries batches: what one writes by hand to be fast.

use compysition_core::Event;
use tokio::sync::mpsc::{Sender, channel};

use super::{Entrance, copying};
use crate::case::{Case, End};

const BATCH: usize = 64;

pub(super) fn build(case: &Case, end: &End) -> Vec<Entrance> {
    let mut sinks = Vec::new();
    for _ in 0..case.sinks() {
        let (sender, mut receiver) = channel::<Vec<Event>>(1024);
        let end = end.clone();
        tokio::spawn(async move {
            while let Some(batch) = receiver.recv().await {
                batch.into_iter().for_each(|event| end.arrived(event));
            }
        });
        sinks.push(sender);
    }
    for _ in 0..case.steps() {
        let (sender, mut receiver) = channel::<Vec<Event>>(1024);
        let next = std::mem::replace(&mut sinks[0], sender);
        let work = case.work;
        tokio::spawn(async move {
            while let Some(mut batch) = receiver.recv().await {
                batch.iter_mut().for_each(|event| work.apply(event));
                if next.send(batch).await.is_err() {
                    break;
                }
            }
        });
    }
    let events = case.events_per_source();
    let entrances = |_| {
        copying(
            sinks
                .iter()
                .map(|sender| batching(sender.clone(), events))
                .collect(),
        )
    };
    (0..case.sources()).map(entrances).collect()
}

/// Collects events in batches; the last one goes when all events were there.
fn batching(sender: Sender<Vec<Event>>, mut missing: u64) -> Entrance {
    let mut batch = Vec::with_capacity(BATCH);
    Box::new(move |event| {
        batch.push(event);
        missing -= 1;
        if batch.len() == BATCH || missing == 0 {
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            assert!(
                sender.try_send(full).is_ok(),
                "permits fit into the channel"
            );
        }
    })
}
