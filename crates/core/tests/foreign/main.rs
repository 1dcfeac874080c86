//! What comes from another process.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

#[path = "../common/mod.rs"]
mod common;
mod left;

use std::sync::{Arc, Mutex};

use common::{Collect, Forward};
use compysition_core::{
    Actor, Context, Director, Error, Event, Failure, Foreign, Heir, Id, Intake, Outcome, Ports,
    Result,
};
use tokio::sync::{Notify, mpsc, oneshot};

type Inbox = mpsc::UnboundedSender<(Foreign, Arc<Told>)>;

/// Lets in what the test sends, until it hangs up and all else is done.
struct Door(Option<mpsc::UnboundedReceiver<(Foreign, Arc<Told>)>>);

fn door() -> (Door, Inbox) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Door(Some(receiver)), sender)
}

impl Actor for Door {
    async fn start(&mut self, ctx: &Context) -> Result {
        let intake: Intake = ctx.intake()?;
        let Some(mut events) = self.0.take() else {
            return Ok(());
        };
        ctx.spawner().spawn(async move {
            while let Some((event, told)) = events.recv().await {
                drop(intake.adopt("next", event, told));
            }
            intake.until_own_are_done().await;
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().takes_in(1).sink()
    }
}

/// Notes what it is told.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Heir for Told {
    fn answered(&self, _: u64, answer: &Event) {
        let text = format!("answer {}", answer.text().unwrap());
        self.0.lock().unwrap().push(text);
    }

    fn rests(&self, _: u64) {
        self.0.lock().unwrap().push("rests".to_owned());
    }

    fn runs(&self, _: u64) {
        self.0.lock().unwrap().push("runs".to_owned());
    }

    fn delivered(&self, first: u64, count: u64) {
        let text = (first..first + count).map(|call| match call {
            9 => "delivered".to_owned(),
            other => format!("delivered {other}"),
        });
        self.0.lock().unwrap().extend(text);
    }

    fn failed(&self, call: u64, outcome: &Outcome, failure: &Failure) {
        assert_eq!(call, 9);
        let text = format!("{} {failure}", outcome.as_str());
        self.0.lock().unwrap().push(text);
    }
}

fn foreign(text: &str, is_asked: bool) -> Foreign {
    Foreign {
        event: Event::new(text.to_owned()).with_id(Id::from_u128(7)),
        root: Id::from_u128(5),
        hops: 3,
        deadline: None,
        is_asked,
        call: 9,
    }
}

/// Says what it knows of an event; refuses "bad".
struct Describe;

impl Actor for Describe {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if event.text()? == "bad" {
            return Err(Error::malformed("it is bad"));
        }
        let root = event.root_id().unwrap().as_u128();
        let text = format!("{} of {root} after {}", event.id().as_u128(), event.hops());
        ctx.send(event.with(text))
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_keeps_its_ids_and_hops_and_its_end_is_told() {
    let (door, inbox) = door();
    let collect = Collect::default();
    let mut director = Director::new("part");
    let door = director.register("door", door);
    let describe = director.register("describe", Describe);
    let sink = director.register("sink", collect.clone());
    director.connect((door, "next"), describe);
    director.connect(describe, sink);
    let flow = director.start().await.unwrap();
    let told = Arc::<Told>::default();
    inbox.send((foreign("good", false), told.clone())).ok();
    inbox.send((foreign("bad", false), told.clone())).ok();
    drop(inbox);
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(collect.texts(), ["7 of 5 after 4"]);
    let mut all = told.all();
    all.sort();
    assert_eq!(all, ["delivered", "failed describe: it is bad"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_told_before_the_end_and_only_if_it_was_asked_for() {
    let (door, inbox) = door();
    let mut director = Director::new("part");
    let door = director.register("door", door);
    let forward = director.register("forward", Forward);
    let reply = director.reply();
    director.connect((door, "next"), forward);
    director.connect(forward, reply);
    let flow = director.start().await.unwrap();
    let (asked, sent) = (Arc::<Told>::default(), Arc::<Told>::default());
    inbox.send((foreign("x", true), asked.clone())).ok();
    inbox.send((foreign("y", false), sent.clone())).ok();
    drop(inbox);
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(asked.all(), ["answer x", "delivered"]);
    assert_eq!(sent.all(), ["delivered"]);
}

#[tokio::test(start_paused = true)]
async fn each_that_is_delivered_is_told_of_once_whether_they_follow_each_other_or_not() {
    let (door, inbox) = door();
    let mut director = Director::new("part");
    let door = director.register("door", door);
    let sink = director.register("sink", Collect::default());
    director.connect((door, "next"), sink);
    let flow = director.start().await.unwrap();
    let (even, odd) = (Arc::<Told>::default(), Arc::<Told>::default());
    let calls: Vec<u64> = (100..400).chain([500, 502]).chain(600..700).collect();
    for &call in &calls {
        let event = Foreign {
            call,
            ..foreign("x", false)
        };
        // At the end two heirs take turns.
        let heir = if call >= 600 && call % 2 == 1 {
            &odd
        } else {
            &even
        };
        inbox.send((event, heir.clone())).ok();
    }
    drop(inbox);
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let mut told = [even.all(), odd.all()].concat();
    told.sort();
    let expected: Vec<String> = calls
        .iter()
        .map(|call| format!("delivered {call}"))
        .collect();
    assert_eq!(told, expected);
    assert!(
        odd.all()
            .iter()
            .all(|told| told.ends_with(['1', '3', '5', '7', '9']))
    );
}

/// Makes events for ever, and goes on while the flow stops, as doors do.
struct Listening;

impl Actor for Listening {
    async fn start(&mut self, ctx: &Context) -> Result {
        ctx.produce(|_| std::future::pending());
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door()
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_in_what_comes_until_nothing_can_come() {
    let (door, inbox) = door();
    let collect = Collect::default();
    let mut director = Director::new("part");
    director.register("listening", Listening);
    let door = director.register("door", door);
    let sink = director.register("sink", collect.clone());
    director.connect((door, "next"), sink);
    let flow = Arc::new(director.start().await.unwrap());
    let stopping = tokio::spawn({
        let flow = flow.clone();
        async move { flow.stop().await }
    });
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert!(!stopping.is_finished());
    let told = Arc::<Told>::default();
    inbox.send((foreign("late", false), told.clone())).ok();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(told.all(), ["delivered"]);
    drop(inbox);
    assert!(stopping.await.unwrap().is_clean());
    assert_eq!(collect.texts(), ["late"]);
}

#[tokio::test(start_paused = true)]
async fn a_flow_with_nothing_to_do_stops_at_once() {
    let (door, inbox) = door();
    let mut director = Director::new("part");
    director.register("listening", Listening);
    let door = director.register("door", door);
    let forward = director.register("forward", Forward);
    director.connect((door, "next"), forward);
    let flow = director.start().await.unwrap();
    drop(inbox);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let began = tokio::time::Instant::now();
    assert!(flow.stop().await.is_clean());
    assert!(began.elapsed().as_secs() < 1, "it waited for its deadline");
}

/// Holds an event until another one comes.
#[derive(Default)]
struct Pair(Option<compysition_core::Held>);

impl Actor for Pair {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match self.0.take() {
            None => self.0 = Some(ctx.hold(event)?),
            Some(held) => {
                let held = [held, ctx.hold(event)?];
                ctx.send(ctx.merge(held, "both"))?;
            }
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_told_when_all_is_held_and_when_something_runs_again() {
    let (door, inbox) = door();
    let collect = Collect::default();
    let mut director = Director::new("part");
    let door = director.register("door", door);
    let pair = director.register("pair", Pair::default());
    let sink = director.register("sink", collect.clone());
    director.connect((door, "next"), pair);
    director.connect(pair, sink);
    let flow = director.start().await.unwrap();
    let told = Arc::<Told>::default();
    inbox.send((foreign("one", false), told.clone())).ok();
    while told.all().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    inbox
        .send((foreign("other", false), Arc::<Told>::default()))
        .ok();
    drop(inbox);
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(collect.texts(), ["both"]);
    assert_eq!(told.all(), ["rests", "runs", "delivered"]);
}

/// Takes a permit, and has what it is for only when the test says so, as a door that reads a body.
struct Reading(Arc<Notify>, Arc<Notify>);

impl Actor for Reading {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (begun, body) = (self.0.clone(), self.1.clone());
        ctx.produce(move |source| async move {
            let admission = source.admit(10).await?;
            begun.notify_one();
            body.notified().await;
            drop(admission.emit(None, Event::new("late")));
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

/// Says when nothing is left to do of what began here.
struct Watching(Option<oneshot::Sender<()>>);

impl Actor for Watching {
    async fn start(&mut self, ctx: &Context) -> Result {
        let intake = ctx.intake()?;
        let tell = self.0.take();
        ctx.spawner().spawn(async move {
            intake.until_own_are_done().await;
            tell.map(|tell| tell.send(()));
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().takes_in(1).sink()
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_let_in_and_is_still_being_read_is_not_done() {
    let (begun, body) = (Arc::<Notify>::default(), Arc::<Notify>::default());
    let (tell, mut told) = oneshot::channel();
    let collect = Collect::default();
    let mut director = Director::new("part");
    let reading = director.register("reading", Reading(begun.clone(), body.clone()));
    director.register("watching", Watching(Some(tell)));
    let sink = director.register("sink", collect.clone());
    director.connect(reading, sink);
    let flow = Arc::new(director.start().await.unwrap());
    begun.notified().await;
    let stopping = tokio::spawn({
        let flow = flow.clone();
        async move { flow.stop().await }
    });
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert!(told.try_recv().is_err(), "it is done already");
    body.notify_one();
    told.await.unwrap();
    assert!(stopping.await.unwrap().is_clean());
    assert_eq!(collect.texts(), ["late"]);
}
