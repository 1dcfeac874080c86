//! One measurement: builds a flow with a contender in it, sends the events through, takes the time.

use std::sync::Arc;

use benches::{Span, Stopwatch};
use compysition_core::{Actor, Context, Director, Event, Node, Ports, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::case::{Case, End};
use crate::peers::{Contender, Entrance, System};

/// Measures a case with a contender.
///
/// For all of them the events come from the same place: a source with permits, and one actor that hands
/// each event to the contender. What differs is how it gets from there over the steps to the sinks.
pub(crate) fn measure(case: &Case, contender: &Contender) -> Span {
    let runtime = runtime(case.cores);
    let _entered = runtime.enter();
    let (end, all_arrived) = End::of(case);
    let (go, wait) = watch::channel(false);

    let mut director = Director::new("bench");
    let sources: Vec<Node> = (0..case.sources())
        .map(|number| {
            let generator = Generator {
                events: case.events_per_source(),
                go: wait.clone(),
            };
            director.register(format!("source_{number}"), generator)
        })
        .collect();
    let bridges: Vec<Node> = match contender.system {
        System::Flow(build) => build(case, &end, &mut director),
        System::Peer(build) => {
            let entrances = build(case, &end).into_iter().enumerate();
            entrances
                .map(|(number, entrance)| {
                    director.register(format!("bridge_{number}"), Bridge(entrance))
                })
                .collect()
        }
    };
    for (source, bridge) in sources.into_iter().zip(bridges) {
        director.connect(source, bridge);
    }

    let flow = runtime
        .block_on(director.start())
        .expect("the benchmark's flow is wired correctly");
    let watch = Stopwatch::start();
    go.send_replace(true);
    all_arrived
        .recv()
        .expect("the sinks live as long as the flow");
    let span = watch.stop();

    let stopped = runtime.block_on(flow.stop());
    if !stopped.is_clean() {
        eprintln!("{} {:?} {:?}", contender.name, case, stopped);
    }
    drop(flow);
    span
}

fn runtime(cores: usize) -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder
        .worker_threads(cores)
        .enable_all()
        .build()
        .expect("threads can be started")
}

/// Makes events as fast as there are permits, each with a payload of its own.
struct Generator {
    events: u64,
    go: watch::Receiver<bool>,
}

impl Actor for Generator {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (events, mut go) = (self.events, self.go.clone());
        ctx.produce(move |source| async move {
            go.wait_for(|go| *go).await?;
            let text = "x".repeat(100);
            for _ in 0..events {
                drop(source.emit(Event::new(Arc::<str>::from(&*text))).await?);
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

/// Hands the events over to a peer.
struct Bridge(Entrance);

impl Actor for Bridge {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        (self.0)(event);
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}
