//! Where events go, and how fast.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{build, refused, try_build};
use compysition_actors::{RoundRobin, Router};
use compysition_core::testing::Harness;
use compysition_core::{
    Actor, Built, Context, Director, ErrorKind, Event, Outcome, Ports, Result, inspect,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;

/// Starts an actor between these outboxes.
fn between(actor: Built, outboxes: &[&'static str]) -> Harness {
    Harness::of(actor)
        .outboxes(outboxes.iter().copied())
        .start()
}

/// Sends events and tells which outbox got which texts.
fn went(mut harness: Harness, events: &[Value], outboxes: &[&str]) -> Vec<Vec<String>> {
    for event in events {
        harness.send(event.clone());
    }
    let mut texts = |outbox: &&str| {
        let taken = harness.take_from(outbox);
        taken
            .iter()
            .map(|event| event.text().unwrap().to_owned())
            .collect()
    };
    outboxes.iter().map(&mut texts).collect()
}

fn region(region: &str, total: u32) -> Value {
    json!({ "region": region, "total": total })
}

#[test]
fn an_event_goes_to_the_first_route_that_fits() {
    let settings = json!({
        "routes": { "eu": "payload.region == 'eu'", "big": "payload.total > 100" },
        "otherwise": "rest",
    });
    let outboxes = ["eu", "big", "rest"];
    let harness = between(build("router", settings), &outboxes);
    let events = [region("eu", 500), region("us", 500), region("us", 1)];
    let went = went(harness, &events, &outboxes);
    let texts: Vec<Vec<String>> = events.iter().map(|event| vec![event.to_string()]).collect();
    assert_eq!(went, texts);
}

#[test]
fn an_event_goes_to_all_routes_that_fit_if_asked() {
    let router = Router::new().all();
    let router = router.route("eu", "payload.region == 'eu'").unwrap();
    let router = router.route("big", "payload.total > 100").unwrap();
    let harness = Harness::of(router).start();
    let went = went(
        harness,
        &[region("eu", 500), region("eu", 1)],
        &["eu", "big"],
    );
    assert_eq!((went[0].len(), went[1].len()), (2, 1));
}

#[test]
fn what_no_route_takes_or_cannot_be_told_takes_the_error_path_whole() {
    let router = || {
        build(
            "router",
            json!({ "routes": { "eu": "payload.region == 'eu'" } }),
        )
    };
    let error = refused(router(), region("us", 1));
    assert_eq!(error.kind(), ErrorKind::Unprocessable);
    assert_eq!(
        error.message(),
        "no route takes the event: eu; and there is no `otherwise`"
    );
    let mut harness = Harness::new(router());
    harness.send(json!({ "total": 1 }));
    let failed = harness.errors().remove(0);
    assert_eq!(failed.text().unwrap(), r#"{"total":1}"#);
}

#[test]
fn conditions_look_into_texts() {
    let settings = json!({
        "routes": { "urgent": "'urgent' in text", "orders": "service is startingwith('order')" },
        "otherwise": "rest",
    });
    let outboxes = ["urgent", "orders", "rest"];
    let mut harness = between(build("router", settings), &outboxes);
    let mut order = Event::new("an order");
    order.set_service("orders/new");
    for event in [Event::new("this is urgent"), order, Event::new("else")] {
        harness.send(event);
    }
    for outbox in outboxes {
        assert_eq!(harness.take_from(outbox).len(), 1, "{outbox}");
    }
}

#[test]
fn a_router_that_makes_no_sense_is_refused() {
    let wrong = |settings: Value| try_build("router", settings).unwrap_err();
    assert!(wrong(json!({ "routes": {} })).contains("without routes"));
    assert!(
        wrong(json!({ "routes": { "error": "true" } })).contains("`error` is the error outbox")
    );
    let both = json!({ "routes": { "a": "true" }, "otherwise": "a" });
    assert!(wrong(both).contains("`a` is a route's"));
    assert!(wrong(json!({ "routes": { "a": "payload.x =" } })).contains("payload.x ="));
    assert!(wrong(json!({ "routes": { "a": "true" }, "match": "some" })).contains("some"));
}

#[test]
fn a_filter_ends_what_does_not_pass_or_sends_it_elsewhere() {
    let positive = json!({ "condition": "payload.total > 0" });
    let mut harness = between(build("filter", positive), &["on"]);
    assert!(matches!(
        harness.send(region("eu", 0)),
        Some(Outcome::Delivered)
    ));
    harness.send(region("eu", 1));
    assert_eq!(harness.take().len(), 1);
    assert_eq!(harness.snapshot().ended, 1);

    let settings = json!({ "condition": "payload.total > 0", "otherwise": "none" });
    let outboxes = ["on", "none", "too"];
    let harness = between(build("filter", settings), &outboxes);
    let went = went(harness, &[region("eu", 0), region("us", 1)], &outboxes);
    let counts: Vec<usize> = went.iter().map(Vec::len).collect();
    assert_eq!(counts, [1, 1, 1]);
    assert!(went[1][0].contains("eu"));
}

#[test]
fn each_outbox_has_its_turn() {
    let outboxes = ["a", "b", "c"];
    let harness = Harness::of(RoundRobin::new()).outboxes(outboxes).start();
    let events: Vec<Value> = (0..7).map(Value::from).collect();
    let went = went(harness, &events, &outboxes);
    assert_eq!(went, [vec!["0", "3", "6"], vec!["1", "4"], vec!["2", "5"]]);
}

#[test]
fn an_event_goes_to_its_service() {
    let mut harness = between(build("service_router", json!({})), &["orders", "default"]);
    let mut order = Event::new("order");
    order.set_service("orders");
    harness.send(order);
    harness.send("other");
    assert_eq!(harness.take_from("orders")[0].text().unwrap(), "order");
    assert_eq!(harness.take_from("default")[0].text().unwrap(), "other");
    let mut unknown = Event::new("x");
    unknown.set_service("gone");
    harness.send(unknown.clone());
    let failed = harness.errors().remove(0);
    let message = failed.error().unwrap().error.message().to_owned();
    assert_eq!(
        message,
        "there is no service `gone`; there are orders, default"
    );
    let otherwise = build("service_router", json!({ "otherwise": "rest" }));
    let mut harness = between(otherwise, &["orders", "rest"]);
    harness.send(unknown);
    assert_eq!(harness.take_from("rest").len(), 1);
}

/// Emits events all at once.
struct Emit(Vec<Value>);

impl Actor for Emit {
    async fn start(&mut self, ctx: &Context) -> Result {
        let events = std::mem::take(&mut self.0);
        ctx.produce(|source| async move {
            for event in events {
                drop(source.emit(event).await?);
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Sends events through a throttle all at once; returns what passed after how many milliseconds.
async fn passed(settings: Value, events: Vec<Value>) -> Vec<(String, u128)> {
    let start = Instant::now();
    let passed = Arc::new(Mutex::new(Vec::new()));
    let note = passed.clone();
    let mut director = Director::new("flow");
    let emit = director.register("emit", Emit(events));
    let throttle = director.register("throttle", build("throttle", settings));
    let sink = director.register(
        "sink",
        inspect(move |event: &Event| {
            let text = event.text().unwrap().to_owned();
            note.lock().push((text, start.elapsed().as_millis()));
        }),
    );
    director.connect(emit, throttle);
    director.connect(throttle, sink);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    std::mem::take(&mut *passed.lock())
}

#[tokio::test(start_paused = true)]
async fn a_throttle_lets_a_burst_pass_and_then_one_at_a_time() {
    let numbers: Vec<Value> = (0..6).map(Value::from).collect();
    let passed = passed(json!({ "rate": "2/s", "burst": 3 }), numbers).await;
    let times: Vec<u128> = passed.iter().map(|(_, time)| *time).collect();
    assert_eq!(times, [0, 0, 0, 500, 1000, 1500]);
}

#[tokio::test(start_paused = true)]
async fn each_key_has_a_rate_of_its_own_and_holds_up_no_other() {
    let events = ["a", "a", "a", "b", "b"].map(|key| json!({ "key": key }));
    let settings = json!({ "rate": "1/s", "key": "payload.key" });
    let mut passed = passed(settings, events.into()).await;
    passed.sort();
    let times: Vec<u128> = passed.iter().map(|(_, time)| *time).collect();
    assert_eq!(times, [0, 1000, 2000, 0, 1000]);
}

#[test]
fn what_comes_too_early_may_fail_or_go_elsewhere() {
    let settings = json!({ "rate": "1/m", "exceeded": "error" });
    let mut harness = Harness::new(build("throttle", settings));
    harness.send("one");
    harness.send("two");
    let failed = harness.errors().remove(0);
    let error = &failed.error().unwrap().error;
    assert_eq!(error.kind(), ErrorKind::RateExceeded);
    assert_eq!(*error.detail("retry_after").unwrap(), 60);
    assert_eq!(harness.take().len(), 1);

    let settings = json!({ "rate": "1/m", "exceeded": "late" });
    let harness = between(build("throttle", settings), &["late", "out", "copy"]);
    let events = [json!("one"), json!("two")];
    let went = went(harness, &events, &["late", "out", "copy"]);
    assert_eq!(went, [["\"two\""], ["\"one\""], ["\"one\""]]);
}

#[test]
fn rules_of_a_file_are_read_again_when_it_has_changed_and_only_if_they_are_right() {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("rules");
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("rules.yaml");
    let write = |text: &str| {
        std::fs::write(directory.join("new"), text).unwrap();
        std::fs::rename(directory.join("new"), &path).unwrap();
    };
    write("eu: payload.region == 'eu'\n");
    let settings = json!({ "rules": path, "outboxes": ["eu", "big"], "otherwise": "rest" });
    let outboxes = ["eu", "big", "rest"];
    let mut harness = between(build("router", settings), &outboxes);
    let mut goes = |event: Value| {
        harness.advance(Duration::from_secs(1));
        harness.send(event);
        let sent = outboxes.map(|outbox| harness.take_from(outbox).len());
        assert_eq!(sent.iter().sum::<usize>(), 1);
        outboxes[sent.iter().position(|count| *count == 1).unwrap()]
    };
    assert_eq!(goes(region("eu", 1)), "eu");
    assert_eq!(goes(region("us", 500)), "rest");
    write("eu: payload.region == 'eu'\nbig: payload.total > 100\n");
    assert_eq!(goes(region("us", 500)), "big");
    // A mistake leaves the rules as they were, and so does a file that is gone.
    write("eu: payload.region == 'eu'\nbig: payload.total >\n");
    assert_eq!(goes(region("us", 500)), "big");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(goes(region("us", 500)), "big");
    write("");
    assert_eq!(goes(region("us", 500)), "rest");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn mistakes_in_a_file_of_rules_stop_the_start() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong_rules.yaml");
    std::fs::write(&path, "# rules\nuk: true\neu\n").unwrap();
    for (settings, part) in [
        (
            json!({ "rules": path, "outboxes": ["eu"] }),
            "wrong_rules.yaml:2: `uk` is none of the `outboxes`: eu; ",
        ),
        (
            json!({ "rules": path, "outboxes": ["eu"] }),
            "wrong_rules.yaml:3: this is no rule",
        ),
        (
            json!({ "rules": "/nowhere", "outboxes": ["eu"] }),
            "cannot read `/nowhere`",
        ),
        (
            json!({ "rules": path, "outboxes": ["error"] }),
            "`error` is the error outbox",
        ),
        (
            json!({ "rules": path, "routes": { "eu": "true" } }),
            "give either `routes`",
        ),
        (
            json!({ "routes": { "eu": "true" }, "outboxes": ["eu"] }),
            "`routes` name their own",
        ),
        (json!({}), "give either `routes`"),
    ] {
        let error = try_build("router", settings.clone()).unwrap_err();
        assert!(error.contains(part), "{settings}: {error}");
    }
    std::fs::remove_file(path).unwrap();
}
