//! Shows that a door answers ten thousand clients at once, and what that takes.
//!
//! `cargo run --release --example many [CLIENTS] [ROUNDS]` serves a flow of three actors and asks it from
//! a second process: all clients connect first, then each asks as often as there are rounds, over its one
//! connection. Both processes open a file for each client: `ulimit -n` must allow them.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use compysition_core::{Actor, Context, Director, Event, Limits, Result};
use compysition_http::HttpServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

/// How many clients connect at a time: what the kernel queues for a listener is bounded.
const AT_A_TIME: usize = 100;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default| {
        arguments
            .get(at)
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let done = match arguments.first().map(String::as_str) {
        Some("ask") => ask(&arguments[1], number(2, 1), number(3, 1)).await,
        _ => serve(number(0, 10_000), number(1, 10)).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

struct Forward;

impl Actor for Forward {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

/// Runs the flow, and this program once more as its clients.
async fn serve(clients: usize, rounds: usize) -> Result<bool> {
    let before = memory()?;
    let server = HttpServer::at("127.0.0.1:0");
    let bound = server.bound();
    let mut director = Director::new("many");
    // Who waits for a permit costs little more than the connection, which is there anyway.
    director.set_limits(Limits {
        waiting: clients,
        ..Limits::default()
    });
    let http = director.register("http", server);
    let mut last = http;
    for step in 1..=3 {
        let step = director.register(format!("step_{step}"), Forward);
        director.connect(last, step);
        last = step;
    }
    director.connect(last, http);
    let flow = director.start().await?;
    let address = bound
        .get()
        .map(|address| address.to_string())
        .unwrap_or_default();

    let program = std::env::current_exe()?;
    let arguments = [
        "ask".to_owned(),
        address,
        clients.to_string(),
        rounds.to_string(),
    ];
    let asked = move || Command::new(program).args(arguments).status();
    let asked = tokio::task::spawn_blocking(asked).await??;

    let snapshot = flow.snapshot();
    let (highest, kib) = (memory()?, 1024);
    println!(
        "server: {} events delivered, {} permits and {} bytes still out, at most {} MiB of memory: {} KiB a client",
        snapshot.delivered,
        snapshot.permits,
        snapshot.bytes,
        highest / kib,
        (highest - before) / clients.max(1),
    );
    Ok(flow.stop().await.is_clean() && asked.success() && snapshot.permits == 0)
}

/// Returns the most memory that this process has had, in KiB.
fn memory() -> Result<usize> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line
        .and_then(|line| line.split_whitespace().next())
        .unwrap_or("0");
    Ok(number.parse()?)
}

/// Asks as all the clients; says whether all answers were good.
async fn ask(address: &str, clients: usize, rounds: usize) -> Result<bool> {
    let mut streams = Vec::with_capacity(clients);
    while streams.len() < clients {
        let some = AT_A_TIME.min(clients - streams.len());
        let connecting: Vec<_> = (0..some)
            .map(|_| tokio::spawn(TcpStream::connect(address.to_owned())))
            .collect();
        for connected in connecting {
            streams.push(connected.await??);
        }
    }
    let begin = Arc::new(Barrier::new(clients + 1));
    let clients: Vec<_> = streams
        .into_iter()
        .map(|stream| tokio::spawn(client(stream, begin.clone(), rounds)))
        .collect();
    begin.wait().await;
    let begun = Instant::now();
    let mut statuses = BTreeMap::<String, usize>::new();
    let mut slowest = Duration::ZERO;
    for client in clients {
        for (status, took) in client.await? {
            *statuses.entry(status).or_default() += 1;
            slowest = slowest.max(took);
        }
    }
    let took = begun.elapsed();
    let answers: usize = statuses.values().sum();
    let rate = answers as f64 / took.as_secs_f64();
    println!(
        "clients: {statuses:?} in {took:.2?}, {rate:.0} a second, the slowest in {slowest:.2?}"
    );
    Ok(statuses.len() == 1 && statuses.contains_key("200"))
}

/// Returns the statuses of one client's answers, and how long each took.
async fn client(
    mut stream: TcpStream,
    begin: Arc<Barrier>,
    rounds: usize,
) -> Vec<(String, Duration)> {
    begin.wait().await;
    let mut answers = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let begun = Instant::now();
        let status = match request(&mut stream).await {
            Ok(status) => status,
            Err(error) => error.to_string(),
        };
        answers.push((status, begun.elapsed()));
    }
    answers
}

async fn request(stream: &mut TcpStream) -> Result<String> {
    let body = "x".repeat(100);
    let head =
        "POST / HTTP/1.1\r\nhost: many\r\ncontent-type: text/plain\r\ncontent-length: 100\r\n\r\n";
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut response = Vec::with_capacity(512);
    let head = loop {
        if stream.read_buf(&mut response).await? == 0 {
            return Ok("closed".into());
        }
        let end = response.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        if let Some(end) = end {
            break String::from_utf8_lossy(&response[..end]).to_ascii_lowercase();
        }
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.unwrap_or("0").parse()?;
    while response.len() < head.len() + 4 + length {
        if stream.read_buf(&mut response).await? == 0 {
            return Ok("cut off".into());
        }
    }
    Ok(head.split(' ').nth(1).unwrap_or_default().to_owned())
}
