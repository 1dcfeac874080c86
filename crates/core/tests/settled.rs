//! An actor learns what became of the events that it has sent on.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::sync::{Arc, Mutex};

use compysition_core::testing::Harness;
use compysition_core::{
    Actor, Context, Director, Error, Event, Held, Outcome, Ports, Result, Settled, Tick, map,
};

type Told = Arc<Mutex<Vec<Settled>>>;

/// Notes how its events end, and does with them what they say.
#[derive(Default)]
struct Watch {
    told: Told,
    held: Vec<Held>,
}

impl Actor for Watch {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let told = self.told.clone();
        let watched = match event.text()? {
            // A child stands for its parent until it is sent.
            "child" => Event::new("child"),
            _ => event.clone(),
        };
        ctx.on_settled(&watched, move |settled| told.lock().unwrap().push(settled));
        drop(watched);
        match event.text()? {
            "fail" => Err(Error::unavailable("as it was told to")),
            "hold" => {
                self.held.push(ctx.hold(event)?);
                Ok(())
            }
            "panic" => {
                ctx.on_settled(&event, |_| panic!("a watcher must not"));
                ctx.send(event)
            }
            "merge" => {
                let mut held = std::mem::take(&mut self.held);
                held.push(ctx.hold(event)?);
                let merged = ctx.merge(held, "merged");
                let told = self.told.clone();
                ctx.on_settled(&merged, move |settled| told.lock().unwrap().push(settled));
                ctx.send(merged)
            }
            _ => ctx.send(event),
        }
    }

    async fn tick(&mut self, _: Tick, _: &Context) -> Result {
        self.held.clear();
        Ok(())
    }
}

fn watch() -> (Harness, Told) {
    let watch = Watch::default();
    let told = watch.told.clone();
    (Harness::new(watch), told)
}

fn outcomes(told: &Told) -> Vec<&'static str> {
    let told = std::mem::take(&mut *told.lock().unwrap());
    told.iter()
        .map(|settled| settled.outcome.as_str())
        .collect()
}

#[test]
fn a_watcher_is_told_how_an_event_ends() {
    let (mut harness, told) = watch();
    assert!(matches!(harness.send("pass"), Some(Outcome::Delivered)));
    assert_eq!(outcomes(&told), ["delivered"]);
    harness.send("child");
    assert_eq!(outcomes(&told), ["delivered"]);
    assert!(matches!(harness.send("fail"), Some(Outcome::Failed(_))));
    assert_eq!(outcomes(&told), ["failed"]);
    assert!(harness.send("hold").is_none());
    assert_eq!(outcomes(&told), [""; 0]);
    // It is dropped unreleased.
    harness.stop();
    assert_eq!(outcomes(&told), ["failed"]);
}

#[test]
fn a_watcher_that_panics_keeps_no_root_from_settling() {
    let (mut harness, told) = watch();
    assert!(matches!(harness.send("panic"), Some(Outcome::Delivered)));
    assert_eq!(outcomes(&told), ["delivered"]);
    assert_eq!(harness.inside(), 0);
}

#[test]
fn a_watcher_of_a_batch_is_told_once() {
    let (mut harness, told) = watch();
    harness.send("hold");
    harness.send("merge");
    assert_eq!(outcomes(&told), ["delivered"; 3]);
}

/// Asks one question, and notes what it hears, when it is answered and when it is settled.
struct Ask(Arc<Mutex<Vec<String>>>, Told, &'static str);

impl Actor for Ask {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (heard, told, question) = (self.0.clone(), self.1.clone(), self.2);
        ctx.produce(move |source| async move {
            let request = source.admit(10).await?.ask(None, question.into());
            let settlement = request.settlement();
            let answer = match request.await {
                Ok(answer) => answer.text()?.to_owned(),
                Err(_) => format!("none, but {} told", told.lock().unwrap().len()),
            };
            heard.lock().unwrap().push(answer);
            settlement.await;
            source.context().stop_flow();
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

/// Runs a flow in which a question is watched and then answered, or fails.
async fn ask(question: &'static str) -> (Vec<String>, Settled) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let watch = Watch::default();
    let told = watch.told.clone();
    let mut director = Director::new("flow");
    let door = director.register("door", Ask(heard.clone(), told.clone(), question));
    let watch = director.register("watch", watch);
    let answer = director.register("answer", map(|event: Event| Ok(event.with("answer"))));
    director.connect(door, watch);
    director.connect(watch, answer);
    director.connect(answer, door);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    let settled = told.lock().unwrap().remove(0);
    (heard, settled)
}

#[tokio::test(start_paused = true)]
async fn a_watcher_sees_the_answer() {
    let (heard, settled) = ask("question").await;
    assert_eq!(heard, ["answer"]);
    assert!(settled.outcome.is_delivered());
    assert_eq!(settled.answer.unwrap().text().unwrap(), "answer");
}

#[tokio::test(start_paused = true)]
async fn a_watcher_is_told_before_a_client_that_gets_no_answer() {
    let (heard, settled) = ask("fail").await;
    assert_eq!(heard, ["none, but 1 told"]);
    assert!(settled.answer.is_none());
    assert_eq!(settled.outcome.as_str(), "failed");
}

#[tokio::test(start_paused = true)]
async fn a_watcher_is_told_of_an_aborted_flow() {
    let told = Told::default();
    let mut director = Director::new("flow");
    let heard = Arc::default();
    let door = director.register("door", Ask(heard, told.clone(), "hold"));
    let watch = director.register(
        "watch",
        Watch {
            told: told.clone(),
            held: Vec::new(),
        },
    );
    director.connect(door, watch);
    director.connect(watch, door);
    let flow = director.start().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    flow.abort().await;
    drop(flow);
    assert_eq!(outcomes(&told), ["failed"]);
}
