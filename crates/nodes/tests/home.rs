//! What goes to another process and comes home, when lines are bad and when there is little room.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Batch, Clients, Step, door, start_one, stop};
use compysition_core::{Actor, Context, Director, Event, Flow, Limits, Result};
use compysition_nodes::memory::Memory;
use tokio::sync::Semaphore;

const NODES: [&str; 2] = ["front", "work"];

/// Makes a text larger, as the test allows.
struct Grow(usize, Arc<Semaphore>);

impl Actor for Grow {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.1.acquire().await?.forget();
        let text = event.text()?.repeat(self.0);
        ctx.send(event.with(text))
    }
}

/// Passes events on as the test allows.
struct Wait(Arc<Semaphore>);

impl Actor for Wait {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.acquire().await?.forget();
        ctx.send(event)
    }
}

/// Starts `door -> grow (elsewhere) -> wait -> reply`, with room for so many bytes.
async fn start(
    memory: &Memory,
    times: usize,
    bytes: usize,
) -> (Vec<Flow>, Clients, [Arc<Semaphore>; 2]) {
    let [go, grows] = [0, 0].map(|permits| Arc::new(Semaphore::new(permits)));
    let (first, clients) = door();
    let mut doors = vec![door().0, first];
    let mut flows = Vec::new();
    for node in NODES {
        let mut director = Director::new("home");
        director.set_limits(Limits {
            bytes,
            ..Limits::default()
        });
        let door = director.register("door", doors.pop().unwrap());
        let grow = director.register("grow", Grow(times, grows.clone()));
        let wait = director.register("wait", Wait(go.clone()));
        let sorry = director.register("sorry", Step("sorry"));
        let reply = director.reply();
        director.connect(door, grow);
        director.connect(grow, wait);
        director.connect(wait, reply);
        for actor in [grow, wait] {
            director.connect_error(actor, sorry);
        }
        director.connect(sorry, reply);
        for actor in [door, wait, sorry] {
            director.place(actor, "front");
        }
        director.place(grow, "work");
        flows.push(start_one(&NODES, node, memory, director).await);
    }
    (flows, clients, [grows, go])
}

fn ask_all(clients: &Clients, count: usize) -> Vec<tokio::task::JoinHandle<String>> {
    let ask = |number: usize| {
        let clients = clients.clone();
        tokio::spawn(async move {
            let answer = clients.ask(format!("{number:03}")).await.unwrap();
            assert!(answer.error().is_none(), "{:?}", answer.error());
            answer.text().unwrap().to_owned()
        })
    };
    (0..count).map(ask).collect()
}

#[tokio::test(start_paused = true)]
async fn over_lines_that_lose_and_break_each_request_is_answered_once() {
    let memory = Memory::default();
    memory.lose_one_of(5);
    let (flows, clients, go) = start(&memory, 1, 1 << 20).await;
    go.iter().for_each(|go| go.add_permits(1_000));
    for round in 0..20 {
        let answers = ask_all(&clients, 10);
        tokio::time::sleep(Duration::from_millis(round)).await;
        memory.cut();
        for (number, answer) in answers.into_iter().enumerate() {
            assert_eq!(answer.await.unwrap(), format!("{number:03}"));
        }
    }
    memory.lose_one_of(0);
    for flow in &flows {
        let snapshot = flow.snapshot();
        assert_eq!(snapshot.imbalance(), None, "{}", flow.name());
    }
    stop(flows).await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_home_larger_than_it_left_comes_in_whatever_room_there_is() {
    let (flows, clients, [grows, go]) = start(&Memory::default(), 2_500, 16 << 10).await;
    let answers = ask_all(&clients, 8);
    // Together four times the share of the door; one after the other, since the other process has little room, too.
    for _ in 0..8 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        grows.add_permits(1);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    go.add_permits(8);
    for answer in answers {
        assert_eq!(answer.await.unwrap().len(), 7_500);
    }
    stop(flows).await;
}

/// Starts `door -> batch (elsewhere) -> step -> reply` with doors in two processes.
async fn start_batch(count: usize) -> (Vec<Flow>, Vec<Clients>) {
    let nodes = ["front", "side", "work"];
    let memory = Memory::default();
    let (mut flows, mut all) = (Vec::new(), Vec::new());
    for node in nodes {
        let [front, side] = [door(), door()];
        let mut director = Director::new("batch");
        let doors = [front.0, side.0];
        let names = ["front_door", "side_door"].into_iter();
        let doors: Vec<_> = names
            .zip(doors)
            .map(|(name, door)| director.register(name, door))
            .collect();
        let batch = director.register("batch", Batch::of(count));
        let step = director.register("step", Step("step"));
        let reply = director.reply();
        director.connect(doors[0], batch);
        director.connect(doors[1], batch);
        director.connect(batch, step);
        director.connect(step, reply);
        director.connect_error(step, reply);
        director.place(doors[0], "front");
        director.place(doors[1], "side");
        director.place(batch, "work");
        director.place(step, "front");
        flows.push(start_one(&nodes, node, &memory, director).await);
        match node {
            "front" => all.push(front.1),
            "side" => all.push(side.1),
            _ => {}
        }
    }
    (flows, all)
}

#[tokio::test(start_paused = true)]
async fn a_batch_from_elsewhere_answers_all_that_it_is_made_of() {
    for of_each in [[6, 0], [4, 2], [0, 6]] {
        let (flows, clients) = start_batch(6).await;
        let asked = clients.iter().zip(of_each);
        let answers = asked.flat_map(|(clients, count)| ask_all(clients, count));
        for answer in answers.collect::<Vec<_>>() {
            assert_eq!(answer.await.unwrap(), "6 step", "{of_each:?}");
        }
        stop(flows).await;
    }
}
