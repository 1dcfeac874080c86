//! Flows with one pool in the middle.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use compysition_core::{
    Actor, ActorSnapshot, Context, Director, Error, Event, Flow, IntoActor, Node, Pool, Ports,
    Result, Supervision,
};
use tokio::time::Instant;

use crate::common::Collect;

/// A sequence of random numbers (Steele, Lea and Flood, 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

/// Emits some events at once.
pub(crate) struct Emit(pub(crate) Vec<Event>);

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

/// An event that keeps an instance for so many milliseconds.
pub(crate) fn job(name: impl ToString, key: u64, millis: u64) -> Event {
    Event::new(name.to_string())
        .with_attribute("key", key)
        .with_attribute("millis", millis)
}

pub(crate) fn number(event: &Event, name: &str) -> u64 {
    event.attribute(name).unwrap().as_u64().unwrap()
}

pub(crate) fn by_key(pool: Pool) -> Pool {
    pool.by_key(|event: &Event, _| Ok(number(event, "key")))
}

/// What happened in the instances.
#[derive(Clone)]
pub(crate) struct Log {
    begun: Instant,
    entries: Arc<Mutex<Vec<Entry>>>,
}

/// That an instance had an event in hand.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) key: u64,
    pub(crate) instance: usize,
    pub(crate) from: Duration,
    pub(crate) to: Duration,
}

impl Log {
    pub(crate) fn new() -> Log {
        Log {
            begun: Instant::now(),
            entries: Arc::default(),
        }
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap().clone()
    }

    /// Returns when the last event was done.
    pub(crate) fn end(&self) -> Duration {
        let ends = self.entries().into_iter().map(|entry| entry.to);
        ends.max().unwrap_or_default()
    }

    /// Returns the names of each key's events, in the order in which they were begun.
    pub(crate) fn by_key(&self) -> HashMap<u64, Vec<String>> {
        let mut by_key: HashMap<u64, Vec<String>> = HashMap::new();
        for entry in self.entries() {
            by_key.entry(entry.key).or_default().push(entry.name);
        }
        by_key
    }
}

/// Takes as long as an event says; fails, panics or works in the background if its name begins so.
pub(crate) struct Worker(pub(crate) Log);

impl Worker {
    pub(crate) fn factory(log: &Log) -> impl FnMut() -> Worker + Send + 'static {
        let log = log.clone();
        move || Worker(log.clone())
    }
}

async fn work(log: Log, event: Event, ctx: &Context) -> Result {
    let name = event.text()?.to_owned();
    let from = log.begun.elapsed();
    let place = {
        let mut entries = log.entries.lock().unwrap();
        entries.push(Entry {
            name: name.clone(),
            key: number(&event, "key"),
            instance: ctx.instance(),
            from,
            to: Duration::MAX,
        });
        entries.len() - 1
    };
    tokio::time::sleep(Duration::from_millis(number(&event, "millis"))).await;
    log.entries.lock().unwrap()[place].to = log.begun.elapsed();
    assert!(!name.starts_with("panic"));
    match name.starts_with("fail") {
        true => Err(Error::unavailable("as wanted")),
        false => ctx.send(event),
    }
}

impl Actor for Worker {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let log = self.0.clone();
        if !event.text()?.starts_with("back") {
            return work(log, event, ctx).await;
        }
        ctx.spawn(
            event,
            |event, ctx| async move { work(log, event, &ctx).await },
        );
        Ok(())
    }
}

/// What came of a flow.
pub(crate) struct Trial {
    /// What came out of the outbox and the error outbox, as it came.
    pub(crate) out: Vec<String>,
    pub(crate) pooled: ActorSnapshot,
}

/// Makes a flow of a source, a pool and what its outbox and error outbox lead to.
pub(crate) fn flow<Form>(
    events: Vec<Event>,
    actor: impl IntoActor<Form>,
    pool: Pool,
) -> (Director, Node, Collect) {
    let out = Collect::default();
    let mut director = Director::new("pooled");
    director.set_supervision(Supervision {
        restarts: 1000,
        backoff: Duration::from_millis(1).into(),
        max_backoff: Duration::from_millis(3).into(),
        ..Supervision::default()
    });
    let source = director.register("source", Emit(events));
    let pooled = director.register("pooled", actor);
    let sink = director.register("sink", out.clone());
    director.set_pool(pooled, pool);
    director.connect(source, pooled);
    director.connect(pooled, sink);
    director.connect_error(pooled, sink);
    (director, pooled, out)
}

/// Runs a flow to its end, and checks that nothing of it is left.
pub(crate) async fn finish(director: Director) -> Flow {
    let flow = director.start().await.expect("the flow is right");
    flow.block().await;
    let stopped = flow.stop().await;
    assert!(stopped.is_clean(), "{stopped:?}");
    let snapshot = flow.snapshot();
    assert_eq!((snapshot.permits, snapshot.bytes, snapshot.open), (0, 0, 0));
    for actor in &snapshot.actors {
        assert_eq!(actor.waiting, 0, "{snapshot:?}");
    }
    flow
}

pub(crate) async fn run<Form>(
    events: Vec<Event>,
    actor: impl IntoActor<Form>,
    pool: Pool,
) -> Trial {
    let count = events.len() as u64;
    let (director, _, out) = flow(events, actor, pool);
    let flow = finish(director).await;
    let snapshot = flow.snapshot();
    assert_eq!(snapshot.delivered + snapshot.failed, count);
    assert_eq!(snapshot.actors[1].consumed, count);
    Trial {
        out: out.texts(),
        pooled: snapshot.actors[1].clone(),
    }
}
