//! Peers that come, send and go while nothing is read.

use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Actor, Context, Director, Event, Limits, Ports, Result};
use compysition_zeromq::{ZmqPub, ZmqPull, ZmqRouter};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::wire::{greeting, ready, settings};

/// How many may be connected.
const MOST: usize = 5;

/// Ends each event when it has a turn.
struct Slow(Arc<Semaphore>);

impl Actor for Slow {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        self.0.acquire().await?.forget();
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Comes, sends a message and goes; returns whether it was let in.
async fn visit(address: &str, kind: &str) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let hello = [greeting(3, "NULL"), ready(kind)].concat();
    let said = [&hello[..], b"\x00\x02hi"].concat();
    let _ = stream.write_all(&said).await;
    let mut answered = vec![0; hello.len()];
    // It is told what it speaks with when it is let in; else the connection ends before.
    let reading = timeout(Duration::from_secs(30), stream.read_exact(&mut answered));
    reading.await.expect("it stays open").is_ok()
}

fn visits(actor: impl Actor, bound: compysition_zeromq::Bound, kind: &str) {
    let runtime = Runtime::new().unwrap();
    let turns = Arc::new(Semaphore::new(0));
    let mut director = Director::new("slow");
    director.set_limits(Limits {
        roots: 1,
        ..Limits::default()
    });
    let pull = director.register("in", actor);
    let slow = director.register("slow", Slow(turns.clone()));
    director.connect(pull, slow);
    let flow = runtime.block_on(director.start()).unwrap();
    let address = bound.get()[0].to_string();
    let address = address.trim_start_matches("tcp://");
    runtime.block_on(async {
        let mut visitors = 0;
        while visit(address, kind).await {
            visitors += 1;
            assert!(visitors < 100, "whoever comes is let in");
        }
        assert!(visitors >= MOST, "{visitors}");
        turns.add_permits(1000);
        let again = async { while !visit(address, kind).await {} };
        let again = timeout(Duration::from_secs(30), again);
        again.await.expect("nobody is let in any more");
    });
    runtime.block_on(flow.stop());
}

#[test]
fn who_has_gone_counts_until_what_it_sent_is_read() {
    let limits = json!({ "limits": { "max_connections": MOST } });
    let actor: ZmqPull = serde_json::from_value(settings(limits.clone())).unwrap();
    let bound = actor.bound();
    visits(actor, bound, "PUSH");
    let actor: ZmqRouter = serde_json::from_value(settings(limits)).unwrap();
    let bound = actor.bound();
    visits(actor, bound, "DEALER");
}

/// Subscribes to so many topics; returns whether it is still connected then.
async fn subscribe(address: &str, topics: u64) -> bool {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let hello = [greeting(3, "NULL"), ready("SUB")].concat();
    stream.write_all(&hello).await.unwrap();
    stream.read_exact(&mut vec![0; hello.len()]).await.unwrap();
    for topic in 0..topics {
        let topic = [&[0, 9, 1][..], &topic.to_be_bytes()].concat();
        if stream.write_all(&topic).await.is_err() {
            return false;
        }
    }
    let end = timeout(Duration::from_secs(3), stream.read(&mut [0; 1])).await;
    end.is_err()
}

#[test]
fn who_subscribes_without_end_is_disconnected() {
    let runtime = Runtime::new().unwrap();
    let actor: ZmqPub = serde_json::from_value(settings(json!({
        "limits": { "heartbeat": 0 }
    })))
    .unwrap();
    let bound = actor.bound();
    let mut director = Director::new("subscribed");
    let (door, _handle) = compysition_actors::Door::new();
    let door = director.register("door", door);
    let out = director.register("out", actor);
    director.connect(door, out);
    let flow = runtime.block_on(director.start()).unwrap();
    let address = bound.get()[0].to_string();
    let address = address.trim_start_matches("tcp://");
    assert!(runtime.block_on(subscribe(address, 9_000)));
    assert!(!runtime.block_on(subscribe(address, 30_000)));
    runtime.block_on(flow.stop());
}
