//! Random flows in random orders with random faults: no promise of the engine may break.
//!
//! `SEEDS=10000 cargo test --release -p compysition-core --test simulation` runs more of them, and
//! `FIRST_SEED` begins elsewhere.

use std::collections::HashSet;
use std::time::Duration;

use compysition_core::testing::{Faults, Simulation};
use compysition_core::{
    Actor, BestEffort, Breaker, Context, Director, Error, Event, Held, Limits, Node, Overflow,
    Ports, Result, Retry, Supervision, Tick, TimeSpan, map,
};

/// A sequence of random numbers (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Emits some events and waits for how some of them end.
struct Emit(u64);

impl Actor for Emit {
    async fn start(&mut self, ctx: &Context) -> Result {
        let count = self.0;
        ctx.produce(move |source| async move {
            for number in 0..count {
                let settlement = source.emit("x".repeat(number as usize % 300)).await?;
                if number % 5 == 0 {
                    settlement.await;
                }
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source().sink()
    }
}

/// Asks, several at a time, and waits for the answers.
struct Ask(u64);

impl Actor for Ask {
    async fn start(&mut self, ctx: &Context) -> Result {
        let count = self.0;
        ctx.produce(move |source| async move {
            let mut requests = Vec::new();
            for number in 0..count {
                let request = source.admit(100).await?.ask(None, Event::new("question"));
                if number % 3 == 0 {
                    request.set_deadline(source.context().now() + Duration::from_secs(3));
                }
                requests.push(request);
                if requests.len() == 4 {
                    for request in requests.drain(..) {
                        let _ = tokio::time::timeout(Duration::from_secs(60), request).await;
                    }
                }
            }
            for request in requests {
                let _ = request.await;
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

struct Forward;

impl Actor for Forward {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

/// Changes the event in place, and fails on some.
struct Mark(u64);

impl Actor for Mark {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        if ctx.random() % 8 < self.0 {
            return Err(Error::timeout("no luck").giving_back(event));
        }
        event.set_attribute("marked", true);
        ctx.send(event)
    }
}

/// Makes several of each.
struct Split(u64);

impl Actor for Split {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if event.hops() > 3 {
            return ctx.send(event);
        }
        ctx.send_all((0..self.0).map(|number| Event::new(number.to_string())))
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop()
    }
}

/// Holds events, and sends them united when there are some, when time is up, or when it is told to.
struct Batch {
    size: usize,
    held: Vec<Held>,
    merges: bool,
}

impl Batch {
    fn flush(&mut self, ctx: &Context) -> Result {
        let held = std::mem::take(&mut self.held);
        if self.merges && !held.is_empty() {
            let merged = ctx.merge(held, "merged");
            return match merged.root_id() {
                Some(_) => ctx.send(merged),
                // The time of all of them was over.
                None => Ok(()),
            };
        }
        let events: Vec<Event> = held.into_iter().filter_map(Held::release).collect();
        events.into_iter().try_for_each(|event| ctx.send(event))
    }
}

impl Actor for Batch {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.held.push(ctx.hold_for(event, Duration::from_secs(5))?);
        match self.held.len() < self.size {
            true => {
                ctx.wake_after(Duration::from_secs(4));
                Ok(())
            }
            false => self.flush(ctx),
        }
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        self.flush(ctx)
    }
}

/// Works in the background, and sends a child as well.
struct Background;

impl Actor for Background {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.spawn(event, |event, ctx| async move {
            let lazy = ctx.random() % 1000;
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(lazy)) => {}
                () = ctx.cancelled() => return Err(Error::unavailable("nobody waits")),
            }
            ctx.send("child")?;
            ctx.send(event)
        });
        Ok(())
    }
}

fn add_actor(director: &mut Director, dice: &mut Dice, number: u64) -> Node {
    let name = format!("a{number}");
    let size = 1 + dice.below(6);
    match dice.below(8) {
        0 => director.register(name, Forward),
        1 => director.register(name, || Forward),
        2 => director.register(name, map(|event: Event| event.with("mapped"))),
        3 => director.register(
            name,
            map(|event: Event| {
                (!event.payload().size().is_multiple_of(3)).then(|| event.recovered())
            }),
        ),
        4 => director.register(name, move || Mark(size / 2)),
        5 => director.register(name, move || Split(size * size)),
        6 => {
            let merges = dice.one_in(2);
            director.register(name, move || Batch {
                size: size as usize,
                held: Vec::new(),
                merges,
            })
        }
        _ => director.register(name, || Background),
    }
}

fn set_options(director: &mut Director, dice: &mut Dice, node: Node) {
    if dice.one_in(4) {
        let retry = Retry {
            attempts: 1 + dice.below(4) as u32,
            delay: TimeSpan(Duration::from_millis(dice.below(2_000))),
            keep_order: dice.one_in(2),
            ..Retry::default()
        };
        director.set_retry(node, retry);
    }
    if dice.one_in(5) {
        director.set_timeout(node, Duration::from_millis(1 + dice.below(5_000)));
    }
}

/// Makes the flow of a seed.
fn flow(seed: u64) -> Director {
    let dice = &mut Dice(seed);
    let mut director = Director::new("random");
    director.set_limits(Limits {
        roots: 1 + dice.below(32) as usize,
        bytes: 4_000 << dice.below(6),
        hops: 6,
        live: 2_000,
        held_bytes: 2_000 << dice.below(6),
        ..Limits::default()
    });
    director.set_supervision(Supervision {
        restarts: dice.below(4) as u32,
        ..Supervision::default()
    });
    let mut nodes = Vec::new();
    for number in 0..1 + dice.below(2) {
        let count = dice.below(24);
        nodes.push(match dice.one_in(2) {
            true => director.register(format!("emit{number}"), Emit(count)),
            false => director.register(format!("ask{number}"), Ask(count)),
        });
    }
    let sources = nodes.len();
    let actors = 1 + dice.below(7);
    let mut links = HashSet::new();
    for number in 0..actors {
        let node = add_actor(&mut director, dice, number);
        set_options(&mut director, dice, node);
        let before = nodes[dice.below(nodes.len() as u64) as usize];
        links.insert((before, node));
        director.connect(before, node);
        nodes.push(node);
    }
    let reply = director.reply();
    for _ in 0..dice.below(6) {
        let from = nodes[dice.below(nodes.len() as u64) as usize];
        let to = match dice.one_in(3) {
            true => reply,
            false => nodes[sources + dice.below(actors) as usize],
        };
        if !links.insert((from, to)) {
            continue;
        }
        match dice.one_in(4) && to != reply {
            true => {
                let settings = BestEffort {
                    queue: 1 + dice.below(8) as usize,
                    drop: match dice.one_in(2) {
                        true => Overflow::Oldest,
                        false => Overflow::Newest,
                    },
                    ..BestEffort::default()
                };
                director.connect_best_effort(from, to, settings);
            }
            false => director.connect(from, to),
        }
    }
    let mut failing = HashSet::new();
    for _ in 0..dice.below(4) {
        let from = nodes[dice.below(nodes.len() as u64) as usize];
        if !failing.insert(from) {
            continue;
        }
        let to = match dice.one_in(2) {
            true => reply,
            false => nodes[sources + dice.below(actors) as usize],
        };
        director.connect_error(from, to);
    }
    if dice.one_in(3) {
        director.set_errors(nodes[sources + dice.below(actors) as usize]);
    }
    director
}

fn from_environment(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

#[test]
fn random_flows_keep_all_promises() {
    let first = from_environment("FIRST_SEED", 0);
    let count = from_environment("SEEDS", 2_000);
    let mut admitted = 0;
    for seed in first..first + count {
        let faults = match seed % 3 {
            0 => Faults::default(),
            _ => Faults::some(),
        };
        let snapshot = Simulation::seed(seed).faults(faults).run(|| flow(seed));
        admitted += snapshot.admitted;
    }
    assert!(admitted > count, "the flows did something");
}

#[test]
fn a_seed_replays_exactly() {
    for seed in 0..30 {
        let run = || {
            Simulation::seed(seed)
                .faults(Faults::some())
                .run(|| flow(seed))
        };
        assert_eq!(
            format!("{:?}", run()),
            format!("{:?}", run()),
            "seed {seed}"
        );
    }
}

#[test]
#[should_panic(expected = "seed 3 shows it again")]
fn a_broken_promise_tells_its_seed() {
    /// Waits for what never comes.
    struct Stuck;
    impl Actor for Stuck {
        async fn consume(&mut self, _: Event, _: &Context) -> Result {
            std::future::pending().await
        }
    }
    Simulation::seed(3).run(|| {
        let mut director = Director::new("stuck");
        let emit = director.register("emit", Emit(3));
        let stuck = director.register("stuck", Stuck);
        director.connect(emit, stuck);
        director.set_breaker(stuck, Breaker::default());
        director
    });
}
