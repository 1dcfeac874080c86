//! Asking a flow, and telling it.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::sync::Arc;
use std::time::Duration;

use compysition_actors::{AskError, Discard, Door, DoorHandle};
use compysition_core::{
    Actor, Context, Director, Error, ErrorKind, Event, Flow, IntoActor, Outcome, Refusal, map,
};
use tokio::sync::Semaphore;

/// Starts a circle from a door through one actor and back.
async fn circle<Form>(actor: impl IntoActor<Form>) -> (Flow, DoorHandle) {
    let (door, handle) = Door::new();
    let mut director = Director::new("circle");
    let door = director.register("door", door);
    let actor = director.register("actor", actor);
    director.connect(door, actor);
    director.connect(actor, door);
    (director.start().await.unwrap(), handle)
}

#[tokio::test]
async fn asks_and_gets_answers() {
    let (flow, handle) = circle(map(|event: Event| {
        let number = event.text().unwrap().len();
        event.with(number.to_string())
    }))
    .await;
    let asked: Vec<_> = (0..100)
        .map(|n| {
            let handle = handle.clone();
            tokio::spawn(async move { (n, handle.ask("x".repeat(n)).await.unwrap()) })
        })
        .collect();
    for task in asked {
        let (n, answer) = task.await.unwrap();
        assert_eq!(answer.text().unwrap(), n.to_string());
    }
    assert!(flow.stop().await.is_clean());
}

#[tokio::test]
async fn says_why_there_is_no_answer() {
    let (flow, handle) = circle(map(|event: Event| match event.text()? {
        "drop" => Ok(None),
        "fail" => Err(Error::conflict("it is taken")),
        _ => Ok(Some(event)),
    }))
    .await;
    let why = |asked: Result<Event, AskError>| match asked.unwrap_err() {
        AskError::Unanswered(unanswered) => unanswered,
        other => panic!("{other}"),
    };
    let dropped = why(handle.ask("drop").await);
    assert!(dropped.failure.is_none());
    assert_eq!(dropped.last.as_deref(), Some("actor"));
    let failed = why(handle.ask("fail").await);
    assert_eq!(failed.failure.unwrap().error.kind(), ErrorKind::Conflict);
    assert_eq!(handle.ask("pass").await.unwrap().text().unwrap(), "pass");
    assert!(flow.stop().await.is_clean());
}

#[tokio::test]
async fn tells_and_learns_how_it_ends() {
    let (flow, handle) = circle(map(|event: Event| match event.text()? {
        "fail" => Err(Error::conflict("it is taken")),
        _ => Ok(event),
    }))
    .await;
    assert!(handle.tell("pass").await.unwrap().await.is_delivered());
    let outcome = handle.tell("fail").await.unwrap().await;
    assert!(matches!(outcome, Outcome::Failed(failure) if &*failure.actor == "actor"));
    assert!(flow.stop().await.is_clean());
}

#[tokio::test]
async fn waits_for_the_start_and_ends_with_the_flow() {
    let (door, handle) = Door::new();
    let early = handle.clone();
    let early = tokio::spawn(async move { early.ask("early").await });
    tokio::task::yield_now().await;
    let mut director = Director::new("late");
    let door = director.register("door", door);
    director.connect(door.port("out"), door.port("in"));
    let flow = director.start().await.unwrap();
    assert_eq!(early.await.unwrap().unwrap().text().unwrap(), "early");
    assert!(flow.stop().await.is_clean());
    assert!(matches!(
        handle.ask("late").await,
        Err(AskError::NotRunning)
    ));
    assert!(matches!(
        handle.tell("late").await,
        Err(AskError::NotRunning)
    ));
}

#[tokio::test]
async fn a_door_that_is_never_opened_refuses() {
    let (door, handle) = Door::new();
    drop(door);
    assert!(matches!(handle.tell("x").await, Err(AskError::NotRunning)));
}

#[tokio::test]
async fn a_flow_ends_when_nobody_can_ask() {
    let (flow, handle) = circle(map(|event: Event| event)).await;
    let waits = tokio::time::timeout(Duration::from_millis(1), flow.block()).await;
    assert!(waits.is_err(), "somebody may ask yet");
    drop(handle);
    flow.block().await;
    assert!(flow.stop().await.is_clean());
}

#[tokio::test]
async fn a_handle_may_be_for_one_outbox() {
    let (door, handle) = Door::new();
    let mut director = Director::new("two");
    let door = director.register("door", door);
    let end = director.register("end", Discard);
    let back = director.register("back", map(|event: Event| event.with("back")));
    director.connect(door.port("end"), end);
    director.connect(door.port("back"), back);
    director.connect(back, door);
    let flow = director.start().await.unwrap();
    assert_eq!(
        handle.to("back").ask("x").await.unwrap().text().unwrap(),
        "back"
    );
    assert!(handle.to("end").ask("x").await.is_err());
    assert!(
        handle
            .to("end")
            .tell("x")
            .await
            .unwrap()
            .await
            .is_delivered()
    );
    assert!(flow.stop().await.is_clean());
}

/// Passes events on one by one, each when the test says so.
struct Lock(Arc<Semaphore>);

impl Actor for Lock {
    async fn consume(&mut self, event: Event, ctx: &Context) -> compysition_core::Result {
        self.0.acquire().await?.forget();
        ctx.send(event)
    }
}

#[tokio::test]
async fn a_flow_that_stops_answers_what_is_under_way_and_refuses_more() {
    let open = Arc::new(Semaphore::new(0));
    let (flow, handle) = circle(Lock(open.clone())).await;
    let early = handle.tell("early").await.unwrap();
    let asked = tokio::spawn({
        let handle = handle.clone();
        async move { handle.ask("asked").await }
    });
    while flow.snapshot().permits < 2 {
        tokio::task::yield_now().await;
    }
    let stop = async {
        let stopped = flow.stop().await;
        assert!(stopped.is_clean());
    };
    let meanwhile = async {
        tokio::task::yield_now().await;
        let refused = handle.ask("late").await;
        assert!(matches!(refused, Err(AskError::Refused(Refusal::Stopping))));
        open.add_permits(2);
    };
    tokio::join!(stop, meanwhile);
    assert!(early.await.is_delivered());
    assert_eq!(asked.await.unwrap().unwrap().text().unwrap(), "asked");
}

#[tokio::test]
async fn the_first_answer_counts_and_later_ones_are_counted() {
    let (door, handle) = Door::new();
    let mut director = Director::new("twice");
    let door = director.register("door", door);
    let twins = ["one", "other"].map(|name| director.register(name, map(|event: Event| event)));
    director.connect(door, twins);
    director.connect(twins, door);
    let flow = director.start().await.unwrap();
    assert_eq!(handle.ask("x").await.unwrap().text().unwrap(), "x");
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    assert_eq!(
        (snapshot.actors[0].answered, snapshot.actors[0].late),
        (1, 1)
    );
}

/// Waits until its work is for nobody.
struct Patient;

impl Actor for Patient {
    async fn consume(&mut self, event: Event, ctx: &Context) -> compysition_core::Result {
        ctx.cancelled().await;
        ctx.send(event)
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_a_time_waits_no_longer() {
    let (door, handle) = Door::new();
    let mut director = Director::new("late");
    let door = director.register("door", door);
    let patient = director.register("patient", Patient);
    let after = director.register("after", map(|event: Event| event));
    director.connect(door, patient);
    director.connect(patient, after);
    director.connect(after, door);
    let flow = director.start().await.unwrap();
    let time = Duration::from_secs(5);
    let answer = handle.within(time).ask("x").await;
    assert!(
        matches!(answer, Err(AskError::Late(late)) if late == time),
        "{answer:?}"
    );
    assert!(flow.stop().await.is_clean());
    assert_eq!(flow.snapshot().open, 0);
}
