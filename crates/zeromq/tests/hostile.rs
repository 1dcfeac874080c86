//! Hostile peers on every port that listens. A program of its own, since it looks at its memory.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod wire;

use std::fs;
use std::time::Duration;

use compysition_core::Actor;
use compysition_zeromq::socket::KeyPair;
use compysition_zeromq::{Bound, MdpBroker, ZmqPull, ZmqRep, ZmqRouter};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use wire::{greeting, ready, settings, start};

/// How many inputs each port gets.
const INPUTS: usize = 6_000;

/// How many come at the same time.
const AT_ONCE: usize = 48;

/// How much memory a port may need beside what it had after the first tenth.
const ROOM: usize = 48 << 20;

/// Numbers that look like random ones, the same in each run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

/// Returns the memory that the process has now, in bytes.
fn memory() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages = pages.split(' ').nth(1).unwrap();
    4096 * pages.parse::<usize>().unwrap()
}

/// What the pieces of inputs are: right ones, and some that are wrong in a clever way.
fn words(kind: &str) -> Vec<Vec<u8>> {
    let long = |flags: u8, length: u64| [&[flags][..], &length.to_be_bytes()].concat();
    vec![
        [greeting(3, "NULL"), ready(kind)].concat(),
        [greeting(3, "NULL"), ready(kind)].concat(),
        greeting(3, "NULL"),
        greeting(3, "CURVE"),
        greeting(3, "PLAIN"),
        greeting(2, "NULL"),
        greeting(9, "NULL"),
        ready(kind),
        ready("NONSENSE"),
        b"\x00\x05hello".to_vec(),
        b"\x01\x00\x01\x06MDPC01\x01\x04echo\x00\x02hi".to_vec(),
        b"\x01\x00\x01\x06MDPW01\x01\x01\x01\x00\x04echo".to_vec(),
        b"\x01\x06MDPW02\x01\x01\x03\x01\x00\x01\x00\x00\x01x".to_vec(),
        b"\x01\x00".to_vec(),
        b"\x01\x00\x01\x00\x01\x00\x01\x00".to_vec(),
        b"\x04\x05\x04PING".to_vec(),
        b"\x04\x07\x05ERROR\xff".to_vec(),
        [&b"\x04\xc8\x05HELLO"[..], &[7; 194]].concat(),
        long(2, u64::MAX),
        long(2, 1 << 62),
        long(6, 1 << 40),
        long(3, 1 << 19),
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        vec![0xff; 64],
        vec![0; 300],
    ]
}

fn input(dice: &mut Dice, words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=dice.roll(4) {
        bytes.extend_from_slice(&words[dice.roll(words.len())]);
    }
    if dice.roll(2) == 0 {
        let at = dice.roll(bytes.len());
        bytes[at] = dice.roll(256) as u8;
    }
    if dice.roll(4) == 0 {
        bytes.truncate(dice.roll(bytes.len()));
    }
    bytes
}

/// Says one thing, and waits until the connection is closed, or goes at once.
async fn say(address: String, input: Vec<u8>, stays: bool) {
    // With so many connections one may be refused for a moment; that is what the port is to do.
    let Ok(mut stream) = TcpStream::connect(&address).await else {
        return;
    };
    let _ = stream.write_all(&input).await;
    if stays {
        let _ = stream.shutdown().await;
        let mut answered = Vec::new();
        let closed = timeout(Duration::from_secs(60), stream.read_to_end(&mut answered)).await;
        assert!(
            closed.is_ok(),
            "the connection stays open after {}",
            input.escape_ascii()
        );
    }
}

fn attack(actor: impl Actor, bound: Bound, kind: &str) {
    let runtime = Runtime::new().unwrap();
    let (flow, address) = start(&runtime, actor, bound);
    let words = words(kind);
    let mut dice = Dice(7);
    let mut before = 0;
    for round in 0..INPUTS / AT_ONCE {
        let peers = (0..AT_ONCE).map(|_| {
            let input = input(&mut dice, &words);
            runtime.spawn(say(address.clone(), input, dice.roll(3) > 0))
        });
        for peer in peers.collect::<Vec<_>>() {
            runtime.block_on(peer).unwrap();
        }
        if round == INPUTS / AT_ONCE / 10 {
            before = memory();
        }
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < ROOM, "{} MiB more", grown >> 20);
    let snapshot = flow.snapshot();
    let restarts: u64 = snapshot.actors.iter().map(|actor| actor.restarts).sum();
    assert_eq!(restarts, 0, "something has panicked");
    runtime.block_on(flow.stop());
}

#[test]
fn every_port_outlives_hostile_peers() {
    let actor: ZmqPull = serde_json::from_value(settings(json!({}))).unwrap();
    let bound = actor.bound();
    attack(actor, bound, "PUSH");
    let actor: ZmqRep = serde_json::from_value(settings(json!({ "codec": "json" }))).unwrap();
    let bound = actor.bound();
    attack(actor, bound, "REQ");
    let actor: ZmqRouter = serde_json::from_value(settings(json!({ "multipart": true }))).unwrap();
    let bound = actor.bound();
    attack(actor, bound, "DEALER");
    let actor: MdpBroker = serde_json::from_value(settings(json!({ "timeout": "1s" }))).unwrap();
    let bound = actor.bound();
    attack(actor, bound, "DEALER");
    let directory = std::env::temp_dir().join(format!("zmq-hostile-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let [_, key] = KeyPair::generate().write(&directory, "server").unwrap();
    let curve = json!({ "curve": { "key": key, "clients": "any" } });
    let actor: ZmqPull = serde_json::from_value(settings(curve)).unwrap();
    let bound = actor.bound();
    attack(actor, bound, "PUSH");
    fs::remove_dir_all(directory).unwrap();
}
