//! Three processes in a row, of which the outer ones do not know each other.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Clients, Step, door, start_one, stop};
use compysition_core::{Actor, Context, Director, Event, Flow, Result};
use compysition_nodes::memory::Memory;
use tokio::sync::Semaphore;

const NODES: [&str; 3] = ["first", "second", "third"];

/// Passes events on as the test allows.
struct Wait(Arc<Semaphore>);

impl Actor for Wait {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.acquire().await?.forget();
        ctx.send(event)
    }
}

/// Starts one of `door -> wait -> step -> reply`, with another door before `step`.
async fn start(node: &'static str, memory: &Memory, go: &Arc<Semaphore>) -> (Flow, Clients) {
    let (door, clients) = door();
    let mut director = Director::new("chain");
    let http = director.register("door", door);
    // Without it all would end with the first process, the only one where anything begins.
    let other = director.register("other", common::door().0);
    let wait = director.register("wait", Wait(go.clone()));
    let step = director.register("step", Step("step"));
    let reply = director.reply();
    director.connect(http, wait);
    director.connect(other, step);
    director.connect(wait, step);
    director.connect(step, reply);
    for actor in [wait, step] {
        director.connect_error(actor, reply);
    }
    for (actor, node) in [http, wait, step].into_iter().zip(NODES) {
        director.place(actor, node);
    }
    director.place(other, "second");
    (start_one(&NODES, node, memory, director).await, clients)
}

/// Starts one process anew, and then stops all while a request is under way.
async fn after_a_restart_of(restarted: usize) {
    let (memory, go) = (Memory::default(), Arc::new(Semaphore::new(1)));
    let mut all = Vec::new();
    for node in NODES {
        all.push(start(node, &memory, &go).await);
    }
    assert_eq!(all[0].1.text("x").await, "x step");
    let (flow, _) = all.remove(restarted);
    assert!(flow.stop().await.is_clean());
    drop(flow);
    tokio::time::sleep(Duration::from_secs(3)).await;
    all.insert(restarted, start(NODES[restarted], &memory, &go).await);
    // Longer than one waits before it calls again.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let clients = all[0].1.clone();
    let asked = tokio::spawn(async move { clients.ask("late").await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let flows = all.into_iter().map(|(flow, _)| flow).collect();
    let stopping = tokio::spawn(stop(flows));
    tokio::time::sleep(Duration::from_secs(5)).await;
    go.add_permits(1);
    let answer = asked.await.unwrap().unwrap();
    assert!(
        answer.error().is_none(),
        "{restarted}: {:?}",
        answer.error()
    );
    stopping.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn all_wait_for_one_that_was_started_again_also_those_who_do_not_know_it() {
    for restarted in 0..3 {
        after_a_restart_of(restarted).await;
    }
}
