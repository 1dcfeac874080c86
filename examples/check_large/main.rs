//! Says how long it takes to check a flow of 1,000 actors and 5,000 links.
//!
//! Run it with `cargo run --release --example check_large --features cli`.

use std::fmt::Write;
use std::time::{Duration, Instant};

use compysition::flow::Loader;

const ACTORS: usize = 1000;
const LINKS_EACH: usize = 5;
const ROUNDS: usize = 20;

/// Writes a flow in which every actor leads to the next ones, and the last ones to the first.
fn flow() -> String {
    let mut text = "actors:\n".to_owned();
    for index in 0..ACTORS {
        let kind = match index % 4 {
            0 => "event_generator: { interval: 1s, data: \"number {{ id }}\" }",
            1 => "set: { attributes.total: \"{{ payload.count * payload.price }}\" }",
            2 => "filter: { condition: payload.total > 10 and attributes.region == 'eu' }",
            _ => "stdout: { prefix: \"> \" }",
        };
        // A text that takes whatever it is given never fails.
        let _ = writeln!(text, "  actor_{index}: {{ {kind} }}");
    }
    text += "connect:\n";
    for index in 0..ACTORS {
        let next = |step: usize| format!("actor_{}", (index + step) % ACTORS);
        let targets: Vec<String> = (1..=LINKS_EACH).map(next).collect();
        let _ = writeln!(text, "  - actor_{index} -> {}", targets.join(", "));
    }
    text
}

fn main() -> Result<(), compysition::flow::Diagnostics> {
    let text = flow();
    let loader = Loader::new(compysition::registry());
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        loader.load_text("large.yaml", &text)?;
        times.push(begun.elapsed());
    }
    times.sort();
    let (best, median) = (times[0], times[ROUNDS / 2]);
    println!(
        "checked {ACTORS} actors and {} links in {median:.1?} (median of {ROUNDS}; best {best:.1?})",
        ACTORS * LINKS_EACH
    );
    Ok(())
}
