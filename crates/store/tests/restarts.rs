//! Keys outlast the process.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::time::Duration;

use common::{Files, Running};
use serde_json::{Value, json};

/// Keys in a file; what is given replaces the usual settings.
fn settings(files: &Files, more: Value) -> Value {
    let mut settings = json!({ "key": "attributes.key", "store": files.path("seen.db") });
    for (name, value) in more.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}

async fn start(files: &Files, more: Value, failing: usize) -> Running {
    Running::start(settings(files, more), failing, true).await
}

#[tokio::test(start_paused = true)]
async fn keys_and_answers_survive_a_restart() {
    for interrupted in ["release", "keep"] {
        let files = Files::new();
        let more = json!({ "replay_answer": true, "interrupted": interrupted });
        let running = start(&files, more.clone(), 1).await;
        let asked = [running.begin("a"), running.begin("a")];
        let [failed, done] = asked;
        assert_eq!(failed.await.unwrap(), "unavailable");
        assert_eq!(done.await.unwrap(), "done 2 201");
        running.stop().await;
        let running = start(&files, more, 1).await;
        assert_eq!(running.ask("a").await, "done: done 2 201 \"/2\"");
        assert_eq!(running.ask("b").await, "unavailable");
        assert_eq!(running.ask("b").await, "done 2 201");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_not_known_after_a_restart() {
    for interrupted in ["release", "keep"] {
        let files = Files::new();
        let more = json!({ "interrupted": interrupted });
        let running = start(&files, more.clone(), 1).await;
        assert_eq!(running.ask("a").await, "unavailable");
        running.stop().await;
        let running = start(&files, more, 0).await;
        assert_eq!(running.ask("a").await, "done 1 201");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_interrupted_is_released_or_kept() {
    for (interrupted, then) in [
        ("release", "done 1 201"),
        ("keep", "interrupted: question null null"),
    ] {
        let files = Files::new();
        let more = json!({ "interrupted": interrupted });
        let running = start(&files, more.clone(), 0).await;
        let first = running.begin("a");
        while running.begun() == 0 {
            tokio::task::yield_now().await;
        }
        // It says no more to the store than a `kill -9` would.
        running.flow.abort().await;
        drop(running);
        first.await.unwrap();
        let running = start(&files, more, 0).await;
        assert_eq!(running.ask("a").await, then);
        running.stop().await;
        // Who does not care any more for what was interrupted tries it.
        if interrupted == "keep" {
            let running = start(&files, json!({}), 0).await;
            assert_eq!(running.ask("a").await, "done 1 201");
            running.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn many_keys_are_written_together() {
    let files = Files::new();
    let running = start(&files, json!({ "interrupted": "keep" }), 0).await;
    let asked: Vec<_> = (0..500).map(|n| running.begin(&n.to_string())).collect();
    for answer in asked {
        assert!(answer.await.unwrap().starts_with("done "));
    }
    running.stop().await;
    let running = start(&files, json!({}), 0).await;
    for number in 0..500 {
        let answer = running.ask(&number.to_string()).await;
        assert_eq!(answer, "done: question null null");
    }
    assert_eq!(running.begun(), 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn old_keys_are_purged() {
    let files = Files::new();
    let running = start(&files, json!({ "keep": "1h" }), 0).await;
    assert_eq!(running.ask("a").await, "done 1 201");
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(running.ask("a").await, "done 2 201");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_another_has_the_store_events_are_refused() {
    let files = Files::new();
    let running = start(&files, json!({}), 0).await;
    // As dead letters are sent again beside the flow that made them.
    let second = start(&files, json!({}), 0).await;
    assert_eq!(second.ask("a").await, "unavailable");
    assert_eq!(running.ask("a").await, "done 1 201");
    running.stop().await;
    assert_eq!(second.ask("a").await, "done: question null null");
    assert_eq!(second.ask("b").await, "done 1 201");
    second.stop().await;
}

#[test]
fn the_file_is_not_read_on_a_thread_of_the_flow() {
    // The one thread for work that blocks is busy: what reads the file must wait for it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let files = Files::new();
        // With no time to keep nothing is written either.
        let running = start(&files, json!({ "keep": "0s" }), 0).await;
        assert_eq!(running.ask("a").await, "done 1 201");
        let (free, busy) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || busy.recv());
        let asked = running.begin("b");
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(running.begun(), 1, "the file was read in between");
        free.send(()).unwrap();
        busy.await.unwrap().unwrap();
        assert_eq!(asked.await.unwrap(), "done 2 201");
        running.stop().await;
    });
}
