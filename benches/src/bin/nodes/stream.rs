//! A source in one process, a sink in another.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use benches::argument;
use compysition_core::{
    Actor, Context, Director, Event, Failure, Heir, Limits, Outcome, Ports, Result as Ended,
};
use compysition_nodes::{Here, Nodes, Part, Process};
use compysition_zeromq::ZeroMq;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::Done;
use crate::peer::tell;

/// So many events of so many bytes, and who waits for the rate.
type Order = (usize, usize, oneshot::Sender<f64>);

struct Emit(Option<mpsc::UnboundedReceiver<Order>>);

impl Actor for Emit {
    async fn start(&mut self, ctx: &Context) -> Ended {
        let Some(mut orders) = self.0.take() else {
            return Ok(());
        };
        ctx.produce(move |source| async move {
            while let Some((bytes, count, tell)) = orders.recv().await {
                let bytes = vec![b'x'; bytes];
                let ends = Arc::<Ends>::default();
                let began = Instant::now();
                let group = source.group(Event::new(())).await?;
                let mut group = group.told_to(ends.clone());
                let events = (0..count).map(|_| Event::new(&*bytes));
                source.emit_all_in(&mut group, events).await?;
                ends.until(count as u64).await;
                let _ = tell.send(count as f64 / began.elapsed().as_secs_f64());
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Ended {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Counts how many events have ended well.
#[derive(Default)]
struct Ends {
    delivered: AtomicU64,
    more: Notify,
}

impl Ends {
    async fn until(&self, count: u64) {
        while self.delivered.load(Relaxed) < count {
            self.more.notified().await;
        }
    }
}

impl Heir for Ends {
    fn answered(&self, _: u64, _: &Event) {}

    fn delivered(&self, _: u64, count: u64) {
        self.delivered.fetch_add(count, Relaxed);
        self.more.notify_one();
    }

    fn failed(&self, _: u64, _: &Outcome, failure: &Failure) {
        // The rate would never be told.
        eprintln!("an event failed: {failure}");
        std::process::exit(1);
    }
}

struct Sink;

impl Actor for Sink {
    async fn consume(&mut self, _: Event, _: &Context) -> Ended {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

fn part(here: &str, address: &str, orders: mpsc::UnboundedReceiver<Order>) -> Part {
    let mut director = Director::new("stream");
    director.set_limits(limits());
    let source = director.register("source", Emit(Some(orders)));
    let sink = director.register("sink", Sink);
    director.connect(source, sink);
    director.place(source, "front");
    director.place(sink, "work");
    cut(director, here, address)
}

fn limits() -> Limits {
    let default = Limits::default();
    Limits {
        roots: argument("under-way", default.roots),
        ..default
    }
}

/// Cuts what one process runs out of a flow, of which `work` listens at this address.
pub(crate) fn cut(director: Director, here: &str, address: &str) -> Part {
    let nodes = Nodes::of([Process::new("front"), Process::new("work").at(address)]);
    let here = Here {
        process: here,
        replica: 1,
    };
    nodes.part(director, here, Arc::new(ZeroMq::default()))
}

pub(crate) async fn sink(address: &str) -> Done {
    let part = part("work", address, mpsc::unbounded_channel().1);
    let flow = part
        .director
        .start()
        .await
        .map_err(|error| error.to_string())?;
    tell(part.listening.await?)?;
    flow.block().await;
    Ok(())
}

pub(crate) async fn source(address: &str) -> Done {
    let (order, orders) = mpsc::unbounded_channel();
    let part = part("front", address, orders);
    let _flow = part
        .director
        .start()
        .await
        .map_err(|error| error.to_string())?;
    tell("ready")?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (bytes, count) = line
            .split_once(' ')
            .ok_or("say how many bytes and events")?;
        let (rate, told) = oneshot::channel();
        order.send((bytes.parse()?, count.parse()?, rate))?;
        // Nothing else is to be done by this thread.
        tell(tokio::task::block_in_place(|| told.blocking_recv())?)?;
    }
    Ok(())
}
