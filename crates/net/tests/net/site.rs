//! A flow with one of the actors that take frames, and clients of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{
    Actor, Context, Director, Error, Event, Flow, Limits, Payload, Ports, Result, Snapshot,
};
use compysition_net::{Bound, TcpIn, UdpIn};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

/// What reached an actor: the payload, the attribute `tcp` or `udp`, and the error.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) payload: Payload,
    pub(crate) from: Value,
    pub(crate) error: Option<Error>,
}

impl Seen {
    pub(crate) fn text(&self) -> &str {
        self.payload.text().unwrap()
    }
}

/// Tells what it sees, and does what the payload says: fails, waits until it may go on, ends, or answers.
pub(crate) struct Step {
    pub(crate) seen: mpsc::UnboundedSender<Seen>,
    pub(crate) go_on: Arc<Notify>,
    pub(crate) answers: bool,
}

impl Actor for Step {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let from = ["tcp", "udp"].iter().find_map(|name| event.attribute(name));
        let seen = Seen {
            payload: event.payload().clone(),
            from: from.map(|from| from.into_owned()).unwrap_or_default(),
            error: event.error().map(|failure| failure.error.clone()),
        };
        let text = String::from_utf8_lossy(event.bytes()?).into_owned();
        let is_error = seen.error.is_some();
        let _ = self.seen.send(seen);
        match text.as_str() {
            _ if is_error => Ok(()),
            "down" => Err(Error::unavailable("the store\tis down")),
            "secret" => Err(Error::internal("password")),
            "panic" => panic!("as it was told"),
            "slow" => {
                self.go_on.notified().await;
                self.answer(event, ctx)
            }
            "gone" => Ok(()),
            "two lines" => ctx.send(event.with("a\nb")),
            _ => self.answer(event, ctx),
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

impl Step {
    fn answer(&self, event: Event, ctx: &Context) -> Result {
        match self.answers {
            true => ctx.send(event),
            false => Ok(()),
        }
    }
}

pub(crate) struct Site {
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) flow: Option<Flow>,
    pub(crate) address: SocketAddr,
    seen: Mutex<mpsc::UnboundedReceiver<Seen>>,
    failed: Mutex<mpsc::UnboundedReceiver<Seen>>,
    pub(crate) go_on: Arc<Notify>,
}

impl Site {
    /// Starts `tcp_in -> step`, and back if it answers.
    pub(crate) fn tcp(more: Value) -> Site {
        Site::tcp_with(more, Limits::default())
    }

    pub(crate) fn tcp_with(more: Value, limits: Limits) -> Site {
        let answers = more["answer"] == true;
        let actor: TcpIn = serde_json::from_value(at_any_port(more)).unwrap();
        let bound = actor.bound();
        Site::of(actor, bound, answers, limits)
    }

    /// Starts `udp_in -> step`.
    pub(crate) fn udp(more: Value, limits: Limits) -> Site {
        let actor: UdpIn = serde_json::from_value(at_any_port(more)).unwrap();
        let bound = actor.bound();
        Site::of(actor, bound, false, limits)
    }

    fn of(actor: impl Actor, bound: Bound, answers: bool, limits: Limits) -> Site {
        let (sender, seen) = mpsc::unbounded_channel();
        let go_on = Arc::new(Notify::new());
        let (errors, failed) = mpsc::unbounded_channel();
        let step = Step {
            seen: sender,
            go_on: go_on.clone(),
            answers,
        };
        let errors = Step {
            seen: errors,
            go_on: go_on.clone(),
            answers: false,
        };
        let mut director = Director::new("test");
        director.set_limits(limits);
        let source = director.register("in", actor);
        let step = director.register("step", step);
        let errors = director.register("errors", errors);
        director.connect(source, step);
        director.connect_error(source, errors);
        if answers {
            director.connect(step, source);
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let flow = Some(runtime.block_on(director.start()).unwrap());
        Site {
            runtime,
            flow,
            address: bound.get().unwrap(),
            seen: Mutex::new(seen),
            failed: Mutex::new(failed),
            go_on,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::to(self.address)
    }

    /// Waits for what reaches the flow next.
    pub(crate) fn next(&self) -> Seen {
        self.wait(&mut self.seen.lock())
    }

    /// Waits for what takes the error path of the actor next.
    pub(crate) fn failed(&self) -> (Seen, Error) {
        let seen = self.wait(&mut self.failed.lock());
        let error = seen.error.clone().unwrap();
        (seen, error)
    }

    fn wait(&self, of: &mut mpsc::UnboundedReceiver<Seen>) -> Seen {
        let next = async { tokio::time::timeout(Duration::from_secs(60), of.recv()).await };
        self.runtime.block_on(next).unwrap().unwrap()
    }

    pub(crate) fn texts(&self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.next().text().to_owned()).collect()
    }

    pub(crate) fn has_seen_all(&self) -> bool {
        self.seen.lock().is_empty() && self.failed.lock().is_empty()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.flow.as_ref().unwrap().snapshot()
    }

    pub(crate) fn stop(mut self) -> Snapshot {
        let flow = self.flow.take().unwrap();
        let stopped = self.runtime.block_on(flow.stop());
        assert!(stopped.is_clean(), "{stopped:?}");
        let snapshot = flow.snapshot();
        assert_eq!(snapshot.imbalance(), None);
        snapshot
    }
}

fn at_any_port(more: Value) -> Value {
    let mut settings = json!({ "address": "127.0.0.1:0" });
    let all = settings.as_object_mut().unwrap();
    all.extend(more.as_object().unwrap().clone());
    settings
}

/// A client that says what it likes.
pub(crate) struct Client(pub(crate) BufReader<TcpStream>);

impl Client {
    pub(crate) fn to(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        let patience = Some(Duration::from_secs(60));
        stream.set_read_timeout(patience).unwrap();
        Client(BufReader::new(stream))
    }

    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Says nothing more, but listens still.
    pub(crate) fn end(&mut self) {
        self.0
            .get_mut()
            .shutdown(std::net::Shutdown::Write)
            .unwrap();
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Waits until the connection is closed, and returns what came before.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = self.0.read_to_end(&mut rest);
        String::from_utf8(rest).unwrap()
    }
}
