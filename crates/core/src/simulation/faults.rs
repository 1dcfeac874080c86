//! What goes wrong.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::Error;

/// How likely it is, from 0 to 1, that something goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// That an actor takes its time for an event: up to ten seconds.
    pub delays: f64,
    /// That an actor fails on an event, as unavailable.
    pub errors: f64,
    /// That an actor panics on an event.
    pub panics: f64,
    /// That the client of a request goes away before it is answered.
    pub leaves: f64,
    /// That the flow is stopped at some moment, instead of when its sources have ended.
    pub stop: f64,
}

impl Faults {
    /// A few of each.
    pub fn some() -> Faults {
        Faults {
            delays: 0.02,
            errors: 0.02,
            panics: 0.01,
            leaves: 0.05,
            stop: 0.3,
        }
    }
}

/// What goes wrong in a running simulation.
pub(crate) struct Trouble {
    faults: Faults,
    dice: Dice,
    /// Roots that settled more than once.
    pub(crate) settled_again: AtomicU64,
}

/// What befalls an actor with an event.
pub(crate) enum Blow {
    Delay(Duration),
    Error(Error),
    Panic,
}

impl Trouble {
    pub(super) fn new(faults: Faults, seed: u64) -> Trouble {
        Trouble {
            faults,
            dice: Dice::of(seed),
            settled_again: AtomicU64::new(0),
        }
    }

    /// Says what befalls an actor with the next event.
    pub(crate) fn blow(&self) -> Option<Blow> {
        let faults = &self.faults;
        let mut at = self.dice.fraction();
        for (chance, blow) in [
            (
                faults.delays,
                Blow::Delay(Duration::from_millis(self.dice.below(10_000))),
            ),
            (
                faults.errors,
                Blow::Error(Error::unavailable("a fault of the simulation")),
            ),
            (faults.panics, Blow::Panic),
        ] {
            if at < chance {
                return Some(blow);
            }
            at -= chance;
        }
        None
    }

    /// Says when the client of a request goes away, if it does.
    pub(crate) fn leaves_after(&self) -> Option<Duration> {
        let leaves = self.dice.fraction() < self.faults.leaves;
        leaves.then(|| Duration::from_millis(self.dice.below(5_000)))
    }
}

/// A sequence of random numbers: SplitMix64 (Steele, Lea and Flood, 2014).
pub(super) struct Dice(AtomicU64);

impl Dice {
    pub(super) fn of(seed: u64) -> Dice {
        Dice(AtomicU64::new(seed))
    }

    pub(super) fn next(&self) -> u64 {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let n = self.0.fetch_add(GOLDEN, Relaxed).wrapping_add(GOLDEN);
        let z = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(super) fn fraction(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
