//! Processes that die, come again, leave, or are not of the flow.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use common::{Clients, Door, Step, door, start_one, stop};
use compysition_core::{Actor, Context, Director, ErrorKind, Event, Flow, Result};
use compysition_nodes::memory::Memory;
use tokio::sync::Semaphore;

const NODES: [&str; 2] = ["front", "work"];

/// Works on an event for as long as the test likes.
struct Slow {
    begun: Arc<AtomicUsize>,
    go: Arc<Semaphore>,
}

impl Actor for Slow {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.begun.fetch_add(1, SeqCst);
        if event.text()?.contains("slow") {
            self.go.acquire().await?.forget();
        }
        let text = format!("{} done", event.text()?);
        ctx.send(event.with(text))
    }
}

#[derive(Clone)]
struct Worker {
    begun: Arc<AtomicUsize>,
    go: Arc<Semaphore>,
}

impl Default for Worker {
    fn default() -> Worker {
        Worker {
            begun: Arc::default(),
            go: Arc::new(Semaphore::new(0)),
        }
    }
}

fn whole(door: Door, worker: &Worker) -> Director {
    let mut director = Director::new("shop");
    let http = director.register("http", door);
    let slow = Slow {
        begun: worker.begun.clone(),
        go: worker.go.clone(),
    };
    let slow = director.register("slow", slow);
    let sorry = director.register("sorry", Step("sorry"));
    let reply = director.reply();
    director.connect(http, slow);
    director.connect(slow, reply);
    director.connect_error(slow, sorry);
    director.connect(sorry, reply);
    director.place(http, "front");
    director.place(slow, "work");
    director.place(sorry, "front");
    director
}

async fn front(memory: &Memory) -> (Flow, Clients) {
    let (door, clients) = door();
    let flow = start_one(&NODES, "front", memory, whole(door, &Worker::default())).await;
    (flow, clients)
}

async fn work(memory: &Memory, worker: &Worker) -> Flow {
    start_one(&NODES, "work", memory, whole(door().0, worker)).await
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn ask(clients: &Clients, text: &str) -> tokio::task::JoinHandle<String> {
    let (clients, text) = (clients.clone(), text.to_owned());
    tokio::spawn(async move { clients.text(text).await })
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_a_process_that_is_not_there_yet() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let asked = ask(&clients, "x");
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert!(!asked.is_finished());
    let worker = work(&memory, &Worker::default()).await;
    assert_eq!(asked.await.unwrap(), "x done");
    stop(vec![front, worker]).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_process_was_doing_takes_the_error_path_and_the_rest_waits_for_the_next() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let worker = Worker::default();
    let first = work(&memory, &worker).await;
    let asked = ask(&clients, "slow");
    until(|| worker.begun.load(SeqCst) == 1).await;
    // As a kill does: nothing is said any more.
    first.abort().await;
    drop(first);
    memory.cut();
    let answer = asked.await.unwrap();
    assert_eq!(answer, "slow sorry");
    let later = ask(&clients, "later");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let second = work(&memory, &Worker::default()).await;
    assert_eq!(later.await.unwrap(), "later done");
    stop(vec![front, second]).await;
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stops_alone_finishes_what_it_has_and_is_sent_no_more() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let worker = Worker::default();
    let first = work(&memory, &worker).await;
    let asked = ask(&clients, "slow");
    until(|| worker.begun.load(SeqCst) == 1).await;
    let stopping = tokio::spawn(async move { first.stop().await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let later = ask(&clients, "later");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(worker.begun.load(SeqCst), 1);
    worker.go.add_permits(1);
    assert_eq!(asked.await.unwrap(), "slow done");
    assert!(stopping.await.unwrap().is_clean());
    let second = work(&memory, &Worker::default()).await;
    assert_eq!(later.await.unwrap(), "later done");
    stop(vec![front, second]).await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_all_finishes_what_is_under_way() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let worker = Worker::default();
    let flow = work(&memory, &worker).await;
    let asked = ask(&clients, "slow");
    until(|| worker.begun.load(SeqCst) == 1).await;
    let stopping = tokio::spawn(stop(vec![flow, front]));
    tokio::time::sleep(Duration::from_secs(5)).await;
    worker.go.add_permits(1);
    assert_eq!(asked.await.unwrap(), "slow done");
    stopping.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_dead_process_that_has_nothing_of_this_one() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let worker = work(&memory, &Worker::default()).await;
    assert_eq!(clients.text("x").await, "x done");
    worker.abort().await;
    drop(worker);
    memory.cut();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let began = tokio::time::Instant::now();
    assert!(front.stop().await.is_clean());
    let took = began.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_process_that_never_comes_fails_when_the_flow_stops() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let asked = ask(&clients, "x");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(front.stop().await.is_clean());
    assert_eq!(asked.await.unwrap(), "x sorry");
}

#[tokio::test(start_paused = true)]
async fn another_flow_is_refused() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let mut other = whole(door().0, &Worker::default());
    other.register("more", Step("more"));
    let more = other.node("more").unwrap();
    let slow = other.node("slow").unwrap();
    other.connect(slow, more);
    other.place(more, "work");
    let stranger = start_one(&NODES, "work", &memory, other).await;
    let asked = ask(&clients, "x");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(!asked.is_finished());
    let _ = stranger.abort().await;
    let worker = work(&memory, &Worker::default()).await;
    assert_eq!(asked.await.unwrap(), "x done");
    stop(vec![front, worker]).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_works_for_a_client_that_has_gone() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let worker = Worker::default();
    let flow = work(&memory, &worker).await;
    let slow = ask(&clients, "slow");
    until(|| worker.begun.load(SeqCst) == 1).await;
    let (second, leave) = clients.put("second");
    tokio::time::sleep(Duration::from_millis(100)).await;
    leave.send(()).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    worker.go.add_permits(1);
    assert_eq!(slow.await.unwrap(), "slow done");
    let unanswered = second.await.unwrap().unwrap_err();
    let failure = unanswered.failure.unwrap();
    assert_eq!(failure.error.kind(), ErrorKind::Cancelled, "{failure}");
    assert_eq!(worker.begun.load(SeqCst), 1);
    stop(vec![front, flow]).await;
}

/// Lets a process be deaf for so long that the other one gives it up, and hear again.
#[tokio::test(start_paused = true)]
async fn who_was_given_up_begins_anew() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let worker = Worker::default();
    let flow = work(&memory, &worker).await;
    assert_eq!(clients.text("a").await, "a done");
    // Nothing arrives for as long as the patience of both.
    memory.lose_one_of(1);
    let lost = ask(&clients, "b");
    tokio::time::sleep(Duration::from_secs(40)).await;
    memory.lose_one_of(0);
    let answer = lost.await.unwrap();
    assert!(answer == "b sorry" || answer == "b done", "{answer}");
    assert_eq!(clients.text("c").await, "c done");
    stop(vec![front, flow]).await;
}

#[tokio::test(start_paused = true)]
async fn requests_whose_clients_have_gone_do_not_wait_for_a_process() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let (told, leave) = clients.put("x");
    tokio::time::sleep(Duration::from_secs(1)).await;
    leave.send(()).unwrap();
    drop(told);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(front.snapshot().open, 0);
    let worker = Worker::default();
    let flow = work(&memory, &worker).await;
    assert_eq!(clients.text("y").await, "y done");
    assert_eq!(worker.begun.load(SeqCst), 1);
    stop(vec![front, flow]).await;
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_elsewhere_fails_where_it_is() {
    let memory = Memory::default();
    let (door, clients) = door();
    let deep = |mut director: Director| {
        let node = director.register(
            "deep",
            compysition_core::map(|event: Event| {
                let deep = (0..120).fold(serde_json::Value::Null, |value, _| {
                    serde_json::json!([value])
                });
                event.with_attribute("deep", deep)
            }),
        );
        let http = director.node("http").unwrap();
        let slow = director.node("slow").unwrap();
        director.connect(http, node);
        director.connect(node, slow);
        director.place(node, "front");
        director
    };
    let front = start_one(
        &NODES,
        "front",
        &memory,
        deep(whole(door, &Worker::default())),
    )
    .await;
    let worker = Worker::default();
    let flow = start_one(
        &NODES,
        "work",
        &memory,
        deep(whole(common::door().0, &worker)),
    )
    .await;
    // One copy goes there and is answered; the deep one takes the error path, and the link goes on.
    assert!(["x done", "x sorry"].contains(&&*clients.text("x").await));
    assert!(["y done", "y sorry"].contains(&&*clients.text("y").await));
    stop(vec![front, flow]).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_begun_anew_outlives_the_patience_with_the_one_before() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let worker = Worker::default();
    let flow = work(&memory, &worker).await;
    assert_eq!(clients.text("a").await, "a done");
    memory.lose_one_of(1);
    tokio::time::sleep(Duration::from_secs(40)).await;
    memory.lose_one_of(0);
    assert_eq!(clients.text("b").await, "b done");
    // What waited for the session before it to come back has given up by then.
    tokio::time::sleep(Duration::from_secs(40)).await;
    let asked = ask(&clients, "slow");
    until(|| worker.begun.load(SeqCst) == 3).await;
    flow.abort().await;
    drop(flow);
    memory.cut();
    assert_eq!(asked.await.unwrap(), "slow sorry");
    assert!(front.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_second_process_for_the_same_place_waits_until_the_first_would_leave() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let worker = Worker::default();
    let first = work(&memory, &worker).await;
    let asked = ask(&clients, "slow");
    until(|| worker.begun.load(SeqCst) == 1).await;
    let next = Worker::default();
    let second = work(&memory, &next).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let queued = ask(&clients, "queued");
    tokio::time::sleep(Duration::from_secs(1)).await;
    // One has the place, and keeps what it has.
    assert_eq!((worker.begun.load(SeqCst), next.begun.load(SeqCst)), (1, 0));
    let stopping = tokio::spawn(async move { first.stop().await });
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(ask(&clients, "later").await.unwrap(), "later done");
    assert_eq!(next.begun.load(SeqCst), 1);
    worker.go.add_permits(1);
    assert_eq!(asked.await.unwrap(), "slow done");
    assert_eq!(queued.await.unwrap(), "queued done");
    assert!(stopping.await.unwrap().is_clean());
    stop(vec![front, second]).await;
}

#[tokio::test(start_paused = true)]
async fn a_line_with_nothing_to_carry_holds() {
    let memory = Memory::default();
    let (front, clients) = front(&memory).await;
    let flow = work(&memory, &Worker::default()).await;
    assert_eq!(clients.text("a").await, "a done");
    // Somewhat askew, so that the sides do not beat at the same moment.
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(1_300)).await;
    }
    assert_eq!(clients.text("b").await, "b done");
    assert_eq!(memory.opened(), 1);
    stop(vec![front, flow]).await;
}
