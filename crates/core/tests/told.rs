//! Who is told how the events of a source's group end.

#![allow(
    clippy::unwrap_used,
    reason = "in tests a panic is the message, and a poisoned lock a failure"
)]

mod common;

use std::sync::{Arc, Mutex};

use common::Collect;
use compysition_core::{
    Actor, Context, Director, Error, Event, Failure, Heir, Held, Limits, Outcome, Ports, Result,
    Tick,
};

/// Notes how each event ended, by its number.
#[derive(Default)]
struct Told(Mutex<Vec<(u64, String)>>);

impl Heir for Told {
    fn answered(&self, _: u64, _: &Event) {}

    fn delivered(&self, first: u64, count: u64) {
        let each = (first..first + count).map(|number| (number, "delivered".to_owned()));
        self.0.lock().unwrap().extend(each);
    }

    fn failed(&self, number: u64, outcome: &Outcome, failure: &Failure) {
        let end = format!("{}: {}", outcome.as_str(), failure.error);
        self.0.lock().unwrap().push((number, end));
    }
}

impl Told {
    /// Returns how each ended, in the order of the numbers.
    fn all(&self) -> Vec<(u64, String)> {
        let mut all = self.0.lock().unwrap().clone();
        all.sort();
        all
    }
}

const EVENTS: u64 = 1000;

/// Emits events of one group, most of them together, and has it told how they end.
struct Group(Arc<Told>);

impl Actor for Group {
    async fn start(&mut self, ctx: &Context) -> Result {
        let told = self.0.clone();
        ctx.produce(|source| async move {
            let about = Event::new(());
            let mut group = source.group(about).await?.told_to(told);
            drop(source.emit_in(&mut group, "0").await?);
            let events = (1..EVENTS).map(|number| Event::new(number.to_string()));
            source.emit_all_in(&mut group, events).await?;
            let unread = Error::malformed("no record");
            drop(source.emit_failed_in(&mut group, "x", unread).await?);
            drop(source.emit_in(&mut group, "last").await?);
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

/// Refuses each seventh, and holds each eleventh for a moment.
#[derive(Default)]
struct Middle {
    held: Vec<Held>,
    has_heirs: bool,
}

impl Actor for Middle {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        event.each_heir(&mut |_, _| self.has_heirs = true);
        assert!(!self.has_heirs, "a source of this process is no other one");
        let number: u64 = event.text()?.parse().unwrap_or(EVENTS + 1);
        if number.is_multiple_of(7) {
            return Err(Error::malformed("a seventh"));
        }
        if number.is_multiple_of(11) {
            self.held.push(ctx.hold(event)?);
            ctx.wake_after(std::time::Duration::from_secs(1));
            return Ok(());
        }
        ctx.send(event)
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        for event in self.held.drain(..).filter_map(Held::release) {
            ctx.send(event)?;
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn each_member_of_a_group_is_told_of_once_by_its_number() {
    // With few permits most events wait for one, with many none does.
    for roots in [3, 50, 10_000] {
        let (told, collect) = (Arc::<Told>::default(), Collect::default());
        let mut director = Director::new("told");
        director.set_limits(Limits {
            roots,
            ..Limits::default()
        });
        let group = director.register("group", Group(told.clone()));
        let middle = director.register("middle", Middle::default());
        let end = director.register("end", collect.clone());
        director.connect(group, middle);
        director.connect(middle, end);
        let flow = director.start().await.unwrap();
        flow.block().await;
        assert!(flow.stop().await.is_clean());
        let expected = (0..EVENTS + 2).map(|number| {
            let end = match number {
                EVENTS => "failed: no record",
                number if number.is_multiple_of(7) => "failed: a seventh",
                _ => "delivered",
            };
            (number, end.to_owned())
        });
        let expected: Vec<_> = expected.collect();
        assert_eq!(told.all(), expected, "{roots} roots");
        assert_eq!(flow.snapshot().imbalance(), None);
        let delivered = expected.iter().filter(|(_, end)| end == "delivered");
        assert_eq!(collect.texts().len(), delivered.count());
    }
}

/// Never lets go of what it is given.
#[derive(Default)]
struct Keep(Vec<Held>);

impl Actor for Keep {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.push(ctx.hold(event)?);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_given_up_at_a_stop_is_told_of_as_cancelled() {
    let told = Arc::<Told>::default();
    let mut director = Director::new("told");
    let group = director.register("group", Group(told.clone()));
    let keep = director.register("keep", Keep::default());
    let end = director.register("end", Collect::default());
    director.connect(group, keep);
    director.connect(keep, end);
    let flow = director.start().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let read = |(_, end): &(u64, String)| end != "failed: no record";
    assert_eq!(told.all().iter().filter(|told| read(told)).count(), 0);
    flow.stop().await;
    let all = told.all();
    assert_eq!(all.len() as u64, EVENTS + 2);
    let mut given_up = all.iter().filter(|told| read(told));
    assert!(
        given_up.all(|(_, end)| end.starts_with("failed: ")),
        "{all:?}"
    );
}

/// Emits into two groups by turns, each with an heir of its own.
struct TwoGroups([Arc<Told>; 2]);

impl Actor for TwoGroups {
    async fn start(&mut self, ctx: &Context) -> Result {
        let [first, second] = self.0.clone();
        ctx.produce(|source| async move {
            let mut first = source.group(Event::new(())).await?.told_to(first);
            let mut second = source.group(Event::new(())).await?.told_to(second);
            for number in 0..EVENTS {
                drop(source.emit_in(&mut first, number.to_string()).await?);
                let events = [number, number].map(|number| Event::new(number.to_string()));
                source.emit_all_in(&mut second, events).await?;
                drop(source.emit(number.to_string()).await?);
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

#[tokio::test(start_paused = true)]
async fn each_heir_is_told_of_its_own_group_only() {
    let told = [Arc::<Told>::default(), Arc::default()];
    let mut director = Director::new("told");
    let groups = director.register("groups", TwoGroups(told.clone()));
    let end = director.register("end", Collect::default());
    director.connect(groups, end);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    for (told, events) in told.iter().zip([EVENTS, 2 * EVENTS]) {
        let all: Vec<_> = (0..events)
            .map(|number| (number, "delivered".to_owned()))
            .collect();
        assert_eq!(told.all(), all);
    }
    assert_eq!(flow.snapshot().imbalance(), None);
    assert_eq!(flow.snapshot().delivered, 4 * EVENTS);
}

/// Is never done with an event.
struct Stuck;

impl Actor for Stuck {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        std::future::pending().await
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_group_that_a_stop_breaks_off_the_first_are_told_of_and_no_others() {
    let told = Arc::<Told>::default();
    let mut director = Director::new("told");
    director.set_limits(Limits {
        roots: 3,
        ..Limits::default()
    });
    let group = director.register("group", Group(told.clone()));
    let stuck = director.register("stuck", Stuck);
    director.connect(group, stuck);
    let flow = director.start().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    flow.stop().await;
    let numbers: Vec<_> = told.all().into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [0, 1, 2]);
}

/// Passes each event on, but for each third, which it refuses.
struct RefuseThird;

impl Actor for RefuseThird {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let number: u64 = event.text()?.parse().unwrap_or(1);
        match number % 3 {
            0 => Err(Error::malformed("a third")),
            _ => ctx.send(event),
        }
    }
}

/// Emits so many events of one group, with a few under way at the same time.
struct Many(Arc<Told>, u64);

impl Actor for Many {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (told, count) = (self.0.clone(), self.1);
        ctx.produce(move |source| async move {
            let mut group = source.group(Event::new(())).await?.told_to(told);
            let events = (0..count).map(|number| Event::new(number.to_string()));
            Ok(source.emit_all_in(&mut group, events).await?)
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

/// The last copies of an event end on several threads at the same time, one of them badly.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_that_failed_on_another_thread_is_never_overlooked() {
    let (told, count) = (Arc::<Told>::default(), 30_000);
    let mut director = Director::new("told");
    director.set_limits(Limits {
        roots: 64,
        ..Limits::default()
    });
    let many = director.register("many", Many(told.clone(), count));
    let end = director.register("end", Collect::default());
    for name in ["one", "two", "three"] {
        let refuse = director.register(name, RefuseThird);
        director.connect(many, refuse);
        director.connect(refuse, end);
    }
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let all = told.all();
    assert_eq!(all.len() as u64, count);
    for (at, (number, end)) in all.iter().enumerate() {
        let expected = match number % 3 {
            0 => "failed: a third",
            _ => "delivered",
        };
        assert_eq!((at as u64, expected), (*number, end.as_str()));
    }
    assert_eq!(flow.snapshot().imbalance(), None);
}
