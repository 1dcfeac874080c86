//! A flow with one of the actors on sockets, and what is around it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use compysition_actors::{AskError, Door, DoorHandle};
use compysition_core::{
    Actor, Context, Director, Error, Event, Flow, Limits, Ports, Result, Snapshot,
};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc};

/// Long enough for anything that is to come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// A path for a socket that nothing else has.
pub(crate) fn ipc() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = directory().join(format!("{number}.sock"));
    format!("ipc://{}", path.display())
}

pub(crate) fn directory() -> PathBuf {
    let path = std::env::temp_dir().join(format!("compysition-zmq-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Tells what it sees, and does what the payload says: fails, waits until it may go on, or has only that one event wait, ends, or
/// sends it on.
pub(crate) struct Step {
    seen: mpsc::UnboundedSender<Event>,
    go_on: Arc<Notify>,
    answers: bool,
}

impl Actor for Step {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let text = event.payload().to_value();
        let is_error = event.error().is_some();
        // Without its receipt, so that it can settle.
        let mut seen = event.child(event.payload().clone());
        seen.set_meta_id(&*event.meta_id());
        let _ = self.seen.send(seen);
        match text.as_str() {
            _ if is_error => Err(Error::internal("seen")),
            Some("down") => Err(Error::unavailable("the store is down")),
            Some("secret") => Err(Error::internal("password")),
            Some("slow") => {
                self.go_on.notified().await;
                send_on(event, self.answers, ctx)
            }
            Some("later") => {
                let (go_on, answers, own) = (self.go_on.clone(), self.answers, ctx.clone());
                ctx.spawner().spawn(async move {
                    go_on.notified().await;
                    let _ = send_on(event, answers, &own);
                });
                Ok(())
            }
            Some("gone") => Ok(()),
            _ => send_on(event, self.answers, ctx),
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

fn send_on(event: Event, answers: bool, ctx: &Context) -> Result {
    if !answers {
        return Ok(());
    }
    let answer = match event.payload().to_value() {
        serde_json::Value::String(text) => format!("{text}!").into(),
        other => compysition_core::Payload::from(other),
    };
    ctx.send(event.with(answer))
}

/// A flow that takes from a socket.
pub(crate) struct Intake {
    pub(crate) runtime: Runtime,
    flow: Option<Flow>,
    seen: mpsc::UnboundedReceiver<Event>,
    failed: mpsc::UnboundedReceiver<Event>,
    pub(crate) go_on: Arc<Notify>,
}

impl Intake {
    pub(crate) fn start(actor: impl Actor, is_door: bool) -> Intake {
        Intake::limited(actor, is_door, Limits::default())
    }

    pub(crate) fn limited(actor: impl Actor, is_door: bool, limits: Limits) -> Intake {
        let runtime = runtime();
        let mut director = Director::new("test");
        director.set_limits(limits);
        let (seen_by, seen) = mpsc::unbounded_channel();
        let (failed_by, failed) = mpsc::unbounded_channel();
        let go_on = Arc::new(Notify::new());
        let source = director.register("zmq", actor);
        let step = |seen: &mpsc::UnboundedSender<Event>, answers| Step {
            seen: seen.clone(),
            go_on: go_on.clone(),
            answers,
        };
        let sink = director.register("step", step(&seen_by, is_door));
        let errors = director.register("errors", step(&failed_by, false));
        director.connect(source, sink);
        director.connect_error(source, errors);
        if is_door {
            director.connect(sink, source);
        }
        let flow = runtime.block_on(director.start()).unwrap();
        Intake {
            runtime,
            flow: Some(flow),
            seen,
            failed,
            go_on,
        }
    }

    pub(crate) fn next(&mut self) -> Event {
        let next = async { tokio::time::timeout(PATIENCE, self.seen.recv()).await };
        self.runtime.block_on(next).expect("nothing came").unwrap()
    }

    pub(crate) fn text(&mut self) -> String {
        let value = self.next().payload().to_value();
        value.as_str().unwrap().to_owned()
    }

    pub(crate) fn failure(&mut self) -> Event {
        let next = async { tokio::time::timeout(PATIENCE, self.failed.recv()).await };
        self.runtime
            .block_on(next)
            .expect("nothing failed")
            .unwrap()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.flow.as_ref().unwrap().snapshot()
    }

    pub(crate) fn stop(mut self) {
        let flow = self.flow.take().unwrap();
        self.runtime.block_on(flow.stop());
    }
}

/// A flow that gives to a socket, from a door and back to it.
pub(crate) struct Outlet {
    pub(crate) runtime: Runtime,
    flow: Option<Flow>,
    pub(crate) door: DoorHandle,
}

impl Outlet {
    pub(crate) fn start(actor: impl Actor) -> Outlet {
        let runtime = runtime();
        let mut director = Director::new("test");
        let (door, handle) = Door::new();
        let door = director.register("door", door);
        let outlet = director.register("zmq", actor);
        director.connect(door, outlet);
        director.connect(outlet, door);
        let flow = runtime.block_on(director.start()).unwrap();
        Outlet {
            runtime,
            flow: Some(flow),
            door: handle.within(PATIENCE),
        }
    }

    pub(crate) fn ask(&self, event: impl Into<Event>) -> Result<Event, AskError> {
        self.runtime.block_on(self.door.ask(event))
    }

    pub(crate) fn text(&self, event: impl Into<Event>) -> String {
        let answer = self.ask(event).unwrap().payload().to_value();
        answer.as_str().unwrap().to_owned()
    }

    pub(crate) fn stop(mut self) {
        let flow = self.flow.take().unwrap();
        self.runtime.block_on(flow.stop());
    }
}
