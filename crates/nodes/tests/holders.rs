//! What an actor holds in another process has no permit at home.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Batch, Collect, Count, start, stop};
use compysition_core::{Director, Limits, Outcome};
use compysition_nodes::memory::Memory;

/// `source -> batch -> end`, each in the node that is named.
fn flow(
    events: u64,
    places: [&'static str; 3],
    outcomes: &Arc<Mutex<Vec<Outcome>>>,
    sink: &Collect,
) -> Director {
    let mut director = Director::new("held");
    director.set_limits(Limits {
        roots: 1_000,
        ..Limits::default()
    });
    let source = director.register("source", Count(events, outcomes.clone()));
    let batch = director.register("batch", Batch::of(3000));
    let end = director.register("end", sink.clone());
    director.connect(source, batch);
    director.connect(batch, end);
    for (node, place) in [source, batch, end].into_iter().zip(places) {
        director.place(node, place);
    }
    director
}

async fn batches_of_more_than_there_are_permits(places: [&'static str; 3], loses: u64) {
    let memory = Memory::default();
    memory.lose_one_of(loses);
    let (outcomes, sink) = (Arc::default(), Collect::default());
    let nodes: &[&'static str] = match places.contains(&"third") {
        true => &["front", "work", "third"],
        false => &["front", "work"],
    };
    let flows = start(nodes, &memory, || flow(6000, places, &outcomes, &sink)).await;
    flows[0].block().await;
    assert_eq!(sink.texts(), ["3000", "3000"]);
    let all = outcomes.lock().unwrap().clone();
    let is_well = |outcome: &Outcome| matches!(outcome, Outcome::Delivered);
    assert!(all.len() == 6000 && all.iter().all(is_well));
    memory.lose_one_of(0);
    stop(flows).await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_in_another_node_may_be_larger_than_what_a_source_may_have_under_way() {
    batches_of_more_than_there_are_permits(["front", "work", "work"], 0).await;
}

#[tokio::test(start_paused = true)]
async fn it_may_come_home_or_go_on_to_a_third_node_over_lines_that_lose() {
    batches_of_more_than_there_are_permits(["front", "work", "front"], 7).await;
    batches_of_more_than_there_are_permits(["front", "work", "third"], 7).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_held_in_another_node_is_flushed_when_all_stop() {
    let memory = Memory::default();
    let (outcomes, sink) = (Arc::<Mutex<Vec<Outcome>>>::default(), Collect::default());
    let flows = start(&["front", "work"], &memory, || {
        flow(2000, ["front", "work", "front"], &outcomes, &sink)
    })
    .await;
    let held = || {
        let actors = flows[1].snapshot().actors;
        actors.iter().map(|actor| actor.held).sum::<u64>()
    };
    while held() < 2000 {
        // Time stands still but for this.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop(flows).await;
    assert_eq!(sink.texts(), ["2000"]);
}
