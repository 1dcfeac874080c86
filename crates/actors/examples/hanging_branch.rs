//! Compares a door's rate with and without a best-effort branch whose actor hangs, in interleaved rounds:
//! `cargo run --release -p compysition-actors --example hanging_branch`. It fails below 0.9.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use compysition_actors::{Door, DoorHandle};
use compysition_core::{Actor, BestEffort, Context, Director, Event, Flow, Ports, Result, map};

const ROUNDS: usize = 15;
const REQUESTS: usize = 20_000;
const CLIENTS: usize = 16;

/// Never comes back.
struct Hang;

impl Actor for Hang {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        std::future::pending().await
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// A door, an actor that answers, and maybe a branch that hangs.
async fn circle(hangs: bool) -> Result<(Flow, DoorHandle)> {
    let (door, handle) = Door::new();
    let mut director = Director::new("circle");
    director.set_stop_deadline(Duration::from_millis(10));
    let door = director.register("door", door);
    let answer = director.register("answer", map(|event: Event| event));
    director.connect(door, answer);
    director.connect(answer, door);
    if hangs {
        let hang = director.register("hang", Hang);
        director.connect_best_effort(door, hang, BestEffort::default());
    }
    Ok((director.start().await?, handle))
}

/// Returns the requests that are answered in a second.
async fn rate(handle: &DoorHandle) -> Result<f64> {
    let start = Instant::now();
    let clients = (0..CLIENTS).map(|_| {
        let handle = handle.clone();
        tokio::spawn(async move {
            for _ in 0..REQUESTS / CLIENTS {
                handle.ask("x".repeat(100)).await?;
            }
            Result::<()>::Ok(())
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await??;
    }
    Ok(REQUESTS as f64 / start.elapsed().as_secs_f64())
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let (alone, handle_alone) = circle(false).await?;
    let (branched, handle_branched) = circle(true).await?;
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let without = rate(&handle_alone).await?;
        ratios.push(rate(&handle_branched).await? / without);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ROUNDS / 2];
    println!("with a hanging best-effort branch: {median:.2} of the rate without it");
    alone.stop().await;
    branched.stop().await;
    Ok(if median >= 0.9 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
