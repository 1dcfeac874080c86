//! Each event passes once.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::time::Duration;

use common::{Files, Running, build, tell};
use compysition_actors::{Discard, Door, Split};
use compysition_core::testing::Harness;
use compysition_core::{Director, ErrorKind, Event, Outcome};
use compysition_store::Deduplicate;
use serde_json::json;

async fn pass(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

#[test]
fn a_repeat_goes_to_duplicate_until_its_key_is_forgotten() {
    let actor = build(json!({ "key": "payload.id", "keep": "1h" })).unwrap();
    let mut harness = Harness::of(actor)
        .outboxes(["out", "more", "duplicate"])
        .start();
    for (id, passes) in [
        ("a", true),
        ("a", false),
        ("b", true),
        ("b", false),
        ("a", false),
    ] {
        harness.send(json!({ "id": id }));
        assert_eq!(harness.take_from("out").len(), usize::from(passes), "{id}");
        assert_eq!(harness.take_from("more").len(), usize::from(passes), "{id}");
        let repeats = harness.take_from("duplicate");
        assert_eq!(repeats.len(), usize::from(!passes), "{id}");
        for repeat in repeats {
            assert_eq!(repeat.lookup("payload.id"), Some(json!(id)));
            let told = json!({ "key": id, "state": "done" });
            assert_eq!(repeat.lookup("attributes.deduplicate"), Some(told));
        }
    }
    harness.advance(Duration::from_secs(3_599));
    harness.send(json!({ "id": "a" }));
    assert_eq!(harness.take_from("out").len(), 0);
    harness.advance(Duration::from_secs(2));
    harness.send(json!({ "id": "a" }));
    assert_eq!(harness.take_from("out").len(), 1);
}

#[test]
fn a_key_may_be_kept_for_ever() {
    let actor = Deduplicate::by("text").unwrap().keep(Duration::MAX);
    let mut harness = Harness::new(actor);
    harness.send("a");
    harness.advance(Duration::from_secs(365 * 24 * 3_600));
    harness.send("a");
    assert_eq!((harness.take().len(), harness.errors().len()), (1, 1));
}

#[test]
fn without_an_outbox_for_it_a_repeat_is_a_conflict() {
    let mut harness = Harness::new(build(json!({ "key": "text" })).unwrap());
    harness.send("a");
    harness.send("a");
    assert_eq!(harness.take().len(), 1);
    let error = harness.errors().remove(0).error().unwrap().error.clone();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        error.message(),
        "an event with the key `a` was taken before"
    );
    assert_eq!(error.detail("state"), Some(&json!("done")));
}

#[test]
fn what_has_no_key_is_refused() {
    let actor = build(json!({ "key": "http.headers['x-delivery']" })).unwrap();
    let mut harness = Harness::new(actor);
    let long = "x".repeat(1_025);
    for key in [json!(null), json!(""), json!(long)] {
        let http = json!({ "headers": { "x-delivery": key } });
        harness.send(Event::new("").with_attribute("http", http));
    }
    harness.send(Event::new("").with_attribute("http", json!({ "headers": {} })));
    let errors = harness.errors();
    let kinds = errors
        .iter()
        .map(|event| event.error().unwrap().error.kind());
    assert_eq!(kinds.collect::<Vec<_>>(), [ErrorKind::Unprocessable; 4]);
    // Numbers are keys as well.
    let mut harness = Harness::of(build(json!({ "key": "payload" })).unwrap());
    harness = harness.outboxes(["out", "duplicate"]);
    let mut harness = harness.start();
    harness.send(json!(7));
    harness.send(json!(7));
    assert_eq!(harness.take_from("duplicate").len(), 1);
    assert_eq!(harness.take_from("out").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_key_of_what_failed_is_released() {
    let running = Running::start(json!({ "key": "attributes.key" }), 1, true).await;
    assert_eq!(running.ask("a").await, "unavailable");
    assert_eq!(running.ask("a").await, "done 2 201");
    assert_eq!(running.ask("a").await, "done: question null null");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_in_the_dead_letters_is_not_tried_again() {
    let files = Files::new();
    for (replay_answer, then) in [(false, "kept: question null null"), (true, "conflict")] {
        let settings = json!({ "key": "attributes.key", "replay_answer": replay_answer });
        let running = Running::with_dead_letters(settings, &files.path("dead.jsonl")).await;
        assert_eq!(running.ask("a").await, "unavailable");
        assert_eq!(running.ask("a").await, then);
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_what_is_under_way_says_so() {
    let running = Running::start(json!({ "key": "attributes.key" }), 0, true).await;
    let first = running.begin("a");
    pass(0.5).await;
    assert_eq!(running.ask("a").await, "running: question null null");
    assert_eq!(first.await.unwrap(), "done 1 201");
    assert!(matches!(tell(&running, "a").await, Outcome::Delivered));
    assert_eq!(running.begun(), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn with_no_time_to_keep_only_what_is_under_way_is_known() {
    let settings = json!({ "key": "attributes.key", "keep": "0s" });
    let running = Running::start(settings, 0, true).await;
    let first = running.begin("a");
    pass(0.5).await;
    assert_eq!(running.ask("a").await, "running: question null null");
    assert_eq!(first.await.unwrap(), "done 1 201");
    assert_eq!(running.ask("a").await, "done 2 201");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_repeat_gets_the_answer_of_the_first() {
    let settings = json!({ "key": "attributes.key", "replay_answer": true });
    let running = Running::start(settings, 0, true).await;
    let first = running.begin("a");
    pass(0.5).await;
    // Those that come before it is done wait for it.
    let repeats = [running.begin("a"), running.begin("a")];
    let other = running.begin("b");
    assert_eq!(first.await.unwrap(), "done 1 201");
    for repeat in repeats {
        assert_eq!(repeat.await.unwrap(), "done: done 1 201 \"/1\"");
    }
    assert_eq!(other.await.unwrap(), "done 2 201");
    assert_eq!(running.ask("a").await, "done: done 1 201 \"/1\"");
    assert_eq!(running.begun(), 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn if_the_first_fails_the_next_repeat_is_tried() {
    let settings = json!({ "key": "attributes.key", "replay_answer": true });
    let running = Running::start(settings, 2, true).await;
    let asked: Vec<_> = (0..4).map(|_| running.begin("a")).collect();
    let mut answers = Vec::new();
    for answer in asked {
        answers.push(answer.await.unwrap());
    }
    let replayed = "done: done 3 201 \"/3\"";
    assert_eq!(
        answers,
        ["unavailable", "unavailable", "done 3 201", replayed]
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_repeat_waits_no_longer_than_it_may() {
    for (wait, seconds) in [("300ms", 0.3), ("0s", 0.0)] {
        let settings = json!({ "key": "attributes.key", "replay_answer": true, "wait": wait });
        let running = Running::start(settings, 0, true).await;
        let first = running.begin("a");
        pass(0.1).await;
        let begin = tokio::time::Instant::now();
        assert_eq!(running.ask("a").await, "conflict");
        let waited = begin.elapsed().as_secs_f64();
        assert!((waited - seconds).abs() < 0.01, "{waited}");
        assert_eq!(first.await.unwrap(), "done 1 201");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_answer_is_kept_a_repeat_is_a_conflict() {
    let settings = json!({ "key": "attributes.key", "replay_answer": true, "max_answer": 5 });
    let running = Running::start(settings.clone(), 0, true).await;
    assert_eq!(running.ask("a").await, "done 1 201");
    assert_eq!(running.ask("a").await, "conflict");
    running.stop().await;
    // Nor is there one of what did not ask.
    let running = Running::start(settings, 0, true).await;
    assert!(matches!(tell(&running, "a").await, Outcome::Delivered));
    assert_eq!(running.ask("a").await, "conflict");
    running.stop().await;
}

/// Sends a list whose items have the same key; returns how the items ended.
async fn send_twins(settings: serde_json::Value) -> (usize, usize, usize) {
    let mut director = Director::new("flow");
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let split = director.register("split", Split::new());
    let once = director.register("once", build(settings).unwrap());
    let ends = ["passed", "repeated", "failed"].map(|name| director.register(name, Discard));
    director.connect(door, split);
    director.connect(split, once);
    director.connect(once.port("out"), ends[0]);
    director.connect(once.port("duplicate"), ends[1]);
    director.connect_error(once, ends[2]);
    let flow = director.start().await.unwrap();
    let begin = tokio::time::Instant::now();
    handle.tell(json!(["same", "same"])).await.unwrap().await;
    assert!(
        begin.elapsed() < Duration::from_secs(1),
        "it waits for itself"
    );
    assert!(flow.stop().await.is_clean());
    let actors = flow.snapshot().actors;
    let consumed = |name: &str| {
        let actor = actors.iter().find(|actor| actor.name == name);
        actor.unwrap().consumed as usize
    };
    (consumed("passed"), consumed("repeated"), consumed("failed"))
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_the_same_root_does_not_wait_for_itself() {
    assert_eq!(send_twins(json!({ "key": "text" })).await, (1, 1, 0));
    let settings = json!({ "key": "text", "replay_answer": true });
    assert_eq!(send_twins(settings).await, (1, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_waits_when_the_flow_stops_gets_its_answer() {
    let settings = json!({ "key": "attributes.key", "replay_answer": true });
    let running = Running::start(settings, 0, true).await;
    let asked = [running.begin("a"), running.begin("a")];
    pass(0.5).await;
    running.stop().await;
    let [first, repeat] = asked;
    assert_eq!(first.await.unwrap(), "done 1 201");
    assert_eq!(repeat.await.unwrap(), "done: done 1 201 \"/1\"");
}

#[test]
fn mistakes_are_found_before_the_first_event() {
    let files = Files::new();
    for (settings, message) in [
        (json!({}), "missing field `key`"),
        (json!({ "key": "nope" }), "unknown `nope`"),
        (json!({ "key": "id", "size": 0 }), "`size: 0` keeps no key"),
        (
            json!({ "key": "id", "interrupted": "keep" }),
            "needs a `store`",
        ),
        (
            json!({ "key": "id", "keep": 0, "replay_answer": true }),
            "keeps no answer",
        ),
        (
            json!({ "key": "id", "interrupted": "lost" }),
            "unknown variant `lost`",
        ),
    ] {
        let error = build(settings).map(drop).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
    std::fs::write(files.path("text"), "no store").unwrap();
    for (settings, message) in [
        (
            json!({ "key": "id", "replay_answer": true }),
            "connect the outbox `duplicate`",
        ),
        (
            json!({ "key": "id", "store": files.path("none/seen.db") }),
            "cannot be opened",
        ),
        (
            json!({ "key": "id", "store": files.path("text") }),
            "cannot be opened",
        ),
    ] {
        let started = Harness::of(build(settings).unwrap()).try_start();
        let error = started.err().unwrap().to_string();
        assert!(error.contains(message), "{error}");
    }
}
