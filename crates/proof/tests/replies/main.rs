//! What is said of a flow's replies, against what random flows do.
//!
//! `GRAPHS=10000 cargo test --release -p compysition-proof --test replies` looks at more of them, and `FIRST_GRAPH` begins
//! elsewhere.

// A test may panic; clippy knows tests only by their attribute.
#![allow(clippy::unwrap_used)]

mod cast;
mod dice;
mod plan;

use std::sync::Arc;

use cast::{End, Ends, Path};
use compysition_core::testing::Simulation;
use compysition_proof::{Finding, Replies, Step};
use plan::Plan;

fn from_environment(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

/// Runs a flow whose actors do as they like, and returns how its requests ended.
fn run_free(plan: &Plan, seed: u64) -> Vec<(usize, End)> {
    let ends = Ends::default();
    Simulation::seed(seed).run(|| plan.build(None, &ends));
    let ends = ends.lock().unwrap();
    ends.clone()
}

/// Runs a flow along a path, and returns how the one request ended.
fn run_along(plan: &Plan, door: usize, finding: &Finding, others: &[Step]) -> End {
    let ends = Ends::default();
    let path = Arc::new(Path::of(finding, others));
    Simulation::seed(1).run(|| plan.build(Some((door, path.clone())), &ends));
    let ends = ends.lock().unwrap();
    assert_eq!(ends.len(), 1);
    ends[0].1
}

#[test]
fn what_is_said_of_replies_is_what_random_flows_do() {
    let first = from_environment("FIRST_GRAPH", 0);
    let wanted = from_environment("GRAPHS", 600);
    let (mut answered, mut silent, mut failed, mut circles, mut graphs) = (0, 0, 0, 0, 0);
    let mut seed = first;
    while graphs < wanted {
        seed += 1;
        let plan = Plan::of(seed);
        let director = plan.build(None, &Ends::default());
        if director.check().is_err() {
            continue;
        }
        graphs += 1;
        let replies = Replies::of(&director.wiring());
        assert_eq!(replies.doors.len(), plan.doors);
        if replies.doors.iter().any(|door| door.is_answered) {
            for run in 0..6 {
                for (door, end) in run_free(&plan, run) {
                    let is_right = !replies.doors[door].is_answered || end == End::Answered;
                    assert!(
                        is_right,
                        "graph {seed}, run {run}: door {door} {end:?}\n{plan:?}"
                    );
                }
            }
        }
        for door in &replies.doors {
            answered += u64::from(door.is_answered);
            circles += u64::from(door.circles.is_some());
            for finding in &door.silent {
                silent += 1;
                let end = run_along(&plan, door.door, finding, &door.to_silence);
                assert_eq!(end, End::Silent, "graph {seed}: {finding:?}\n{plan:?}");
            }
            for finding in door.failed.iter().chain(&door.circles) {
                failed += 1;
                let end = run_along(&plan, door.door, finding, &door.to_doubt);
                assert_ne!(end, End::Answered, "graph {seed}: {finding:?}\n{plan:?}");
            }
        }
    }
    println!(
        "{graphs} graphs: {answered} doors answered, {circles} circles, {silent} silent ends, {failed} failed ends"
    );
    // Else little was compared.
    assert!(answered > wanted / 10 && silent > wanted / 10 && failed > wanted / 10);
}
