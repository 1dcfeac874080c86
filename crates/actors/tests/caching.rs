//! What was made once is not made again.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::time::Duration;

use common::{build, try_build};
use compysition_actors::Cache;
use compysition_core::testing::Harness;
use compysition_core::{Actor, Context, Error, ErrorKind, Event, Ports, Result, Tick};
use serde_json::{Value, json};

fn cache(settings: Value) -> Harness {
    let actor = build("cache", settings);
    Harness::of(actor)
        .inboxes(["in", "fill"])
        .outboxes(["out", "miss"])
        .start()
}

fn texts(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.text().unwrap()).collect()
}

/// Asks for a key; returns what came out, and what went to `miss`.
fn ask(harness: &mut Harness, key: &str) -> (Vec<Event>, Vec<Event>) {
    harness.send(Event::new("question").with_attribute("key", key));
    (harness.take_from("out"), harness.take_from("miss"))
}

/// Makes something of the question that went to `miss`.
fn fill(harness: &mut Harness, question: &Event, answer: &str) -> Vec<Event> {
    // As another root: in a flow it is the same.
    let event =
        Event::new(answer).with_attribute("cache", question.lookup("attributes.cache").unwrap());
    harness.send_to(
        "fill",
        event
            .with_attribute("content_type", "text/x")
            .with_attribute("price", 7),
    );
    harness.take_from("out")
}

#[test]
fn what_was_made_for_a_key_is_known_for_a_time() {
    let settings =
        json!({ "key": "attributes.key", "age": "1m", "remember": ["attributes.price"] });
    let mut harness = cache(settings);
    let (out, miss) = ask(&mut harness, "a");
    assert_eq!((texts(&out), texts(&miss)), (vec![], vec!["question"]));
    let filled = fill(&mut harness, &miss[0], "answer");
    assert_eq!(texts(&filled), ["answer"]);
    assert!(
        filled[0].attribute("cache").is_none(),
        "the key has done its work"
    );
    harness.advance(Duration::from_secs(59));
    harness.send(
        Event::new("again")
            .with_attribute("key", "a")
            .with_attribute("own", 1),
    );
    let known = harness.take_from("out").remove(0);
    assert_eq!(known.text().unwrap(), "answer");
    for (path, value) in [
        ("price", json!(7)),
        ("content_type", json!("text/x")),
        ("own", json!(1)),
    ] {
        assert_eq!(known.attribute(path).as_deref(), Some(&value), "{path}");
    }
    assert_eq!(ask(&mut harness, "b").1.len(), 1);
    harness.advance(Duration::from_secs(2));
    assert_eq!(ask(&mut harness, "a").1.len(), 1);
}

#[test]
fn errors_are_not_remembered() {
    let mut harness = cache(json!({ "key": "attributes.key" }));
    let (_, miss) = ask(&mut harness, "a");
    let mut failing = Harness::new(compysition_core::map(
        |_: Event| -> compysition_core::Result<Event> { Err(Error::unavailable("no back-end")) },
    ));
    failing.send(miss[0].clone());
    let failed = failing.errors().remove(0);
    harness.send_to("fill", failed);
    let out = harness.take_from("out");
    assert_eq!(out[0].error().unwrap().error.kind(), ErrorKind::Unavailable);
    assert_eq!(ask(&mut harness, "a").1.len(), 1);
}

#[test]
fn what_did_not_come_from_miss_cannot_be_remembered() {
    let mut harness = cache(json!({ "key": "attributes.key" }));
    for event in [
        Event::new("stray"),
        Event::new("stray").with_attribute("cache", json!({ "another": "1" })),
    ] {
        harness.send_to("fill", event);
        let error = harness.errors().remove(0);
        assert_eq!(
            error.error().unwrap().error.kind(),
            ErrorKind::Unprocessable
        );
    }
    // Without the key there is nothing to look for.
    harness.send("no key");
    assert_eq!(harness.errors().len(), 1);
}

#[test]
fn caches_in_a_row_keep_their_keys_apart() {
    let mut harness = cache(json!({ "key": "attributes.key" }));
    let event = Event::new("question").with_attribute("key", "a");
    harness.send(event.with_attribute("cache", json!({ "outer": "1" })));
    let miss = harness.take_from("miss").remove(0);
    assert_eq!(
        *miss.attribute("cache").unwrap(),
        json!({ "outer": "1", "actor": "\"a\"" })
    );
    let filled = fill(&mut harness, &miss, "answer");
    assert_eq!(
        *filled[0].attribute("cache").unwrap(),
        json!({ "outer": "1" })
    );
}

#[test]
fn mistakes_are_found_before_the_first_event() {
    for (settings, message) in [
        (json!({}), "missing field `key`"),
        (json!({ "key": "nope" }), "unknown `nope`"),
        (
            json!({ "key": "id", "remember": ["id"] }),
            "`id` cannot be set",
        ),
        (
            json!({ "key": "id", "remember": ["payload.a"] }),
            "remembered anyway",
        ),
    ] {
        let error = try_build("cache", settings).map(drop).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
    for (inboxes, outboxes, message) in [
        (["in", "other"], ["out", "miss"], "connect the inbox `fill`"),
        (
            ["in", "fill"],
            ["out", "other"],
            "connect the outbox `miss`",
        ),
    ] {
        let actor = build("cache", json!({ "key": "id" }));
        let plan = Harness::of(actor).inboxes(inboxes).outboxes(outboxes);
        let error = plan.try_start().err().unwrap().to_string();
        assert!(error.contains(message), "{error}");
    }
}

mod flows {
    use super::*;
    use compysition_actors::{Discard, Door};
    use compysition_core::testing::{Faults, Simulation};
    use compysition_core::{Actor, Context, Director, Ports, Result};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    /// A back-end that takes a second, and fails on its first questions.
    struct BackEnd {
        asked: Arc<AtomicUsize>,
        failing: usize,
    }

    impl Actor for BackEnd {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let asked = self.asked.fetch_add(1, Relaxed) + 1;
            if asked <= self.failing {
                return Err(Error::unavailable("not yet"));
            }
            let answer = format!("{} {asked}", event.text()?);
            ctx.send(event.with(answer))
        }
    }

    /// Asks the same question several times at once; returns the answers, the seconds that all took, and how often the back-end was asked.
    async fn ask_at_once(settings: Value, failing: usize) -> (Vec<String>, u64, usize) {
        let mut director = Director::new("flow");
        let (door, handle) = Door::new();
        let ask = director.register("ask", door);
        let cache = director.register("cache", build("cache", settings));
        let asked = Arc::new(AtomicUsize::new(0));
        let back_end = BackEnd {
            asked: asked.clone(),
            failing,
        };
        let back_end = director.register("back_end", back_end);
        director.connect(ask, cache);
        director.connect(cache.port("out"), ask);
        director.connect(cache.port("miss"), back_end);
        director.connect(back_end, cache.port("fill"));
        let flow = director.start().await.unwrap();
        let begin = tokio::time::Instant::now();
        let questions: Vec<_> = (0..5)
            .map(|_| {
                let handle = handle.clone();
                tokio::spawn(async move {
                    match handle.ask(Event::new("q")).await {
                        Ok(answer) => answer.text().unwrap().to_owned(),
                        Err(_) => "none".to_owned(),
                    }
                })
            })
            .collect();
        let mut answers = Vec::new();
        for question in questions {
            answers.push(question.await.unwrap());
        }
        let seconds = begin.elapsed().as_secs();
        assert!(flow.stop().await.is_clean());
        assert_eq!(flow.snapshot().imbalance(), None);
        (answers, seconds, asked.load(Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn of_several_with_one_key_only_the_first_asks() {
        let (answers, seconds, asked) = ask_at_once(json!({ "key": "text" }), 0).await;
        assert_eq!(answers, ["q 1"; 5]);
        assert_eq!((seconds, asked), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_first_fails_the_next_one_tries() {
        let (mut answers, seconds, asked) = ask_at_once(json!({ "key": "text" }), 2).await;
        answers.sort();
        assert_eq!(answers, ["none", "none", "q 3", "q 3", "q 3"]);
        assert_eq!((seconds, asked), (3, 3));
    }

    /// Makes events of a few keys.
    struct Keys;

    impl Actor for Keys {
        async fn start(&mut self, ctx: &Context) -> Result {
            ctx.produce(|source| async move {
                for _ in 0..60 {
                    let random = source.context().random();
                    drop(source.emit((random % 8).to_string()).await?);
                    tokio::time::sleep(Duration::from_millis(random >> 32 & 0x3ff)).await;
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

    #[test]
    fn whatever_goes_wrong_nothing_waits_for_ever() {
        let flow = || {
            let mut director = Director::new("flow");
            let keys = director.register("keys", Keys);
            let settings = json!({ "key": "text", "wait": "3s", "age": "5s", "size": 5 });
            let cache = director.register("cache", build("cache", settings));
            let back_end = BackEnd {
                asked: Arc::default(),
                failing: 5,
            };
            let back_end = director.register("back_end", back_end);
            let end = director.register("end", Discard);
            director.connect(keys, cache);
            director.connect(cache.port("out"), end);
            director.connect(cache.port("miss"), back_end);
            director.connect(back_end, cache.port("fill"));
            director.connect_error(back_end, cache.port("fill"));
            director
        };
        for seed in 0..100 {
            Simulation::seed(seed).faults(Faults::some()).run(flow);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_itself_waits_for_nothing() {
        let mut director = Director::new("flow");
        let (door, handle) = Door::new();
        let ask = director.register("ask", door);
        let cache = director.register("cache", build("cache", json!({ "key": "'same'" })));
        let asked = Arc::new(AtomicUsize::new(0));
        let back_end = BackEnd { asked, failing: 0 };
        let back_end = director.register("back_end", back_end);
        let split = director.register("split", build("split", json!({})));
        let join = director.register("join", build("batch", json!({ "count": 2, "age": "1h" })));
        director.connect(ask, split);
        director.connect(split, cache);
        director.connect(cache.port("out"), join);
        director.connect(join, ask);
        director.connect(cache.port("miss"), back_end);
        director.connect(back_end, cache.port("fill"));
        let flow = director.start().await.unwrap();
        let begin = tokio::time::Instant::now();
        let answer = handle.ask(Event::new(json!(["a", "b"]))).await.unwrap();
        assert_eq!(answer.text().unwrap(), r#"["a 1","b 2"]"#);
        assert_eq!(begin.elapsed().as_secs(), 2);
        assert!(flow.stop().await.is_clean());
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_waited_long_enough_asks_itself() {
        let settings = json!({ "key": "text", "wait": "500ms" });
        let (answers, seconds, asked) = ask_at_once(settings, 0).await;
        assert_eq!(answers[0], "q 1");
        assert_eq!((seconds, asked), (5, 5));
        let settings = json!({ "key": "text", "wait": "0s" });
        let (_, _, asked) = ask_at_once(settings, 0).await;
        assert_eq!(asked, 5);
    }
}

#[test]
fn nobody_waits_for_what_has_ended() {
    let mut harness = cache(json!({ "key": "attributes.key", "wait": "1h" }));
    assert_eq!(ask(&mut harness, "a").1.len(), 1);
    assert_eq!(ask(&mut harness, "a").1.len(), 1);
}

/// Panics at an event that says so, and else does what a cache does.
struct Panics(Cache);

impl Actor for Panics {
    async fn start(&mut self, ctx: &Context) -> Result {
        self.0.start(ctx).await
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        assert_ne!(event.text()?, "panic");
        self.0.consume(event, ctx).await
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        self.0.tick(why, ctx).await
    }

    fn ports(&self) -> Ports {
        self.0.ports()
    }
}

#[test]
fn what_was_made_is_known_also_when_the_actor_panics_and_is_made_anew() {
    let settings = json!({ "key": "attributes.key", "age": "1m" });
    let actor = move || -> Result<Panics> { Ok(Panics(serde_json::from_value(settings.clone())?)) };
    let mut harness = Harness::of(actor)
        .inboxes(["in", "fill"])
        .outboxes(["out", "miss"])
        .start();
    let (_, miss) = ask(&mut harness, "a");
    let (_, lost) = ask(&mut harness, "b");
    fill(&mut harness, &miss[0], "answer");
    harness.send("panic");
    assert_eq!(harness.errors().len(), 1);
    assert_eq!(texts(&ask(&mut harness, "a").0), ["answer"]);
    // What was on its way comes back all the same.
    assert_eq!(texts(&fill(&mut harness, &lost[0], "late")), ["late"]);
    assert_eq!(texts(&ask(&mut harness, "b").0), ["late"]);
    harness.advance(Duration::from_secs(61));
    assert_eq!(ask(&mut harness, "a").1.len(), 1, "it is not younger now");
}
