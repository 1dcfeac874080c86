//! What `file_out` has written and cannot send on, while more waits to be written.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use compysition_core::{
    Actor, Context, Director, Event, Flow, Limits, Ports, Result, Settlement, map,
};
use compysition_files::FileOut;
use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::support::{Directory, Passing};

/// Sends a text when it may, and keeps how that ends.
#[derive(Clone)]
struct Feed {
    text: String,
    may: Arc<Semaphore>,
    settlement: Arc<Mutex<Option<Settlement>>>,
}

impl Feed {
    fn new(text: String) -> Feed {
        Feed {
            text,
            may: Arc::new(Semaphore::new(0)),
            settlement: Arc::default(),
        }
    }

    /// Has it sent, and waits until nobody can do more.
    async fn send(&self) {
        self.may.add_permits(1);
        for _ in 0..1_000 {
            yield_now().await;
        }
        assert!(self.settlement.lock().is_some(), "it was not sent");
    }

    /// Waits until all is over; returns whether it was delivered.
    async fn is_delivered(&self) -> bool {
        let settlement = self.settlement.lock().take().unwrap();
        let outcome = timeout(Duration::from_secs(30), settlement).await;
        outcome.expect("it is under way for ever").is_delivered()
    }
}

impl Actor for Feed {
    async fn start(&mut self, ctx: &Context) -> Result {
        let feed = self.clone();
        ctx.produce(move |source| async move {
            feed.may.acquire().await?.forget();
            let settlement = source.emit(feed.text).await?;
            *feed.settlement.lock() = Some(settlement);
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

/// A flow `far -> pass -> out -> end` and `near -> out`, in which only what has come from near may go so many links.
struct Site {
    runtime: Runtime,
    directory: Directory,
    flow: Flow,
    far: Feed,
    near: Feed,
    passed: Arc<Mutex<Vec<String>>>,
    /// Ends the work that keeps the only thread for it busy.
    free: mpsc::Sender<()>,
}

impl Site {
    /// Starts the flow, and lets a write begin that has to wait; then something comes from near.
    fn start(name: &str, near: String) -> Site {
        let directory = Directory::new(name);
        let runtime = Builder::new_current_thread()
            .max_blocking_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (far, near) = (Feed::new("far".to_owned()), Feed::new(near));
        let passed: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut director = Director::new("sending");
        director.set_limits(Limits {
            hops: 2,
            ..Limits::default()
        });
        let from_far = director.register("far", far.clone());
        let from_near = director.register("near", near.clone());
        let pass = director.register("pass", map(|event: Event| Ok(event)));
        let out = FileOut::to(directory.path("a.txt")).unwrap();
        let out = director.register("out", out);
        let all = Arc::new(Semaphore::new(9));
        let end = director.register("end", Passing(all, passed.clone()));
        director.connect(from_far, pass);
        director.connect(pass, out);
        director.connect(from_near, out);
        director.connect(out, end);
        let (free, busy) = mpsc::channel();
        let flow = runtime.block_on(async {
            let flow = director.start().await.unwrap();
            drop(tokio::task::spawn_blocking(move || busy.recv()));
            far.send().await;
            near.send().await;
            flow
        });
        assert!(passed.lock().is_empty(), "the write did not wait");
        Site {
            runtime,
            directory,
            flow,
            far,
            near,
            passed,
            free,
        }
    }

    /// Checks that all is written, and that what can be sent on was.
    fn check(self) {
        self.runtime.block_on(async {
            assert!(self.near.is_delivered().await);
            assert!(!self.far.is_delivered().await, "it went too far");
        });
        assert_eq!(*self.passed.lock(), [self.near.text.as_str()]);
        let written = format!("far\n{}\n", self.near.text);
        assert!(self.directory.read("a.txt") == written);
        self.runtime.block_on(self.flow.stop());
        assert_eq!(self.flow.snapshot().imbalance(), None);
    }
}

#[test]
fn what_waits_is_written_though_what_was_before_it_cannot_be_sent() {
    let site = Site::start("few", "near".to_owned());
    site.free.send(()).unwrap();
    site.check();
}

#[test]
fn so_is_what_has_to_wait_for_it() {
    // More than is written at once: the actor takes nothing else until what is before it is written.
    let site = Site::start("many", "x".repeat(300 << 10));
    site.free.send(()).unwrap();
    site.check();
}

#[test]
fn so_is_what_waits_when_the_flow_stops() {
    let site = Site::start("stopped", "near".to_owned());
    let (stopping, free) = (site.flow.stop(), site.free.clone());
    site.runtime.block_on(async {
        let freeing = async {
            for _ in 0..1_000 {
                yield_now().await;
            }
            free.send(()).unwrap();
        };
        tokio::join!(stopping, freeing);
    });
    site.check();
}
