//! Splits one event into millions through a slow sink, and tells by how much the program's memory grows:
//! `cargo run --release -p compysition-core --example flood [children]`. It fails beyond 32 MB.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use compysition_core::{Actor, Context, Director, Event, Ports, Result, map};

const LIMIT: u64 = 32 << 20;

/// Emits one event.
struct One;

impl Actor for One {
    async fn start(&mut self, ctx: &Context) -> Result {
        ctx.produce(|source| async move {
            source.emit("one").await?.await;
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

/// Makes so many events of 100 bytes of each.
struct Split(u64);

impl Actor for Split {
    async fn consume(&mut self, _: Event, ctx: &Context) -> Result {
        ctx.send_all((0..self.0).map(|number| Event::new(format!("{number:100}"))))
    }
}

/// Makes so many events of each, until they have gone round often enough.
struct Round(u64);

impl Actor for Round {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match event.hops() < 4 {
            true => ctx.send_all_to("back", (0..self.0).map(|_| Event::new("x".repeat(100)))),
            false => ctx.send_to("out", event),
        }
    }
}

/// Counts events, works on each for a while, and looks at the memory now and then.
#[derive(Clone, Default)]
struct Slow {
    count: Arc<AtomicU64>,
    memory: Arc<AtomicU64>,
}

impl Actor for Slow {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        let count = self.count.fetch_add(1, Relaxed);
        for _ in 0..10 {
            std::hint::spin_loop();
        }
        if count.is_multiple_of(4096) {
            self.memory.fetch_max(resident()?, Relaxed);
            tokio::task::yield_now().await;
        }
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

async fn flood(name: &str, build: impl Fn(&mut Director, Slow)) -> Result<bool> {
    let slow = Slow::default();
    let mut director = Director::new("flood");
    build(&mut director, slow.clone());
    let before = resident()?;
    let flow = director.start().await?;
    flow.block().await;
    let is_clean = flow.stop().await.is_clean();
    let grown = slow.memory.load(Relaxed).saturating_sub(before);
    let children = slow.count.load(Relaxed);
    println!(
        "{name:10} {children:>10} children: {:>5} KiB more",
        grown >> 10
    );
    Ok(is_clean && grown < LIMIT)
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let children: u64 = match std::env::args().nth(1) {
        Some(children) => children.parse()?,
        None => 10_000_000,
    };
    let root = children.isqrt();
    let one = flood("one", |director, slow| {
        let source = director.register("source", One);
        let split = director.register("split", Split(children));
        let sink = director.register("sink", slow);
        director.connect(source, split);
        director.connect(split, sink);
    });
    let nested = flood("nested", |director, slow| {
        let source = director.register("source", One);
        let outer = director.register("outer", Split(root));
        let inner = director.register("inner", Split(root));
        let sink = director.register("sink", slow);
        director.connect(source, outer);
        director.connect(outer, inner);
        director.connect(inner, sink);
    });
    let cycle = flood("cycle", |director, slow| {
        let source = director.register("source", One);
        let round = director.register("round", Round(root));
        let back = director.register("back", map(|event: Event| event));
        let out = director.register("out", slow);
        director.connect(source, round);
        director.connect(round, back);
        director.connect(back, round);
        director.connect(round, out);
    });
    let good = one.await? & nested.await? & cycle.await?;
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
