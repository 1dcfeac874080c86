//! Requests and streams through a flow that is cut.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Clients, Collect, Count, Step, door, start, stop};
use compysition_core::{Director, Event, Extension, Flow, Node};
use compysition_nodes::memory::Memory;
use serde_json::{Value, json};

/// Asks `door -> a -> b -> c -> reply`, of which some run elsewhere.
fn circle(door: common::Door, places: [&'static str; 3]) -> Director {
    let mut director = Director::new("circle");
    let http = director.register("http", door);
    let [a, b, c] = ["a", "b", "c"].map(|name| director.register(name, Step(name)));
    let reply = director.reply();
    director.connect(http, a);
    director.connect(a, b);
    director.connect(b, c);
    director.connect(c, reply);
    for node in [a, b, c] {
        director.connect_error(node, reply);
    }
    director.place(http, "front");
    for (node, place) in [a, b, c].into_iter().zip(places) {
        director.place(node, place);
    }
    director
}

/// Starts both processes of a circle.
async fn start_circle(places: [&'static str; 3]) -> (Vec<Flow>, Clients) {
    circle_over(&Memory::default(), places).await
}

async fn circle_over(memory: &Memory, places: [&'static str; 3]) -> (Vec<Flow>, Clients) {
    let (first, clients) = door();
    let mut doors = vec![door().0, first];
    let nodes = ["front", "work"];
    let mut flows = Vec::new();
    for node in nodes {
        let whole = circle(doors.pop().unwrap(), places);
        flows.push(common::start_one(&nodes, node, memory, whole).await);
    }
    (flows, clients)
}

async fn try_circle(places: [&'static str; 3]) {
    let (flows, clients) = start_circle(places).await;
    assert_eq!(clients.text("x").await, "x a b c", "{places:?}");
    for bad in ["a", "b", "c"] {
        let answer = clients.ask(format!("bad {bad}")).await.unwrap();
        assert_eq!(
            answer.error().unwrap().error.message(),
            format!("{bad} will not")
        );
        assert_eq!(&*answer.error().unwrap().actor, bad);
    }
    stop(flows).await;
}

#[tokio::test(start_paused = true)]
async fn a_circle_is_the_same_wherever_it_is_cut() {
    for number in 0..8 {
        let place = |bit: usize| {
            if number >> bit & 1 == 1 {
                "work"
            } else {
                "front"
            }
        };
        try_circle([place(0), place(1), place(2)]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_comes_back_takes_a_frame_each_way() {
    let memory = Memory::default();
    let (flows, clients) = circle_over(&memory, ["front", "work", "front"]).await;
    clients.text("first").await;
    let before = memory.sent();
    for _ in 0..10 {
        assert_eq!(clients.text("x").await, "x a b c");
    }
    assert_eq!(memory.sent() - before, 20);
    stop(flows).await;
}

/// A typed attribute, which no other process knows.
struct Visit(u16);

impl Extension for Visit {
    fn to_value(&self) -> Value {
        json!({ "number": self.0 })
    }
}

#[tokio::test(start_paused = true)]
async fn attributes_that_come_back_as_they_left_keep_their_types() {
    for places in [["work", "work", "work"], ["front", "work", "front"]] {
        for changes in [false, true] {
            let (flows, clients) = start_circle(places).await;
            let mut event = Event::new(if changes { "mark" } else { "x" });
            event.set_extension("visit", Arc::new(Visit(7)));
            let (told, _stays) = clients.put_event(event);
            let answer = told.await.unwrap().unwrap();
            let visit = answer.extension::<Visit>("visit").map(|visit| visit.0);
            let marked = answer.attribute("marked").is_some();
            let seen = (
                visit,
                marked,
                answer.attribute("visit").unwrap().into_owned(),
            );
            let expected = if changes { None } else { Some(7) };
            assert_eq!(
                seen,
                (expected, changes, json!({"number": 7})),
                "{places:?}"
            );
            stop(flows).await;
        }
    }
}

fn stream(
    count: u64,
    outcomes: Arc<Mutex<Vec<compysition_core::Outcome>>>,
    sink: Collect,
) -> Director {
    let mut director = Director::new("stream");
    let source = director.register("source", Count(count, outcomes));
    let middle = director.register("middle", Step("middle"));
    let end = director.register("end", sink);
    director.connect(source, middle);
    director.connect(middle, end);
    place(
        &mut director,
        &[(source, "one"), (middle, "two"), (end, "three")],
    );
    director
}

fn place(director: &mut Director, places: &[(Node, &str)]) {
    for (node, process) in places {
        director.place(*node, *process);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_over_three_processes_keeps_its_order_and_ends_by_itself() {
    let memory = Memory::default();
    let (outcomes, sink) = (Arc::default(), Collect::default());
    let make = || stream(5_000, Arc::clone(&outcomes), sink.clone());
    let flows = start(&["one", "two", "three"], &memory, make).await;
    for flow in &flows {
        flow.block().await;
    }
    let expected: Vec<String> = (0..5_000)
        .map(|number| format!("{number} middle"))
        .collect();
    assert_eq!(sink.texts(), expected);
    assert_eq!(outcomes.lock().unwrap().len(), 5_000);
    assert!(
        outcomes
            .lock()
            .unwrap()
            .iter()
            .all(|outcome| outcome.is_delivered())
    );
    stop(flows).await;
}

#[tokio::test(start_paused = true)]
async fn what_lines_lose_comes_again_and_nothing_comes_twice() {
    let memory = Memory::default();
    memory.lose_one_of(7);
    let (outcomes, sink) = (Arc::default(), Collect::default());
    let make = || stream(3_000, Arc::clone(&outcomes), sink.clone());
    let flows = start(&["one", "two", "three"], &memory, make).await;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        memory.cut();
    }
    for flow in &flows {
        flow.block().await;
    }
    memory.lose_one_of(0);
    let expected: Vec<String> = (0..3_000)
        .map(|number| format!("{number} middle"))
        .collect();
    assert_eq!(sink.texts(), expected);
    stop(flows).await;
}
