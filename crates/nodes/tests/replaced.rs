//! Processes that come in the place of one that may still be there.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::time::Duration;

use common::{Clients, Step, door, start_one, stop};
use compysition_core::{Director, Flow};
use compysition_nodes::memory::Memory;
use tokio::time::{Instant, sleep, timeout};

const NODES: [&str; 2] = ["front", "work"];

/// A door in `front`, and a step in `work`, which calls `front`.
fn whole(door: common::Door, name: &'static str) -> Director {
    let mut director = Director::new("shop");
    let http = director.register("http", door);
    let step = director.register("step", Step(name));
    let reply = director.reply();
    director.connect(http, step);
    director.connect(step, reply);
    director.place(http, "front");
    director.place(step, "work");
    director
}

async fn front(memory: &Memory) -> (Flow, Clients) {
    let (door, clients) = door();
    let flow = start_one(&NODES, "front", memory, whole(door, "-")).await;
    (flow, clients)
}

async fn work(memory: &Memory, name: &'static str) -> Flow {
    start_one(&NODES, "work", memory, whole(door().0, name)).await
}

/// Asks until the process of this name has answered, and returns after how long.
async fn answered_by(clients: &Clients, name: &str) -> Duration {
    let began = Instant::now();
    let answered = async {
        while clients.text("x").await != format!("x {name}") {
            sleep(Duration::from_millis(10)).await;
        }
    };
    let answered = timeout(Duration::from_secs(60), answered).await;
    answered.expect("it never answers");
    began.elapsed()
}

/// Kills a process, and has another one in its place answer within this time, without being refused.
async fn replace(memory: &Memory, within: Duration) {
    let (front, clients) = front(memory).await;
    let first = work(memory, "first").await;
    answered_by(&clients, "first").await;
    first.abort().await;
    drop(first);
    let second = work(memory, "second").await;
    assert!(answered_by(&clients, "second").await < within);
    assert_eq!(memory.opened(), 2, "it was refused, and called again");
    stop(vec![front, second]).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_was_killed_without_a_word_is_replaced_when_it_was_silent_for_two_beats() {
    let memory = Memory::default();
    memory.close_quietly();
    replace(&memory, Duration::from_millis(2_100)).await;
}

#[tokio::test(start_paused = true)]
async fn one_whose_line_has_closed_is_replaced_at_once() {
    replace(&Memory::default(), Duration::from_millis(600)).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_is_there_keeps_its_place_also_while_its_line_is_opened_again() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let first = work(&memory, "first").await;
    answered_by(&clients, "first").await;
    let second = work(&memory, "second").await;
    for _ in 0..100 {
        memory.cut();
        sleep(Duration::from_millis(2_777)).await;
        assert_eq!(clients.text("x").await, "x first");
    }
    stop(vec![first]).await;
    answered_by(&clients, "second").await;
    stop(vec![front, second]).await;
}

#[tokio::test(start_paused = true)]
async fn of_several_that_want_a_place_one_has_it_and_keeps_it() {
    let memory = Memory::default();
    memory.close_quietly();
    let (front, clients) = front(&memory).await;
    let first = work(&memory, "first").await;
    answered_by(&clients, "first").await;
    first.abort().await;
    drop(first);
    let names = ["a", "b", "c"];
    let mut next = Vec::new();
    for name in names {
        next.push(work(&memory, name).await);
    }
    // The first one had it still when this was asked.
    assert!(clients.text("x").await.starts_with("unanswered"));
    let answer = clients.text("x").await;
    assert!(names.iter().any(|name| answer == format!("x {name}")));
    for _ in 0..50 {
        sleep(Duration::from_millis(777)).await;
        assert_eq!(clients.text("x").await, answer);
    }
    next.push(front);
    stop(next).await;
}
