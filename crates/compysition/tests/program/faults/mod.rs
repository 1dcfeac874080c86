//! Flows in several processes under load, while processes are killed, and connections are reset, or swallow what goes over them.

mod executor;
mod proxy;
mod requests;
mod streams;

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Files, Process};
use proxy::{Fate, Proxy};

/// How many faults a test makes; `FAULTS=200` tries longer.
fn faults(by_default: usize) -> usize {
    let faults = std::env::var("FAULTS").ok();
    faults
        .and_then(|faults| faults.parse().ok())
        .unwrap_or(by_default)
}

/// How silent a line may be in these tests, so that they take no hours.
const BOUNDS: &str = "heartbeat: 100ms, lost_after: 1s";

/// Longer than a line may be silent, and than a process is waited for.
const BROKEN: Duration = Duration::from_millis(700);
const LOST: Duration = Duration::from_millis(2500);

/// Returns an address that nobody else takes: all of 127 is this machine.
fn own_address() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Relaxed);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    format!("127.{}.{high}.{low}:7178", 100 + number % 150)
}

/// A sequence that a seed makes: what it chooses can be had again with `SEED`.
struct Chance(u64);

impl Chance {
    fn new() -> Chance {
        let seed = std::env::var("SEED")
            .ok()
            .and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one("faults"));
        println!("SEED={seed}");
        Chance(seed)
    }

    /// Returns a number below a bound (SplitMix64; Steele, Lea and Flood, 2014).
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as usize % bound
    }
}

/// Lets time pass, of which the fault or the load consists.
fn pause(time: Duration) {
    let until = Instant::now() + time;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        thread::park_timeout(left);
    }
}

/// One of the processes of a flow.
struct Node {
    flow: PathBuf,
    args: Vec<String>,
    process: Process,
}

impl Node {
    fn start(flow: PathBuf, node: &str, replica: usize, settings: &[(&str, String)]) -> Node {
        let mut args = vec![format!("--node={node}"), format!("--replica={replica}")];
        args.extend(
            settings
                .iter()
                .map(|(name, value)| format!("--set={name}={value}")),
        );
        let process = run(&flow, &args);
        Node {
            flow,
            args,
            process,
        }
    }

    /// Kills it, without a word to anybody, and starts it again.
    fn kill(&mut self) {
        self.process.kill();
        self.process = run(&self.flow, &self.args);
    }

    fn stop_all<const N: usize>(nodes: [Node; N]) {
        nodes.iter().for_each(|node| node.process.terminate());
        for node in nodes {
            let ended = node.process.ended();
            assert_eq!(ended.code, Some(0), "{ended:#?}");
        }
    }
}

fn run(flow: &std::path::Path, args: &[String]) -> Process {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    Process::run(flow, &args)
}

/// What happens to the connections of a process; the last is found out only with keys.
const HARMS: usize = 8;
const HARMS_WITH_KEYS: usize = HARMS + 1;

/// Does one of the things that happen to connections, and returns what.
fn harm(proxy: &Proxy, which: usize) -> &'static str {
    let (there, back, time, name) = match which {
        0 => {
            proxy.reset();
            return "reset";
        }
        1 => (
            Fate::Swallow,
            Fate::Pass,
            BROKEN,
            "half open: nothing goes there",
        ),
        2 => (
            Fate::Pass,
            Fate::Swallow,
            BROKEN,
            "half open: nothing comes back",
        ),
        3 => (
            Fate::Swallow,
            Fate::Swallow,
            BROKEN,
            "nothing goes either way",
        ),
        4 => (
            Fate::Swallow,
            Fate::Pass,
            LOST,
            "nothing goes there for long",
        ),
        5 => (Fate::Hold, Fate::Pass, BROKEN, "what goes there comes late"),
        6 => (Fate::Hold, Fate::Hold, LOST, "all comes very late"),
        7 => {
            // Nobody ever says that it is broken.
            proxy.harm(Fate::Swallow, Fate::Swallow);
            return "swallowed for ever";
        }
        _ => {
            // No connection does that, but somebody in between might.
            proxy.harm(Fate::Swallow, Fate::Pass);
            pause(BROKEN / 3);
            proxy.harm(Fate::Pass, Fate::Pass);
            return "some is left out";
        }
    };
    proxy.harm(there, back);
    pause(time);
    match there == Fate::Hold {
        true => proxy.harm(Fate::Pass, Fate::Pass),
        false => proxy.reset(),
    }
    name
}

/// How often each thing happened.
#[derive(Default)]
struct Tally(std::collections::BTreeMap<&'static str, usize>);

impl Tally {
    fn add(&mut self, name: &'static str) {
        *self.0.entry(name).or_default() += 1;
    }
}

impl Files {
    fn flow(&self, text: &str) -> PathBuf {
        self.write("flow.yaml", text)
    }
}
