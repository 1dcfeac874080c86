//! Random flows in random orders with random faults: no promise of the engine may break.
//!
//! `SEEDS=10000 cargo test --release -p compysition-core --test simulation` runs more of them, and
//! `FIRST_SEED` begins elsewhere.

mod cast;
mod graph;

use std::sync::atomic::Ordering::Relaxed;

use cast::{COMPLETE_TOO_EARLY, Emit};
use compysition_core::testing::{Faults, Simulation};
use compysition_core::{Actor, Breaker, Context, Director, Event, Result};
use graph::flow;

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
        assert!(!COMPLETE_TOO_EARLY.load(Relaxed), "seed {seed}");
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
