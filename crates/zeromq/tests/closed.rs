//! Connections that are closed, and what the log says then. A program of its own: what is logged by a thread without this log first, would never
//! be in it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod wire;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use compysition_zeromq::ZmqPull;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use wire::{greeting, ready, settings, start};

/// A log that can be read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_log_says_why_a_connection_is_closed() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let actor: ZmqPull = serde_json::from_value(settings(json!({}))).unwrap();
    let bound = actor.bound();
    let (flow, address) = start(&runtime, actor, bound);
    let hello = [greeting(3, "NULL"), ready("PUSH")].concat();
    let large = |length: u64| [&hello[..], &[2], &length.to_be_bytes()].concat();
    let said = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for (input, why) in [
        (large(1 << 62), "too large"),
        (large(65 << 10), "too large"),
        (greeting(3, "CURVE"), "mechanism"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "signature"),
        (
            [greeting(3, "NULL"), ready("PUB")].concat(),
            "incompatible socket types",
        ),
        (greeting(3, "NULL"), "timeout"),
    ] {
        log.0.lock().unwrap().clear();
        runtime.block_on(async {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(&input).await.unwrap();
            let mut answered = Vec::new();
            let closed = timeout(Duration::from_secs(30), stream.read_to_end(&mut answered));
            // That it is reset is as good.
            let _ = closed.await.expect("the connection stays open");
        });
        // The log is written a moment later.
        let told = runtime.block_on(async {
            let told = async {
                while !said().contains("is closed: ") {
                    tokio::task::yield_now().await;
                }
            };
            timeout(Duration::from_secs(30), told).await
        });
        told.expect("the log says nothing");
        assert!(said().contains(why), "{why}: {}", said());
    }
    runtime.block_on(flow.stop());
    log.0.lock().unwrap().clear();
    one_connection_too_many_is_closed();
    assert!(said().contains("`max_connections` is 3"), "{}", said());
}

fn one_connection_too_many_is_closed() {
    let runtime = Runtime::new().unwrap();
    let limits = json!({ "max_connections": 3, "heartbeat": 0 });
    let actor: ZmqPull = serde_json::from_value(settings(json!({ "limits": limits }))).unwrap();
    let bound = actor.bound();
    let (flow, address) = start(&runtime, actor, bound);
    runtime.block_on(async {
        let hello = [greeting(3, "NULL"), ready("PUSH")].concat();
        let mut open = Vec::new();
        for _ in 0..3 {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(&hello).await.unwrap();
            // Its greeting and what it is: now it counts.
            let mut answered = vec![0; hello.len()];
            stream.read_exact(&mut answered).await.unwrap();
            open.push(stream);
        }
        // It is closed, be it with an end or with a reset.
        let too_many = || async {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            stream.write_all(&hello).await.unwrap();
            let mut answered = Vec::new();
            let closed = timeout(Duration::from_secs(30), stream.read_to_end(&mut answered));
            let _ = closed.await.expect("the connection stays open");
        };
        too_many().await;
        for mut stream in open {
            let mut more = Vec::new();
            let ended = timeout(Duration::from_millis(100), stream.read_to_end(&mut more));
            assert!(ended.await.is_err(), "one of the first is closed");
        }
    });
    runtime.block_on(flow.stop());
}
