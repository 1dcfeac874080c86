//! The actors of the suite.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use compysition_core::{
    Actor, Context, Error, ErrorKind, Event, Outcome, Ports, Result, Settlement,
};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::transport::Transport;

/// Emits numbered events, and keeps how each settled.
pub(super) struct Count {
    pub(super) events: u64,
    pub(super) pause: Duration,
    pub(super) outcomes: Arc<Mutex<Vec<Outcome>>>,
}

impl Actor for Count {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (events, pause, outcomes) = (self.events, self.pause, self.outcomes.clone());
        ctx.produce(move |source| async move {
            let mut settlements: Vec<Settlement> = Vec::new();
            for number in 0..events {
                settlements.push(source.emit(number.to_string()).await?);
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
            }
            for settlement in settlements {
                let outcome = settlement.await;
                outcomes.lock().push(outcome);
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

/// Keeps the events; refuses those of numbers that end in 7, and waits for the test where that holds it up.
#[derive(Clone)]
pub(super) struct Keep {
    pub(super) events: Arc<Mutex<Vec<String>>>,
    pub(super) go: Arc<Semaphore>,
    pub(super) refuses: bool,
}

impl Keep {
    pub(super) fn new() -> Keep {
        Keep {
            events: Arc::default(),
            go: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            refuses: false,
        }
    }
}

impl Actor for Keep {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        self.go.acquire().await?.forget();
        if self.refuses && event.text()?.ends_with('7') {
            return Err(Error::new(ErrorKind::Conflict, "it ends in 7"));
        }
        self.events.lock().push(event.text()?.to_owned());
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

/// Answers a request with what came, as it came.
pub(super) struct Echo;

impl Actor for Echo {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

/// Asks about each of some events, and keeps the answers.
pub(super) struct Ask {
    pub(super) events: Vec<Event>,
    pub(super) answers: Arc<Mutex<Vec<Event>>>,
}

impl Actor for Ask {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (events, answers) = (std::mem::take(&mut self.events), self.answers.clone());
        ctx.produce(move |source| async move {
            for event in events {
                let request = source.admit(event.payload().size()).await?.ask(None, event);
                if let Ok(answer) = request.await {
                    answers.lock().push(answer);
                }
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door()
    }
}

/// Sends bytes over a line of its own, and counts the frames that come back.
pub(super) struct Raw {
    pub(super) transport: Arc<dyn Transport>,
    pub(super) address: String,
    pub(super) frames: Vec<Bytes>,
    pub(super) done: Arc<AtomicUsize>,
}

impl Actor for Raw {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (transport, address) = (self.transport.clone(), self.address.clone());
        let (frames, done, ctx) = (
            std::mem::take(&mut self.frames),
            self.done.clone(),
            ctx.clone(),
        );
        let spawner = ctx.spawner();
        spawner.spawn(async move {
            for frame in frames {
                let Ok(mut line) = transport.dial("work", &address, &ctx).await else {
                    continue;
                };
                let _ = line.sender.send(frame).await;
                // It is answered, or closed, or stays silent.
                let wait = Duration::from_millis(20);
                let _ = tokio::time::timeout(wait, line.receiver.receive()).await;
                done.fetch_add(1, SeqCst);
            }
        });
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().source().sink()
    }
}
