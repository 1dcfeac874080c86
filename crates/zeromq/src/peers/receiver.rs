//! What comes from whoever pushes or publishes.

use std::sync::Arc;

use bytes::Bytes;
use compysition_convert::Codec;
use compysition_core::{
    Actor, Admission, Context, Error, ErrorKind, Event, Payload, Ports, Result, Settlement, Source,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::bound::{Bound, Notice};
use crate::content::{Content, raw};
use crate::identity;
use crate::intake::Intake;
use crate::peers::{Side, wire};
use crate::socket::{Curve, Endpoints, Frames, Kind, Socket, SocketLimits, Wire};

/// Makes an event of each message that programs push (ZeroMQ's PULL).
///
/// It listens, unless it is told to `connect`; either side may start first. A message is taken when the flow has room for it, and no sooner: what has none
/// stays in the queues, first here, then with the peers. What cannot be read takes the error path with its bytes as the payload.
///
/// Example: `zmq_pull: { bind: "tcp://127.0.0.1:9000", codec: json }`
///
/// Purpose: in and out. Patterns: channel adapter, competing consumers.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "PullSettings")]
#[schemars(with = "PullSettings")]
pub struct ZmqPull(Receiver);

/// Makes an event of each message that programs publish under the topics (ZeroMQ's SUB).
///
/// Of a message with several frames the first is the topic, which becomes `attributes.zmq.topic`, and the rest the payload; one of a single frame is its own
/// topic. It connects, unless it is told to `bind`. What is published before it has connected is missed, and so is what comes faster than the flow has room:
/// that is how PUB and SUB are.
///
/// Example: `zmq_sub: { connect: "tcp://127.0.0.1:9000", topics: [orders., prices.], codec: json }`
///
/// Purpose: in and out. Patterns: channel adapter, publish-subscribe channel.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "SubSettings")]
#[schemars(with = "SubSettings")]
pub struct ZmqSub(Receiver);

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PullSettings {
    /// Where to listen: an endpoint, `tcp://HOST:PORT` or `ipc://PATH`, or a list of them; `tcp://127.0.0.1:9000` if there is neither this nor `connect`.
    bind: Endpoints,
    /// Whom to connect to: an endpoint, or a list of them.
    connect: Endpoints,
    /// Encryption and who may connect. Without it only this machine can be reached.
    curve: Option<Curve>,
    /// Whether other machines may be reached without `curve`.
    insecure: bool,
    /// How the payload stands in a frame, as `decode` has it; if left out, as it is.
    codec: Option<Codec>,
    /// Whether the payload becomes the list of all frames; otherwise a message has one.
    multipart: bool,
    /// Limits of the socket, and its times.
    limits: SocketLimits,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct SubSettings {
    /// Where to listen: an endpoint, `tcp://HOST:PORT` or `ipc://PATH`, or a list of them.
    bind: Endpoints,
    /// Whom to connect to: an endpoint, or a list of them; `tcp://127.0.0.1:9000` if there is neither this nor `bind`.
    connect: Endpoints,
    /// Encryption and who may connect. Without it only this machine can be reached.
    curve: Option<Curve>,
    /// Whether other machines may be reached without `curve`.
    insecure: bool,
    /// What the topics begin with; if left out, everything.
    topics: Vec<String>,
    /// How the payload stands in a frame, as `decode` has it; if left out, as it is.
    codec: Option<Codec>,
    /// Whether the payload becomes the list of all frames after the topic; otherwise there is one.
    multipart: bool,
    /// Limits of the socket, and its times.
    limits: SocketLimits,
}

impl Default for SubSettings {
    fn default() -> SubSettings {
        SubSettings {
            bind: Endpoints::default(),
            connect: Endpoints::default(),
            curve: None,
            insecure: false,
            topics: vec![String::new()],
            codec: None,
            multipart: false,
            limits: SocketLimits::default(),
        }
    }
}

impl TryFrom<PullSettings> for ZmqPull {
    type Error = String;

    fn try_from(settings: PullSettings) -> Result<ZmqPull, String> {
        let PullSettings {
            bind,
            connect,
            curve,
            insecure,
            codec,
            multipart,
            limits,
        } = settings;
        Ok(ZmqPull(Receiver {
            wire: wire(Side::Binds, bind, connect, curve, insecure, limits)?,
            topics: None,
            content: Content { codec, multipart },
            notice: Notice::default(),
            socket: None,
        }))
    }
}

impl TryFrom<SubSettings> for ZmqSub {
    type Error = String;

    fn try_from(settings: SubSettings) -> Result<ZmqSub, String> {
        let SubSettings {
            bind,
            connect,
            curve,
            insecure,
            topics,
            codec,
            multipart,
            limits,
        } = settings;
        if topics.is_empty() {
            return Err("`topics: []` hears nothing; leave it out for everything".into());
        }
        Ok(ZmqSub(Receiver {
            wire: wire(Side::Connects, bind, connect, curve, insecure, limits)?,
            topics: Some(topics),
            content: Content { codec, multipart },
            notice: Notice::default(),
            socket: None,
        }))
    }
}

/// What the two have in common.
struct Receiver {
    wire: Wire,
    /// What a SUB subscribes to.
    topics: Option<Vec<String>>,
    content: Content,
    notice: Notice,
    socket: Option<Arc<Socket>>,
}

impl Receiver {
    async fn start(&mut self, ctx: &Context) -> Result {
        let kind = match self.topics {
            None => Kind::Pull,
            Some(_) => Kind::Sub,
        };
        let socket = Arc::new(Socket::open(kind, &self.wire, ctx).await?);
        for topic in self.topics.iter().flatten() {
            socket.subscribe(topic).await?;
        }
        self.notice.tell(socket.bound());
        self.socket = Some(socket.clone());
        let task = Receiving {
            socket,
            content: self.content.clone(),
            has_topics: self.topics.is_some(),
            largest: self.wire.limits.max_message_size.0,
        };
        let spawner = ctx.spawner();
        ctx.produce(move |source: Source| async move {
            // In a task of its own, which the end of the sources does not break off with a message in hand.
            let stopping = source.stopping();
            spawner.spawn(task.run(source));
            stopping.await;
            Ok(())
        });
        Ok(())
    }

    async fn stop(&mut self) -> Result {
        if let Some(socket) = self.socket.take() {
            socket.close().await;
        }
        Ok(())
    }
}

struct Receiving {
    socket: Arc<Socket>,
    content: Content,
    has_topics: bool,
    largest: usize,
}

impl Receiving {
    async fn run(self, source: Source) {
        let mut stopping = std::pin::pin!(source.stopping());
        let mut intake = Intake::new(source.clone(), self.largest);
        while let Some(mut admission) = intake.admit().await {
            let frames = tokio::select! {
                biased;
                () = &mut stopping => break,
                received = self.socket.recv() => match received {
                    Ok(frames) => frames,
                    Err(_) => return,
                },
            };
            admission.has_come();
            let (event, frames) = self.named(frames);
            let size = frames.iter().map(Bytes::len).sum();
            let read = match intake.check(size) {
                Ok(()) => self.content.read(&frames, source.context()).await,
                Err(error) => Err(error),
            };
            drop(match read {
                Ok(payload) => admission.emit(None, event.with(payload)),
                Err(error) => failed(admission, event, &frames, error),
            });
        }
        let left = std::iter::from_fn(|| self.socket.try_recv()).count();
        if left > 0 {
            let ctx = source.context();
            tracing::warn!(
                flow = ctx.flow(),
                actor = ctx.actor(),
                "{left} messages that had come were not taken, since the flow stops"
            );
        }
    }

    /// Takes off the topic.
    fn named(&self, mut frames: Frames) -> (Event, Frames) {
        if !self.has_topics || frames.len() < 2 {
            return (Event::new(()), frames);
        }
        let topic = identity::write(&frames.remove(0));
        let event = Event::new(()).with_attribute("zmq", json!({ "topic": topic }));
        (event, frames)
    }
}

/// Lets what cannot be read take the error path, with as much of it as the flow has room for.
pub(crate) fn failed(
    admission: Admission,
    event: Event,
    frames: &[Bytes],
    error: Error,
) -> Settlement {
    let payload = match error.kind() {
        ErrorKind::TooLarge => Payload::Empty,
        _ => raw(frames),
    };
    admission.emit_failed(event.with(payload), error)
}

impl ZmqPull {
    /// Returns what will tell where the actor listens.
    pub fn bound(&self) -> Bound {
        self.0.notice.bound()
    }
}

impl Actor for ZmqPull {
    async fn start(&mut self, ctx: &Context) -> Result {
        self.0.start(ctx).await
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Err(Error::internal("nothing can be sent to a `zmq_pull`"))
    }

    async fn stop(&mut self, _: &Context) -> Result {
        self.0.stop().await
    }

    fn ports(&self) -> Ports {
        self.0.wire.ports().source().ungrouped().single()
    }
}

impl ZmqSub {
    /// Returns what will tell where the actor listens.
    pub fn bound(&self) -> Bound {
        self.0.notice.bound()
    }
}

impl Actor for ZmqSub {
    async fn start(&mut self, ctx: &Context) -> Result {
        self.0.start(ctx).await
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Err(Error::internal("nothing can be sent to a `zmq_sub`"))
    }

    async fn stop(&mut self, _: &Context) -> Result {
        self.0.stop().await
    }

    fn ports(&self) -> Ports {
        self.0.wire.ports().source().ungrouped().single()
    }
}
