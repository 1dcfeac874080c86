//! Measures the engine: what it costs to carry real events from actor to actor, against its peers.
//!
//! `engine [--rounds 7] [--events 200000] [--only forward|mutate|fan] [--contender NAME]`. In each round all contenders run one after the
//! other, so that a machine that is slow for a while is slow for all; what counts is the median of the
//! rounds' ratios. The cost of a hop is (cost over 10 steps - cost over 1 step) / 9.

mod case;
mod peers;
mod report;
mod run;

use benches::{argument, cores, pin};
use case::{Case, Shape, Work};
use report::Report;

const CHAINS: [Shape; 3] = [Shape::Chain(1), Shape::Chain(3), Shape::Chain(10)];

fn main() {
    let rounds: usize = argument("rounds", 7);
    let events: u64 = argument("events", 200_000);
    let only: String = argument("only", String::new());
    let all = cores();

    println!(
        "engine: {rounds} rounds of {events} events of 100 bytes; compared with `{}`",
        peers::REFERENCE
    );
    // The first core serves most interrupts.
    let sets = [&all[all.len() - 1..], &all[all.len().saturating_sub(2)..]];
    for set in sets {
        pin(set);
        let cores = set.len();
        let case = |shape, work| Case {
            shape,
            work,
            events,
            cores,
        };
        let forward = CHAINS.map(|shape| case(shape, Work::Forward));
        let mutate = CHAINS.map(|shape| case(shape, Work::Mutate));
        let fans = [Shape::FanOut, Shape::FanIn].map(|shape| case(shape, Work::Forward));
        if "forward".contains(&only) {
            measure(&forward, rounds)
                .print_chains(&format!("Chains of forwarding actors, {cores} core(s)"));
        }
        if "mutate".contains(&only) {
            measure(&mutate, rounds).print_chains(&format!(
                "Chains of actors that set an attribute, {cores} core(s)"
            ));
        }
        if "fan".contains(&only) {
            measure(&fans, rounds).print_fans(&format!("Fans of {}, {cores} core(s)", case::FAN));
        }
    }
}

fn measure(cases: &[Case], rounds: usize) -> Report {
    let mut report = Report::new(cases);
    // The first round warms caches and allocator up and does not count.
    for round in 0..=rounds {
        for case in cases {
            for contender in peers::CONTENDERS {
                if !(contender.takes)(case) || !chosen(contender.name) {
                    continue;
                }
                let span = run::measure(case, contender);
                if round > 0 {
                    report.add(contender.name, case, span);
                }
            }
        }
    }
    report
}

/// Tells whether a contender was asked for; without `--contender` all are.
fn chosen(name: &str) -> bool {
    name.contains(&argument("contender", String::new()))
}
