//! What is said of a flow's guarantees: the order against what random flows do, the rest against small flows.

// A test may panic; clippy knows tests only by their attribute.
#![allow(clippy::unwrap_used)]

#[path = "../replies/dice.rs"]
mod dice;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use compysition_core::testing::{Faults, Simulation};
use compysition_core::{
    Actor, Context, Director, Error, Event, Node, Pool, Ports, Result, Retry, TimeSpan, map,
};
use compysition_proof::{Bound, Fate, Guarantees, Order, Passes};
use dice::Dice;

/// Makes numbered events, with its own number before each.
struct Emit(usize);

impl Actor for Emit {
    async fn start(&mut self, ctx: &Context) -> Result {
        let own = self.0;
        ctx.produce(move |source| async move {
            for number in 0..40 {
                drop(source.emit(format!("{own} {number}")).await?);
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

/// Takes its time, and sends to all or to one.
struct Step {
    chooses: bool,
    fails: bool,
}

impl Actor for Step {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        tokio::time::sleep(Duration::from_millis(ctx.random() % 20)).await;
        if self.fails && ctx.random().is_multiple_of(4) {
            return Err(Error::unavailable("no luck"));
        }
        let outboxes: Vec<String> = ctx.outboxes().map(str::to_owned).collect();
        match self.chooses && !outboxes.is_empty() {
            true => ctx.send_to(&outboxes[ctx.random() as usize % outboxes.len()], event),
            false => ctx.send(event),
        }
    }

    fn ports(&self) -> Ports {
        match self.chooses {
            true => Ports::any().chooses(),
            false => Ports::any(),
        }
    }
}

/// What came to each end, from which source, and its number.
type Came = Arc<Mutex<Vec<(usize, usize, usize)>>>;

/// Notes what comes.
struct End(usize, Came);

impl Actor for End {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        let text = event.text()?.to_owned();
        let mut numbers = text.split(' ').filter_map(|number| number.parse().ok());
        let (source, number) = (numbers.next().unwrap(), numbers.next().unwrap());
        self.1.lock().unwrap().push((self.0, source, number));
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

fn flow(seed: u64, came: &Came) -> Director {
    let dice = &mut Dice(seed);
    let mut director = Director::new("random");
    let mut nodes: Vec<Node> = Vec::new();
    let sources = 1 + dice.below(2) as usize;
    for source in 0..sources {
        nodes.push(director.register(format!("source{source}"), Emit(source)));
    }
    let mut links = HashSet::new();
    for number in sources..sources + 1 + dice.below(5) as usize {
        let (chooses, fails) = (dice.one_in(3), dice.one_in(3));
        let node = director.register(format!("a{number}"), move || Step { chooses, fails });
        match dice.below(8) {
            0 => director.set_pool(node, Pool::of(3)),
            1 => director.set_pool(node, Pool::of(3).in_order()),
            2 => director.set_pool(node, Pool::of(3).by_key(|_: &Event, _| Ok(1))),
            3 | 4 => director.set_retry(
                node,
                Retry {
                    delay: TimeSpan(Duration::from_millis(30)),
                    keep_order: dice.one_in(2),
                    ..Retry::default()
                },
            ),
            _ => {}
        }
        let before = nodes[dice.below(nodes.len() as u64) as usize];
        links.insert((before, node));
        director.connect(before, node);
        nodes.push(node);
    }
    let steps = nodes.len();
    for _ in 0..dice.below(3) {
        let (from, to) = (
            dice.below(steps as u64) as usize,
            dice.below(steps as u64) as usize,
        );
        // Only forwards, as no order is promised round a cycle.
        if from < to && to >= sources && links.insert((nodes[from], nodes[to])) {
            director.connect(nodes[from], nodes[to]);
        }
    }
    for _ in 0..1 + dice.below(2) {
        let number = director.wiring().actors.len();
        let end = director.register(format!("end{number}"), End(number, came.clone()));
        director.connect(nodes[dice.below(steps as u64) as usize], end);
    }
    director
}

#[test]
fn where_order_is_said_to_be_kept_random_flows_keep_it() {
    let mut compared: BTreeMap<(Order, bool), u64> = BTreeMap::new();
    for seed in 0..250 {
        let came = Came::default();
        let director = flow(seed, &came);
        if director.check().is_err() {
            continue;
        }
        let guarantees = Guarantees::of(&director.wiring());
        let faults = Faults {
            delays: 0.05,
            ..Faults::default()
        };
        Simulation::seed(seed).faults(faults).run(|| director);
        let came = came.lock().unwrap();
        for route in &guarantees.routes {
            let here = came
                .iter()
                .filter(|came| (came.0, came.1) == (route.end, route.source));
            let numbers: Vec<usize> = here.map(|came| came.2).collect();
            let is_kept = numbers.is_sorted();
            // All events have the same key.
            let is_promised = matches!(route.order, Order::Kept | Order::ByKey);
            assert!(
                is_kept || !is_promised,
                "seed {seed}: {route:?}: {numbers:?}"
            );
            *compared.entry((route.order, is_kept)).or_default() += 1;
        }
    }
    println!("{compared:?}");
    // It is not said to be lost for nothing, either.
    let count = |order, is_kept| compared.get(&(order, is_kept)).copied().unwrap_or_default();
    assert!(count(Order::Kept, true) > 40, "{compared:?}");
    assert!(
        count(Order::None, false) > 20 && count(Order::ExceptRetried, false) > 5,
        "{compared:?}"
    );
}

struct Resuming;

impl Actor for Resuming {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source().resumes()
    }
}

struct Holder;

impl Actor for Holder {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().holds()
    }
}

#[test]
fn copies_bounds_and_losses_are_those_of_the_wiring() {
    let mut director = Director::new("small");
    let read = director.register("read", Resuming);
    let emit = director.register("emit", Emit(0));
    let hold = director.register("hold", Holder);
    let (one, two) = (map(|event: Event| event), map(|event: Event| event));
    let (one, two) = (director.register("one", one), director.register("two", two));
    director.connect(read, hold);
    director.connect(emit, hold);
    director.connect(hold, one);
    director.connect_best_effort(hold, two, compysition_core::BestEffort::default());
    director.connect_error(hold, two);

    let wiring = director.wiring();
    let guarantees = Guarantees::of(&wiring);
    let passes: Vec<Passes> = guarantees.links.iter().map(|link| link.passes).collect();
    let (moved, copied) = (Passes::Moved, Passes::Copied);
    assert_eq!(passes, [moved, moved, copied, copied, moved]);
    let share = wiring.limits.roots / 2;
    let is_share = |bound: &&Bound| matches!(bound, Bound::Source { events, waiting: None, .. } if *events == share);
    assert_eq!(guarantees.bounds.iter().filter(is_share).count(), 2);
    let losses = &guarantees.losses;
    let fates: Vec<Fate> = losses.killed.iter().map(|killed| killed.fate).collect();
    assert_eq!(fates, [Fate::ReadAgain, Fate::Gone]);
    assert_eq!(losses.holders, [2]);
    assert_eq!(losses.unconnected, [0, 1, 3, 4]);
    let told = guarantees.tell(&wiring);
    let lines: Vec<&String> = told.iter().flat_map(|section| &section.lines).collect();
    let says = |text: &str| lines.iter().any(|line| line.contains(text));
    assert!(
        says(
            "`emit` to `two`: order is kept, but what `hold` holds may be passed by others; a best-effort link may drop some"
        ),
        "{lines:#?}"
    );
    assert!(
        says("the events of `read` that are under way: they come again"),
        "{lines:#?}"
    );
}

#[test]
fn what_the_dead_letters_fail_with_is_not_kept_in_them() {
    let mut director = Director::new("kept");
    let emit = director.register("emit", Emit(0));
    let letters = director.register("letters", Holder);
    director.connect(emit, letters);
    director.set_dead_letters(letters);
    let wiring = director.wiring();
    let guarantees = Guarantees::of(&wiring);
    assert_eq!(guarantees.losses.unconnected, [0]);
    let told = guarantees.tell(&wiring);
    let mut lines = told.iter().flat_map(|section| &section.lines);
    assert!(lines.any(|line| line.starts_with("what the dead letters cannot write is lost")));
}

/// Lets requests in, to some of which it answers itself.
struct Intake;

impl Actor for Intake {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any()
            .door()
            .outboxes(["ask", "tell"])
            .unasked("tell")
    }
}

#[test]
fn what_was_accepted_without_waiting_is_gone_at_a_kill() {
    let mut director = Director::new("small");
    let intake = director.register("intake", Intake);
    let reply = director.reply();
    director.connect((intake, "ask"), reply);
    director.connect((intake, "tell"), reply);
    let losses = Guarantees::of(&director.wiring()).losses;
    assert_eq!(losses.killed[0].fate, Fate::AcceptedGone);
}
