//! What is printed, and what happens when it cannot be.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use compysition_actors::{Discard, Door, EventGenerator, Redaction, Stdout};
use compysition_core::testing::Harness;
use compysition_core::{Director, Event, Registry};
use parking_lot::Mutex;
use serde_json::{Value, json};

/// Keeps what is printed.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints events; returns what was printed and what was passed on.
fn print(stdout: Stdout, events: Vec<Event>) -> (String, Vec<Event>) {
    let page = Page::default();
    let mut harness = Harness::new(stdout.to(page.clone()));
    for event in events {
        harness.send(event);
    }
    assert!(harness.stop().is_clean());
    let printed = String::from_utf8(page.0.lock().clone()).unwrap();
    (printed, harness.take())
}

#[test]
fn prints_payloads_and_passes_events_on() {
    let events = vec![
        Event::new("one"),
        json!({"n": 2}).into(),
        vec![b'3', 0xff].into(),
        ().into(),
    ];
    let (printed, passed) = print(Stdout::new().prefix("> "), events);
    assert_eq!(printed, "> one\n> {\"n\":2}\n> 3\u{fffd}\n> \n");
    assert_eq!(passed.len(), 4);
    assert_eq!(passed[0].text().unwrap(), "one");
}

#[test]
fn prints_no_secrets() {
    let redaction = Redaction::default().pattern("pin=(.)").unwrap();
    let (printed, passed) = print(Stdout::new().redact(redaction), vec!["pin=7".into()]);
    assert_eq!(printed, "pin=REDACTED\n");
    assert_eq!(passed[0].text().unwrap(), "pin=7");
}

#[test]
fn prints_the_time() {
    let (printed, _) = print(Stdout::new().timestamp().prefix("x: "), vec!["y".into()]);
    assert!(
        printed.starts_with("[20") && printed.ends_with("Z] x: y\n"),
        "{printed}"
    );
    assert_eq!(printed.len(), "[2026-01-31T12:00:00.000Z] x: y\n".len());
}

#[test]
fn prints_complete_events() {
    let mut event = Event::new(json!([1])).with_attribute("color", "red");
    event.set_service("paint");
    let (printed, passed) = print(Stdout::new().complete(), vec![event]);
    let value: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(value["id"], passed[0].id().to_string());
    assert_eq!(value["service"], "paint");
    assert_eq!(value["attributes"], json!({"color": "red"}));
    assert_eq!(value["payload"], json!([1]));
    assert_eq!(value.get("error"), None);
    assert!(value["meta_id"].is_string());
}

/// Fails with an error of this kind.
struct Broken(io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_stops_the_flow_quietly() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut director = Director::new("head");
        let generator = EventGenerator::new("x").every(Duration::from_millis(1));
        let generator = director.register("generator", generator);
        let stdout = director.register(
            "stdout",
            Stdout::new().to(Broken(io::ErrorKind::BrokenPipe)),
        );
        let end = director.register("end", Discard);
        director.connect(generator, stdout);
        director.connect(stdout, end);
        let flow = director.start().await.unwrap();
        flow.block().await;
        assert!(flow.stop().await.is_clean());
    });
}

#[test]
fn a_full_disk_is_an_error() {
    let mut harness = Harness::of(Stdout::new().to(Broken(io::ErrorKind::StorageFull)))
        .real_time()
        .start();
    // The lines before the first that is refused are lost: nobody waits for each to be written.
    let failed = loop {
        harness.send("x");
        if let Some(failed) = harness.errors().pop() {
            break failed;
        }
    };
    let error = &failed.error().unwrap().error;
    assert!(
        error.message().starts_with("cannot write a line: "),
        "{error}"
    );
}

#[test]
fn is_made_from_settings() {
    let mut registry = Registry::new();
    compysition_actors::register(&mut registry);
    let kind = registry.get("stdout").unwrap();
    let build =
        |settings: Value| kind.build(&mut <dyn erased_serde::Deserializer>::erase(settings));
    assert!(build(json!({})).is_ok());
    assert!(build(json!({"prefix": "x", "timestamp": true, "complete": true})).is_ok());
    assert!(build(json!({"redact": {"patterns": ["x"]}})).is_ok());
    let error = build(json!({"prefx": "x"})).unwrap_err().to_string();
    assert!(
        error.contains("unknown field `prefx`, expected one of"),
        "{error}"
    );
}

/// Takes nothing before it is told to, as a terminal that was halted.
struct Halted(mpsc::Receiver<()>);

impl Write for Halted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Fails when the test is over.
        let _ = self.0.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_halted_terminal_does_not_hold_up_the_end() {
    let (go_on, halted) = mpsc::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (door, handle) = Door::new();
        let mut director = Director::new("halted");
        director.set_stop_deadline(Duration::from_millis(1));
        let door = director.register("door", door);
        let stdout = director.register("stdout", Stdout::new().to(Halted(halted)));
        director.connect(door, stdout);
        let flow = director.start().await.unwrap();
        assert!(handle.tell("x").await.unwrap().await.is_delivered());
        assert!(!flow.stop().await.is_clean(), "a line was not written");
    });
    let (ended, has_ended) = mpsc::channel();
    std::thread::spawn(move || {
        drop(runtime);
        ended.send(())
    });
    has_ended
        .recv_timeout(Duration::from_secs(20))
        .expect("the runtime ends");
    drop(go_on);
}

#[test]
fn what_waits_to_be_written_is_bounded() {
    let (go_on, halted) = mpsc::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (door, handle) = Door::new();
        let mut director = Director::new("bounded");
        let door = director.register("door", door);
        let stdout = director.register("stdout", Stdout::new().to(Halted(halted)));
        director.connect(door, stdout);
        let flow = director.start().await.unwrap();
        let large = "x".repeat(600 << 10);
        assert!(
            handle
                .tell(large.clone())
                .await
                .unwrap()
                .await
                .is_delivered()
        );
        let mut second = handle.tell(large).await.unwrap();
        let waits = tokio::time::timeout(Duration::from_millis(10), &mut second).await;
        assert!(waits.is_err(), "there is no room for both");
        drop(go_on);
        assert!(second.await.is_delivered());
        assert!(flow.stop().await.is_clean());
    });
}
