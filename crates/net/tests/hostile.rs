//! Hostile clients, over real sockets. A program of its own, since it looks at its memory.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use compysition_core::testing::Dice;
use compysition_core::{Actor, Context, Director, Event, Flow, Ports, Result, map};
use compysition_net::{Bound, TcpIn, UdpIn};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// How many inputs there are in all, and on each connection.
const INPUTS: usize = 100_000;
const ON_ONE: usize = 100;

/// Puts one to three words together, one byte of which is another.
fn pieces(dice: &mut Dice, words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=dice.roll(3) {
        bytes.extend_from_slice(words[dice.roll(words.len())]);
    }
    if dice.roll(2) == 0 && !bytes.is_empty() {
        let at = dice.roll(bytes.len());
        bytes[at] = dice.roll(256) as u8;
    }
    bytes
}

/// Ends what it gets.
struct End;

impl Actor for End {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

fn settings(more: Value) -> Value {
    let mut settings = json!({ "address": "127.0.0.1:0" });
    let all = settings.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    settings
}

/// Starts an actor whose events are answered with themselves, if it is a door.
fn start(runtime: &Runtime, actor: impl Actor, bound: Bound, is_door: bool) -> (Flow, SocketAddr) {
    let mut director = Director::new("hostile");
    let source = director.register("in", actor);
    let end = director.register("end", End);
    if is_door {
        let echo = director.register("echo", map(|event: Event| Ok(event)));
        director.connect(source, echo);
        director.connect(echo, source);
    } else {
        director.connect(source, end);
    }
    director.connect_error(source, end);
    let flow = runtime.block_on(director.start()).unwrap();
    (flow, bound.get().unwrap())
}

/// Returns the memory that the process has now, in bytes.
fn memory() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages = pages.split(' ').nth(1).unwrap();
    4096 * pages.parse::<usize>().unwrap()
}

/// Says things to a `tcp_in`, and calls `check` with what was said and answered on each connection.
fn tcp(more: Value, words: &[&[u8]], inputs: usize, check: impl Fn(&[u8], &[u8])) {
    let is_door = more["answer"] == true;
    let actor: TcpIn = serde_json::from_value(settings(more)).unwrap();
    let bound = actor.bound();
    let runtime = Runtime::new().unwrap();
    let (flow, address) = start(&runtime, actor, bound, is_door);
    let mut dice = Dice::new(7);
    let mut before = 0;
    for connection in 0..inputs / ON_ONE {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let mut said = Vec::new();
        for _ in 0..ON_ONE {
            let input = pieces(&mut dice, words);
            // It may have been closed for what was said before.
            let _ = stream.write_all(&input);
            said.extend(input);
        }
        if dice.roll(10) == 0 {
            continue;
        }
        let _ = stream.shutdown(Shutdown::Write);
        let mut answered = Vec::new();
        if stream.read_to_end(&mut answered).is_ok() {
            check(&said, &answered);
        }
        if connection == inputs / ON_ONE / 10 {
            before = memory();
        }
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < 16 << 20, "grown by {grown} bytes");
    let stopped = runtime.block_on(flow.stop());
    assert!(stopped.is_clean(), "{stopped:?}");
    let snapshot = flow.snapshot();
    assert_eq!((snapshot.imbalance(), snapshot.open), (None, 0));
    assert_eq!(
        snapshot
            .actors
            .iter()
            .map(|actor| actor.restarts)
            .sum::<u64>(),
        0
    );
}

#[test]
fn lines_of_anything_are_answered_one_by_one() {
    let words: &[&[u8]] = &[
        b"\n",
        b"\r\n",
        b"{\"a\":1}\n",
        b"{\"a\":",
        b"[1,2]",
        b"\"",
        b"null",
        b"\xff\xfe",
        b"1e999",
        b"[[[[[[[[",
        b"\0",
        b" ",
    ];
    tcp(
        json!({ "answer": true, "codec": "json" }),
        words,
        INPUTS / 2,
        |said, answered| {
            let ends = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
            // What is left at the end is answered with an error.
            let half = usize::from(!said.ends_with(b"\n"));
            assert_eq!(
                ends(answered),
                ends(said) + half,
                "{:?}",
                said.escape_ascii().to_string()
            );
        },
    );
}

#[test]
fn frames_of_anything_end_well() {
    let words: &[&[u8]] = &[
        b"\0\x03\x81\xa1a\x01",
        b"\0\x01\xc0",
        b"\0\0",
        b"\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\0\x05",
        b"\x91\x91\x91",
        b"abc",
    ];
    let framing = json!({ "length": 2 });
    tcp(
        json!({ "answer": true, "framing": framing, "codec": "message_pack", "max_frame": 1000 }),
        words,
        INPUTS / 5,
        |_, _| {},
    );
    let words: &[&[u8]] = &[b"\x1c\r", b"\x1c", b"\r", b"text", b"\xe4", b"\0"];
    let framing = json!({ "delimiter": "\u{1c}\r" });
    tcp(
        json!({ "acknowledge": "+", "refuse": "-", "framing": framing, "codec": "text", "max_frame": 30 }),
        words,
        INPUTS / 5,
        |_, _| {},
    );
    let words: &[&[u8]] = &[b"a,b\n", b"\"", b"\"\"", b"1,2\r\n", b",,,", b"\n"];
    tcp(
        json!({ "framing": "none", "codec": "csv", "max_frame": 100 }),
        words,
        INPUTS / 10,
        |_, _| {},
    );
}

#[test]
fn datagrams_of_anything_are_events_errors_or_counted() {
    let actor: UdpIn =
        serde_json::from_value(settings(json!({ "codec": "json", "max_datagram": 40 }))).unwrap();
    let bound = actor.bound();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (flow, address) = start(&runtime, actor, bound, false);
    let words: &[&[u8]] = &[
        b"{\"a\":1}",
        b"{\"a\":",
        b"[1,2]",
        b"\"",
        b"null",
        b"\xff\xfe",
        b"[[[[[[[[",
        b"0123456789012345678901234567890",
    ];
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut dice = Dice::new(11);
    let seen = || {
        let snapshot = flow.snapshot();
        snapshot.admitted + snapshot.actors[0].dropped
    };
    let mut before = 0;
    for round in 0..INPUTS / ON_ONE {
        for _ in 0..ON_ONE {
            socket.send_to(&pieces(&mut dice, words), address).unwrap();
        }
        // They wait in the system's buffer, which has room for as many.
        let sent = ((round + 1) * ON_ONE) as u64;
        runtime.block_on(async {
            while seen() < sent {
                tokio::task::yield_now().await;
            }
        });
        if round == INPUTS / ON_ONE / 10 {
            before = memory();
        }
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < 16 << 20, "grown by {grown} bytes");
    let stopped = runtime.block_on(flow.stop());
    assert!(stopped.is_clean(), "{stopped:?}");
    let snapshot = flow.snapshot();
    assert_eq!((snapshot.imbalance(), seen()), (None, INPUTS as u64));
    let failed = snapshot.actors[0].failed;
    assert!(
        failed > 1000 && snapshot.delivered + failed > 10_000,
        "{snapshot:?}"
    );
}
