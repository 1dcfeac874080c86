//! Hostile peers on every port that listens, which hears 100,000 things from them: pieces of the protocol that are wrong, each ending a
//! connection, and messages that the protocol allows but no actor expects. A program of its own, since it looks at its memory.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod links;
#[path = "../wire/mod.rs"]
mod wire;
mod words;

use std::fs;
use std::time::Duration;

use compysition_actors::EventGenerator;
use compysition_core::{Actor, Director, Flow, map};
use compysition_zeromq::socket::KeyPair;
use compysition_zeromq::{
    Bound, MdpBroker, ZmqDealer, ZmqPub, ZmqPull, ZmqPush, ZmqRep, ZmqReq, ZmqRouter, ZmqSub,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::timeout;

use links::Links;
use wire::{settings, start};
use words::{Dice, Speech, Words, majordomo, texts};

/// How many things each port hears.
const THINGS: usize = 100_000;

/// How many a port with keys hears, which ends each connection at the first: `src/socket/fuzz.rs` has the rest.
const STRANGERS: usize = 6_000;

/// How many peers speak at the same time.
const AT_ONCE: usize = 48;

/// How much memory a port may need beside what it had after the first tenth: less than a kibibyte for each thing. Where others
/// keep the processors busy, more waits to be read.
const ROOM: usize = 96 << 20;

/// The same of the port of links, which lets ten times as many in.
const ROOM_OF_LINKS: usize = 384 << 20;

/// How long a greeting is.
const GREETING: usize = 64;

/// Returns the memory that the process has now, in bytes.
fn memory() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages = pages.split(' ').nth(1).unwrap();
    4096 * pages.parse::<usize>().unwrap()
}

pub(crate) fn restarts(flow: &Flow) -> u64 {
    flow.snapshot()
        .actors
        .iter()
        .map(|actor| actor.restarts)
        .sum()
}

/// Says something, and waits until the connection is closed, or goes at once. Returns how many things were heard, as far as that is known.
async fn say(address: String, speech: Speech, stays: bool) -> usize {
    // With so many connections one may be refused for a moment; that is what the port is to do.
    let Ok(mut stream) = TcpStream::connect(&address).await else {
        return 0;
    };
    if !stays {
        let _ = stream.write_all(&speech.bytes).await;
        return 0;
    }
    let (mut from, mut to) = stream.into_split();
    let mut answered = Vec::new();
    let reading = async {
        let _ = from.read_to_end(&mut answered).await;
    };
    let writing = async {
        let _ = to.write_all(&speech.bytes).await;
        let _ = to.shutdown().await;
    };
    let both = async { tokio::join!(reading, writing) };
    let closed = timeout(Duration::from_secs(60), both).await;
    let said = speech.bytes.escape_ascii();
    assert!(closed.is_ok(), "the connection stays open after {said}");
    // Who is let in is told more than a greeting.
    match speech.has_messages && answered.len() <= GREETING {
        true => 0,
        false => speech.things,
    }
}

/// Has so many things said to a port, of which some are wrong.
async fn attack(address: &str, words: &Words, things: usize, room: usize) {
    let address = address.trim_start_matches("tcp://");
    let mut dice = Dice(7);
    let mut peers = JoinSet::new();
    let (mut heard, mut before) = (0, None);
    while heard < things {
        while peers.len() < AT_ONCE {
            let speech = words.speech(&mut dice);
            peers.spawn(say(address.to_owned(), speech, dice.roll(4) > 0));
        }
        heard += peers.join_next().await.unwrap().unwrap();
        if heard > things / 10 && before.is_none() {
            before = Some(memory());
        }
    }
    while let Some(peer) = peers.join_next().await {
        peer.unwrap();
    }
    let grown = memory().saturating_sub(before.unwrap());
    assert!(grown < room, "{} MiB more", grown >> 20);
    let served = async { while !lets_in(address, words).await {} };
    let served = timeout(Duration::from_secs(60), served).await;
    served.expect("nobody is let in any more");
}

/// Returns whether a right peer is let in; one without keys is greeted at least.
async fn lets_in(address: &str, words: &Words) -> bool {
    // Who asks and is not answered in time, closes its port and opens it anew.
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return false;
    };
    let _ = stream.write_all(&words.hello).await;
    let told = GREETING + usize::from(!words.are_strangers);
    let mut answered = vec![0; told];
    stream.read_exact(&mut answered).await.is_ok()
}

fn read<A: DeserializeOwned>(more: Value) -> A {
    let mut settings = settings(more);
    // Who has gone counts until all that it has sent is read, and takes memory until then.
    settings["limits"]["max_connections"] = 100.into();
    serde_json::from_value(settings).unwrap()
}

/// Attacks a port of an actor that takes what comes.
fn attack_taker(actor: impl Actor, bound: Bound, words: &Words, things: usize) {
    let runtime = Runtime::new().unwrap();
    let (flow, address) = start(&runtime, actor, bound);
    runtime.block_on(attack(&address, words, things, ROOM));
    assert_eq!(restarts(&flow), 0, "something has panicked");
    runtime.block_on(flow.stop());
}

/// Attacks a port of an actor that sends to whoever calls: an event each millisecond.
fn attack_giver(actor: impl Actor, bound: Bound, words: &Words) {
    let runtime = Runtime::new().unwrap();
    let mut director = Director::new("hostile");
    let each = json!({ "interval": "1ms", "data": "orders" });
    let each: EventGenerator = serde_json::from_value(each).unwrap();
    let each = director.register("each", each);
    let out = director.register("out", actor);
    let end = director.register("end", map(|_| Ok(None)));
    director.connect(each, out);
    director.connect(out, end);
    director.connect_error(out, end);
    let flow = runtime.block_on(director.start()).unwrap();
    let address = bound.get()[0].to_string();
    runtime.block_on(attack(&address, words, THINGS, ROOM));
    assert_eq!(restarts(&flow), 0, "something has panicked");
    runtime.block_on(flow.stop());
}

#[test]
fn every_port_outlives_hostile_peers() {
    let actor: ZmqPull = read(json!({}));
    let bound = actor.bound();
    attack_taker(actor, bound, &Words::new("PUSH", texts()), THINGS);
    let actor: ZmqSub = read(json!({ "codec": "json" }));
    let bound = actor.bound();
    attack_taker(actor, bound, &Words::new("PUB", texts()), THINGS);
    let actor: ZmqRep = read(json!({ "codec": "json" }));
    let bound = actor.bound();
    attack_taker(actor, bound, &Words::new("REQ", texts()), THINGS);
    let actor: ZmqRouter = read(json!({ "multipart": true }));
    let bound = actor.bound();
    attack_taker(actor, bound, &Words::new("DEALER", texts()), THINGS);
    let actor: MdpBroker = read(json!({ "timeout": "1s" }));
    let bound = actor.bound();
    attack_taker(actor, bound, &Words::new("DEALER", majordomo()), THINGS);
    let actor: ZmqPush = read(json!({ "timeout": "10ms" }));
    let bound = actor.bound();
    attack_giver(actor, bound, &Words::new("PULL", texts()));
    let actor: ZmqPub = read(json!({ "topic": "orders.eu" }));
    let bound = actor.bound();
    attack_giver(actor, bound, &Words::new("SUB", texts()));
    let actor: ZmqReq = read(json!({ "codec": "json", "timeout": "10ms" }));
    let bound = actor.bound();
    attack_giver(actor, bound, &Words::new("REP", texts()));
    let actor: ZmqDealer = read(json!({ "timeout": "10ms" }));
    let bound = actor.bound();
    attack_giver(actor, bound, &Words::new("ROUTER", texts()));
    attack_links();
    attack_with_keys();
}

fn attack_with_keys() {
    let directory = std::env::temp_dir().join(format!("zmq-hostile-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let [_, key] = KeyPair::generate().write(&directory, "server").unwrap();
    let actor: ZmqPull = read(json!({ "curve": { "key": key, "clients": "any" } }));
    let bound = actor.bound();
    let words = Words::new("PUSH", texts()).of_strangers();
    attack_taker(actor, bound, &words, STRANGERS);
    fs::remove_dir_all(directory).unwrap();
}

fn attack_links() {
    let runtime = Runtime::new().unwrap();
    let links = Links::start(&runtime);
    let words = Words::new("DEALER", links::frames());
    runtime.block_on(attack(&links.address, &words, THINGS, ROOM_OF_LINKS));
    assert_eq!(links.restarts(), 0, "something has panicked");
    links.stop(&runtime);
}
