//! Compares pools of `http_client` before a back-end that takes 20 ms for each answer, and tells what an
//! instance costs: `cargo run --release -p compysition-http --example pool`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::post;
use compysition_core::{Actor, Context, Director, Event, Pool, Ports, Result};
use compysition_http::HttpClient;
use tokio::net::TcpListener;
use tokio::sync::Notify;

const LATENCY: Duration = Duration::from_millis(20);

/// Emits events when it is told to, and then waits for all of them.
struct Burst {
    count: usize,
    begin: Arc<Notify>,
}

impl Actor for Burst {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (count, begin) = (self.count, self.begin.clone());
        ctx.produce(move |source| async move {
            begin.notified().await;
            for _ in 0..count {
                drop(source.emit("x".repeat(100)).await?);
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Returns the events that a pool of this size has done in a second, and by how many KiB it grew the process.
async fn measure(url: &str, size: usize) -> Result<(f64, usize)> {
    let count = 30 * size.min(64);
    let before = memory()?;
    let begin = Arc::new(Notify::new());
    let mut director = Director::new("pool");
    let source = Burst {
        count,
        begin: begin.clone(),
    };
    let burst = director.register("burst", source);
    let url = url.to_owned();
    let client = move || {
        Ok(HttpClient::new(url.as_str())?
            .method("POST")?
            .concurrency(1))
    };
    let client = director.register("client", client);
    director.set_pool(client, Pool::of(size));
    director.connect(burst, client);
    let flow = director.start().await?;
    begin.notify_one();
    let started = Instant::now();
    flow.block().await;
    let rate = count as f64 / started.elapsed().as_secs_f64();
    let grown = memory()?.saturating_sub(before);
    flow.stop().await;
    let snapshot = flow.snapshot();
    assert_eq!(snapshot.delivered, count as u64, "{snapshot:?}");
    Ok((rate, grown))
}

/// Returns the memory that this process has, in KiB.
fn memory() -> Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.unwrap_or("0").parse()?)
}

#[tokio::main]
async fn main() -> Result {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    let slow = post(|body: String| async {
        tokio::time::sleep(LATENCY).await;
        body
    });
    let server = axum::serve(listener, Router::new().route("/", slow));
    tokio::spawn(async move { server.await });
    // What the first connections need once is not what an instance needs.
    measure(&url, 4).await?;
    let (alone, _) = measure(&url, 1).await?;
    for size in [1, 16, 64, 256] {
        let (rate, grown) = measure(&url, size).await?;
        println!(
            "pool of {size:>3}: {:>5.1} times the rate of one, {grown:>6} KiB more, {} KiB an instance",
            rate / alone,
            grown / size
        );
    }
    Ok(())
}
