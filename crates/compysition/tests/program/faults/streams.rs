//! Every event of a stream is delivered or in an error outbox, and comes twice only where it may.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::proxy::Proxy;
use super::{BOUNDS, Chance, HARMS, Node, Tally, faults, harm, own_address, pause};
use crate::support::{Files, await_that};

/// How many events may be under way.
const EVENTS: usize = 64;

fn flow() -> String {
    format!(
        "
name: stream
settings: {{ front: , sink: }}
limits: {{ events: {EVENTS}, {BOUNDS} }}
dead_letters: dead.jsonl
actors:
  lines:  {{ file_in: {{ path: in.txt, mode: tail, poll: 20ms, checkpoint: state.json, checkpoint_every: 20ms }} }}
  work:   {{ set: {{ payload: '{{{{ payload }}}} done' }} }}
  out:    {{ file_out: {{ path: out.txt }} }}
  failed: {{ file_out: {{ path: failed.txt }} }}
connect:
  - lines -> work -> out
  - lines.error, work.error, out.error -> failed
nodes: {{ front: '${{front}}', work: {{ replicas: 2 }}, sink: '${{sink}}' }}
place: {{ front: [lines, failed], work: [work], sink: [out] }}
"
    )
}

/// Returns how often each number is in a file; one that was torn off is none.
fn counts(path: &Path) -> HashMap<u64, usize> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut counts = HashMap::new();
    for part in text.split("line ").skip(1) {
        if let Some(Ok(number)) = part.split_once('.').map(|(number, _)| number.parse()) {
            *counts.entry(number).or_default() += 1;
        }
    }
    counts
}

/// Returns how many lines had settled when the last checkpoint was written.
fn settled(directory: &Path) -> u64 {
    let state = fs::read(directory.join("state.json")).unwrap_or_default();
    let state: Value = serde_json::from_slice(&state).unwrap_or_default();
    let offset = state["files"][0]["offset"].as_u64().unwrap_or_default() as usize;
    let text = fs::read(directory.join("in.txt")).unwrap();
    text[..offset].iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Makes faults while lines are copied by way of other processes.
fn holds(with_front: bool) {
    let began = Instant::now();
    let files = Files::new();
    let flow = files.flow(&flow());
    let input = files.write("in.txt", "");
    let [front, sink] = [(); 2].map(|()| own_address());
    let settings =
        |front: &str, sink: &str| [("front", front.to_owned()), ("sink", sink.to_owned())];
    let direct = settings(&format!("tcp://{front}"), &format!("tcp://{sink}"));
    let to_front = Proxy::before(&front);
    let to_sink = Proxy::before(&sink);
    let through = settings(&to_front.address(), &to_sink.address());
    let mut nodes = [
        Node::start(flow.clone(), "front", 1, &direct),
        Node::start(flow.clone(), "work", 1, &through),
        Node::start(flow.clone(), "work", 2, &through),
        Node::start(flow.clone(), "sink", 1, &direct),
    ];
    let (is_over, written) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut tally = Tally::default();
    // What may come twice: what had not settled in order when the source was killed.
    let mut repeated = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut input = OpenOptions::new().append(true).open(&input).unwrap();
            while !is_over.load(SeqCst) {
                for _ in 0..4 {
                    let number = written.load(SeqCst);
                    writeln!(input, "line {number}.").unwrap();
                    written.store(number + 1, SeqCst);
                }
                pause(Duration::from_millis(4));
            }
        });
        let mut chance = Chance::new();
        let out = || fs::metadata(files.path().join("out.txt")).map_or(0, |out| out.len());
        for _ in 0..faults(6) {
            let before = out();
            await_that("lines", || out() > before);
            tally.add(match chance.below(HARMS + 4) {
                0 if with_front => {
                    let first = settled(files.path());
                    nodes[0].kill();
                    repeated.push(first..written.load(SeqCst));
                    "the front is killed"
                }
                0 => continue,
                1 => {
                    nodes[3].kill();
                    "the sink is killed"
                }
                2 | 3 => {
                    nodes[1 + chance.below(2)].kill();
                    "a worker is killed"
                }
                other => harm([&to_front, &to_sink][chance.below(2)], other - 4),
            });
        }
        is_over.store(true, SeqCst);
    });
    let path = |name: &str| files.path().join(name);
    let until = Instant::now() + crate::support::DEADLINE;
    let all = written.load(SeqCst);
    let (failed, dead) = loop {
        let (out, failed, dead) = (
            counts(&path("out.txt")),
            counts(&path("failed.txt")),
            counts(&path("dead.jsonl")),
        );
        let is_known = |number: &u64| {
            [&out, &failed, &dead]
                .iter()
                .any(|some| some.contains_key(number))
        };
        let missing: Vec<u64> = (0..all).filter(|number| !is_known(number)).collect();
        if missing.is_empty() {
            break (failed, dead);
        }
        assert!(
            Instant::now() < until,
            "{} of {all} are missing: {missing:?}",
            missing.len()
        );
        pause(Duration::from_millis(20));
    };
    Node::stop_all(nodes);
    let out = counts(&path("out.txt"));
    let twice: usize = out.values().map(|count| count - 1).sum();
    let is_failed = |number: &&u64| failed.contains_key(number) || dead.contains_key(number);
    let both = out.keys().filter(is_failed).count();
    println!(
        "{} faults in {:.1?}: {:?}; {all} lines, {} delivered, {} in the error outbox, {} dead letters; {twice} \
         delivered twice, {both} delivered though they failed",
        tally.0.values().sum::<usize>(),
        began.elapsed(),
        tally.0,
        out.len(),
        failed.len(),
        dead.len(),
    );
    for (number, count) in out {
        let may = repeated.iter().filter(|range| range.contains(&number));
        assert!(count <= 1 + may.count(), "line {number} came {count} times");
    }
}

#[test]
fn a_stream_loses_nothing_and_repeats_nothing_whatever_breaks_behind_its_source() {
    holds(false);
}

#[test]
fn a_stream_whose_source_is_killed_repeats_what_was_under_way() {
    holds(true);
}
