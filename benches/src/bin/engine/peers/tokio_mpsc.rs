//! tokio tasks with a channel before each, one event at a time.

use compysition_core::Event;
use tokio::sync::mpsc;

use super::{Entrance, copying};
use crate::case::{Case, End};

/// As many as there are permits, so that an entrance never finds a channel full.
const CAPACITY: usize = 1024;

/// Channels with a capacity, as they are commonly used.
pub(super) fn bounded(case: &Case, end: &End) -> Vec<Entrance> {
    let mut sinks = Vec::new();
    for _ in 0..case.sinks() {
        let (sender, mut receiver) = mpsc::channel::<Event>(CAPACITY);
        let end = end.clone();
        tokio::spawn(async move {
            while let Some(event) = receiver.recv().await {
                end.arrived(event);
            }
        });
        sinks.push(sender);
    }
    for _ in 0..case.steps() {
        let (sender, mut receiver) = mpsc::channel::<Event>(CAPACITY);
        let next = std::mem::replace(&mut sinks[0], sender);
        let work = case.work;
        tokio::spawn(async move {
            while let Some(mut event) = receiver.recv().await {
                work.apply(&mut event);
                if next.send(event).await.is_err() {
                    break;
                }
            }
        });
    }
    let entrance = |sender: &mpsc::Sender<Event>| {
        let sender = sender.clone();
        Box::new(move |event| {
            assert!(
                sender.try_send(event).is_ok(),
                "permits fit into the channel"
            )
        }) as Entrance
    };
    let entrances = |_| copying(sinks.iter().map(entrance).collect());
    (0..case.sources()).map(entrances).collect()
}

/// Channels without a capacity: no semaphore to pass, flow control by the source's permits alone.
pub(super) fn unbounded(case: &Case, end: &End) -> Vec<Entrance> {
    let mut sinks = Vec::new();
    for _ in 0..case.sinks() {
        let (sender, mut receiver) = mpsc::unbounded_channel::<Event>();
        let end = end.clone();
        tokio::spawn(async move {
            while let Some(event) = receiver.recv().await {
                end.arrived(event);
            }
        });
        sinks.push(sender);
    }
    for _ in 0..case.steps() {
        let (sender, mut receiver) = mpsc::unbounded_channel::<Event>();
        let next = std::mem::replace(&mut sinks[0], sender);
        let work = case.work;
        tokio::spawn(async move {
            while let Some(mut event) = receiver.recv().await {
                work.apply(&mut event);
                if next.send(event).is_err() {
                    break;
                }
            }
        });
    }
    let entrance = |sender: &mpsc::UnboundedSender<Event>| {
        let sender = sender.clone();
        Box::new(move |event| assert!(sender.send(event).is_ok(), "the sink lives")) as Entrance
    };
    let entrances = |_| copying(sinks.iter().map(entrance).collect());
    (0..case.sources()).map(entrances).collect()
}
