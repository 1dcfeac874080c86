//! In whatever order things happen, and whatever goes wrong, nothing is delivered twice.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::build;
use compysition_actors::Discard;
use compysition_core::testing::{Faults, Simulation};
use compysition_core::{
    Actor, Context, Director, Error, Event, Id, Ports, Result, Retry, Settlement,
};
use serde_json::json;

const KEYS: u64 = 8;
const EVENTS: usize = 60;

#[derive(Default)]
struct Seen {
    /// The settlements of all events, by key.
    sent: Vec<(u64, Settlement)>,
    /// The roots that came to the work.
    worked: BTreeSet<Id>,
}

type Shared = Arc<Mutex<Seen>>;

/// Sends events of a few keys again and again.
struct Repeats(Shared);

impl Actor for Repeats {
    async fn start(&mut self, ctx: &Context) -> Result {
        let seen = self.0.clone();
        ctx.produce(move |source| async move {
            for _ in 0..EVENTS {
                let random = source.context().random();
                let (key, pause) = (random % KEYS, random >> 32 & 0xfff);
                let settlement = source.emit(key.to_string()).await?;
                seen.lock().unwrap().sent.push((key, settlement));
                tokio::time::sleep(Duration::from_millis(pause)).await;
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

/// Takes its time, and fails often.
struct Work(Shared);

impl Actor for Work {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.lock().unwrap().worked.extend(event.root_id());
        let random = ctx.random();
        tokio::time::sleep(Duration::from_millis(random % 1_000)).await;
        match random >> 32 & 1 {
            0 => Err(Error::unavailable("not now")),
            _ => ctx.send(event),
        }
    }
}

fn flow(seen: &Shared, tries: u32) -> Director {
    let mut director = Director::new("flow");
    let repeats = director.register("repeats", Repeats(seen.clone()));
    let once = director.register("once", build(json!({ "key": "text" })).unwrap());
    let work = director.register("work", Work(seen.clone()));
    let ends = ["done", "duplicates"].map(|name| director.register(name, Discard));
    director.connect(repeats, once);
    director.connect(once.port("out"), work);
    director.connect(once.port("duplicate"), ends[1]);
    director.connect(work, ends[0]);
    if tries > 1 {
        // An actor that is tried again must not meet the key that it holds itself.
        for actor in [once, work] {
            director.set_retry(
                actor,
                Retry {
                    attempts: tries,
                    ..Retry::default()
                },
            );
        }
    }
    director
}

#[test]
fn nothing_is_delivered_twice_and_what_failed_may_be_tried() {
    let mut tried_again = 0;
    for seed in 0..200 {
        let seen = Shared::default();
        let faults = match seed % 2 {
            0 => Faults::default(),
            // A panic has the actor made anew: it must not forget what it knew.
            _ => Faults {
                panics: 0.02,
                ..Faults::some()
            },
        };
        let tries = 1 + (seed % 3) as u32;
        Simulation::seed(seed)
            .faults(faults)
            .run(|| flow(&seen, tries));
        let seen = seen.lock().unwrap();
        let mut delivered = BTreeMap::<u64, usize>::new();
        let mut failed = BTreeSet::new();
        for (key, settlement) in &seen.sent {
            let outcome = settlement.outcome().unwrap();
            if !seen.worked.contains(&settlement.root_id()) {
                continue;
            }
            match outcome.is_delivered() {
                true => *delivered.entry(*key).or_default() += 1,
                false => _ = failed.insert(*key),
            }
        }
        assert!(
            delivered.values().all(|count| *count == 1),
            "seed {seed}: {delivered:?}"
        );
        tried_again += failed
            .iter()
            .filter(|key| delivered.contains_key(key))
            .count();
    }
    assert!(tried_again > 100, "{tried_again}");
}

/// Asks with a few keys again and again, and notes the answers.
struct Asks(Answers);

type Answers = Arc<Mutex<BTreeMap<u64, Vec<String>>>>;

impl Actor for Asks {
    async fn start(&mut self, ctx: &Context) -> Result {
        let answers = self.0.clone();
        ctx.produce(move |source| async move {
            for _ in 0..EVENTS {
                let random = source.context().random();
                let (key, pause) = (random % KEYS, random >> 32 & 0x3ff);
                let request = source.admit(10).await?.ask(None, key.to_string().into());
                let answers = answers.clone();
                source.context().spawner().spawn(async move {
                    if let Ok(answer) = request.await {
                        let text = answer.text().unwrap().to_owned();
                        answers.lock().unwrap().entry(key).or_default().push(text);
                    }
                });
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door()
    }
}

/// Answers with a random number.
struct Answer;

impl Actor for Answer {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let number = ctx.random();
        ctx.send(event.with(number.to_string()))
    }
}

fn asking_flow(answers: &Answers) -> Director {
    let mut director = Director::new("flow");
    let asks = director.register("asks", Asks(answers.clone()));
    let settings = json!({ "key": "text", "replay_answer": true, "wait": "3s" });
    let once = director.register("once", build(settings).unwrap());
    let work = director.register("work", Work(Shared::default()));
    let answer = director.register("answer", Answer);
    director.connect(asks, once);
    director.connect(once.port("out"), work);
    director.connect(work, answer);
    director.connect(answer, asks.port("answers"));
    director.connect(once.port("duplicate"), asks.port("repeats"));
    director
}

#[test]
fn all_answers_to_one_key_are_the_same() {
    let mut repeated = 0;
    for seed in 0..200 {
        let answers = Answers::default();
        let faults = match seed % 2 {
            0 => Faults::default(),
            _ => Faults {
                panics: 0.02,
                ..Faults::some()
            },
        };
        Simulation::seed(seed)
            .faults(faults)
            .run(|| asking_flow(&answers));
        for answers in answers.lock().unwrap().values() {
            assert!(
                answers.iter().all(|answer| *answer == answers[0]),
                "seed {seed}: {answers:?}"
            );
            repeated += answers.len() - 1;
        }
    }
    assert!(repeated > 1_000, "{repeated}");
}

#[test]
fn an_actor_that_panics_leaves_nothing_behind() {
    for seed in 0..100 {
        let faults = Faults {
            panics: 0.05,
            ..Faults::some()
        };
        Simulation::seed(seed)
            .faults(faults)
            .run(|| asking_flow(&Answers::default()));
    }
}
