//! How many frames a second go through `tcp_in`, `tcp_out` and `udp_in`: `cargo run --release -p compysition-net --example rates`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::Instant;

use compysition_core::{Actor, Context, Director, Event, Ports, Result, map};
use compysition_net::{TcpIn, TcpOut, UdpIn};
use serde_json::json;

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

/// Makes so many events of a line.
struct Lines(usize);

impl Actor for Lines {
    async fn start(&mut self, ctx: &Context) -> Result {
        let count = self.0;
        ctx.produce(move |source| async move {
            for _ in 0..count {
                drop(source.emit("x".repeat(99)).await?);
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source().sink()
    }
}

fn tell(what: &str, frames: u64, since: Instant) {
    let rate = frames as f64 / since.elapsed().as_secs_f64();
    println!("{what:24} {frames:9} frames, {rate:9.0} a second");
}

async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::main]
async fn main() -> Result {
    let count = 1_000_000;
    let line = [b"x".repeat(99).as_slice(), b"\n"].concat();

    let settings = json!({ "address": "127.0.0.1:0" });
    let actor: TcpIn = serde_json::from_value(settings.clone())?;
    let bound = actor.bound();
    let mut director = Director::new("tcp_in");
    let source = director.register("in", actor);
    let end = director.register("end", End);
    director.connect(source, end);
    let flow = director.start().await?;
    let mut stream = TcpStream::connect(bound.get().unwrap_or(([0; 4], 0).into()))?;
    let since = Instant::now();
    let many = line.repeat(1000);
    let sender =
        std::thread::spawn(move || (0..count / 1000).try_for_each(|_| stream.write_all(&many)));
    until(|| flow.snapshot().delivered == count as u64).await;
    tell("tcp_in", count as u64, since);
    let _ = sender.join();
    flow.stop().await;

    let count = 100_000;
    let settings = json!({ "address": "127.0.0.1:0", "answer": true });
    let actor: TcpIn = serde_json::from_value(settings)?;
    let bound = actor.bound();
    let mut director = Director::new("answers");
    let source = director.register("in", actor);
    let echo = director.register("echo", map(|event: Event| Ok(event)));
    director.connect(source, echo);
    director.connect(echo, source);
    let flow = director.start().await?;
    let mut stream = TcpStream::connect(bound.get().unwrap_or(([0; 4], 0).into()))?;
    let mut back = stream.try_clone()?;
    let since = Instant::now();
    let many = line.repeat(1000);
    let sender =
        std::thread::spawn(move || (0..count / 1000).try_for_each(|_| stream.write_all(&many)));
    let reader = tokio::task::spawn_blocking(move || back.read_exact(&mut vec![0; 100 * count]));
    reader.await??;
    tell("tcp_in, answered", count as u64, since);
    let _ = sender.join();
    flow.stop().await;

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let actor: TcpOut = serde_json::from_value(json!({ "address": listener.local_addr()? }))?;
    let mut director = Director::new("tcp_out");
    let source = director.register("lines", Lines(count));
    let out = director.register("out", actor);
    director.connect(source, out);
    let since = Instant::now();
    let flow = director.start().await?;
    let reader = tokio::task::spawn_blocking(move || {
        let (mut stream, _) = listener.accept()?;
        stream.read_exact(&mut vec![0; 100 * count])
    });
    reader.await??;
    tell("tcp_out", count as u64, since);
    flow.stop().await;

    let actor: UdpIn = serde_json::from_value(json!({ "address": "127.0.0.1:0" }))?;
    let bound = actor.bound();
    let mut director = Director::new("udp_in");
    let source = director.register("in", actor);
    let end = director.register("end", End);
    director.connect(source, end);
    let flow = director.start().await?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(bound.get().unwrap_or(([0; 4], 0).into()))?;
    let since = Instant::now();
    for _ in 0..count / 100 {
        // No more than the system's buffer takes.
        let before = flow.snapshot();
        for _ in 0..100 {
            socket.send(&line)?;
        }
        let seen = || flow.snapshot().admitted + flow.snapshot().actors[0].dropped;
        while seen() < before.admitted + before.actors[0].dropped + 100 {
            tokio::task::yield_now().await;
        }
    }
    tell("udp_in", flow.snapshot().admitted, since);
    println!(
        "{:24} {:9} datagrams",
        "udp_in, dropped",
        flow.snapshot().actors[0].dropped
    );
    flow.stop().await;
    Ok(())
}
