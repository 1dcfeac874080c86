//! Keeps a flow with a cycle that multiplies events at saturation, with panics now and then:
//! `cargo run --release -p compysition-core --example saturate [seconds]`, else for a minute.
//!
//! It fails if the flow locks, if more is under way than its limits allow, if its memory grows by more than
//! a tenth after the first sixth of the time, or if the counters do not add up to the last event.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use compysition_core::{
    Actor, Context, Director, Event, Limits, Ports, Result, Supervision, TimeSpan,
};

const BYTES: usize = 1 << 20;

/// How long nothing may settle; a busy machine takes its time.
const STANDSTILL: Duration = Duration::from_secs(10);

/// Emits as fast as permits allow.
struct Endless;

impl Actor for Endless {
    async fn start(&mut self, ctx: &Context) -> Result {
        ctx.produce(|source| async move {
            loop {
                drop(source.emit("x".repeat(100)).await?);
            }
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

/// Sends each event on twice, until it has gone round often enough.
struct Multiply;

impl Actor for Multiply {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if event.hops() > 6 {
            return ctx.send_to("out", event);
        }
        ctx.send_to("back", Event::new(event.text()?))?;
        ctx.send_to("back", event)
    }
}

/// Panics on one event of a hundred thousand.
struct Brittle;

impl Actor for Brittle {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if ctx.random().is_multiple_of(100_000) {
            std::panic::resume_unwind(Box::new("now and then"));
        }
        ctx.send(event)
    }
}

/// Ends events.
struct Sink;

impl Actor for Sink {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Returns the memory of this process, in bytes.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next());
    Ok(kilobytes.unwrap_or("0").parse::<u64>()? << 10)
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let seconds: u64 = match std::env::args().nth(1) {
        Some(seconds) => seconds.parse()?,
        None => 60,
    };
    let mut director = Director::new("saturate");
    director.set_limits(Limits {
        // With eight copies of each, what is under way stays within what children may overdraw.
        roots: 256,
        bytes: BYTES,
        ..Limits::default()
    });
    director.set_supervision(Supervision {
        restarts: u32::MAX,
        backoff: TimeSpan(Duration::ZERO),
        ..Supervision::default()
    });
    let source = director.register("source", Endless);
    let multiply = director.register("multiply", || Multiply);
    let brittle = director.register("brittle", || Brittle);
    let out = director.register("out", Sink);
    director.connect(source, multiply);
    director.connect(multiply.port("back"), brittle);
    director.connect(brittle, multiply);
    director.connect(multiply.port("out"), out);
    let flow = director.start().await?;

    let start = Instant::now();
    let (mut early, mut peak) = (0, 0);
    let (mut settled, mut progress) = (0, start);
    while start.elapsed().as_secs() < seconds {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let snapshot = flow.snapshot();
        peak = peak.max(snapshot.bytes);
        if early == 0 && start.elapsed() >= Duration::from_secs(seconds) / 6 {
            early = resident()?;
        }
        let now_settled = snapshot.delivered + snapshot.failed;
        if now_settled > settled {
            (settled, progress) = (now_settled, Instant::now());
        }
        if progress.elapsed() > STANDSTILL {
            println!("the flow is locked: {snapshot:?}");
            return Ok(ExitCode::FAILURE);
        }
    }
    let late = resident()?;
    let is_clean = flow.stop().await.is_clean();
    let snapshot = flow.snapshot();
    println!(
        "{} admitted, {} delivered, {} failed, {} restarts; at most {} of {} KiB under way; memory {} KiB, then {} KiB",
        snapshot.admitted,
        snapshot.delivered,
        snapshot.failed,
        snapshot.actors[2].restarts,
        peak >> 10,
        BYTES >> 10,
        early >> 10,
        late >> 10,
    );
    let imbalance = snapshot.imbalance();
    if let Some(imbalance) = &imbalance {
        println!("{imbalance}");
    }
    // Children may overdraw what their source has by as much again.
    let is_bounded = peak <= 2 * BYTES as u64;
    let is_flat = late <= early + early / 10;
    let is_good = is_clean && is_bounded && is_flat && imbalance.is_none();
    Ok(match is_good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
