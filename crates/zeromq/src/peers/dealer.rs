//! Requests side by side, and messages without an answer.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use compysition_convert::Codec;
use compysition_core::{Actor, Context, Error, Event, Ports, Result, TimeSpan};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::bound::{Bound, Notice};
use crate::content::Content;
use crate::error_frame;
use crate::peers::push::not_open;
use crate::peers::req::unreadable;
use crate::peers::{Side, envelope, wire};
use crate::socket::{Curve, Endpoints, Frames, Kind, Socket, SocketLimits, Wire};

/// Sends each event to one of its peers, to one after the other, and puts the answer in its place (ZeroMQ's DEALER). Many requests are under way at once.
///
/// Before the payload go a number and an empty frame, which REP gives back by itself, and a program with a ROUTER gives back as it came; by the number the
/// answer finds its event. A request without an answer in time is `timeout`, and its answer, should it still come, is logged and dropped. An answer
/// `compysition/error KIND: MESSAGE`, as `zmq_rep` and `zmq_router` give it when a request failed, is that error. With `answer: false` the payload
/// is sent alone, and the event passed on. It connects, unless it is told to `bind`.
///
/// Example: `zmq_dealer: { connect: ["tcp://127.0.0.1:9000", "tcp://127.0.0.1:9001"], codec: json, timeout: 5s }`
///
/// Purpose: in and out. Patterns: channel adapter, correlation identifier, request-reply.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct ZmqDealer {
    wire: Wire,
    content: Content,
    timeout: TimeSpan,
    is_answered: bool,
    line: Option<Line>,
    notice: Notice,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Where to listen: an endpoint, `tcp://HOST:PORT` or `ipc://PATH`, or a list of them.
    bind: Endpoints,
    /// Whom to connect to: an endpoint, or a list of them; `tcp://127.0.0.1:9000` if there is neither this nor `bind`.
    connect: Endpoints,
    /// Encryption and who may connect. Without it only this machine can be reached.
    curve: Option<Curve>,
    /// Whether other machines may be reached without `curve`.
    insecure: bool,
    /// How payloads stand in frames, as `encode` and `decode` have it; if left out, as they are.
    codec: Option<Codec>,
    /// Whether payloads are lists, of which each item is a frame.
    multipart: bool,
    /// Whether an answer is waited for.
    answer: bool,
    /// How long it may take until a peer has room for an event, and has answered it.
    timeout: TimeSpan,
    /// Limits of the socket, and its times.
    limits: SocketLimits,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            bind: Endpoints::default(),
            connect: Endpoints::default(),
            curve: None,
            insecure: false,
            codec: None,
            multipart: false,
            answer: true,
            timeout: TimeSpan::seconds(30),
            limits: SocketLimits::default(),
        }
    }
}

impl TryFrom<Settings> for ZmqDealer {
    type Error = String;

    fn try_from(settings: Settings) -> Result<ZmqDealer, String> {
        Ok(ZmqDealer {
            wire: wire(
                Side::Connects,
                settings.bind,
                settings.connect,
                settings.curve,
                settings.insecure,
                settings.limits,
            )?,
            content: Content {
                codec: settings.codec,
                multipart: settings.multipart,
            },
            timeout: settings.timeout,
            is_answered: settings.answer,
            line: None,
            notice: Notice::default(),
        })
    }
}

/// The socket, and who waits for an answer that comes over it.
#[derive(Clone)]
struct Line {
    socket: Arc<Socket>,
    waiting: Waiting,
    asked: u64,
}

type Waiting = Arc<Mutex<HashMap<u64, oneshot::Sender<Frames>>>>;

/// A place among those who wait, given up when it is dropped.
struct Place {
    number: u64,
    waiting: Waiting,
    answer: oneshot::Receiver<Frames>,
}

impl Line {
    fn wait(&mut self) -> Place {
        let (sender, answer) = oneshot::channel();
        self.asked += 1;
        let number = self.asked;
        self.waiting.lock().insert(number, sender);
        let waiting = self.waiting.clone();
        Place {
            number,
            waiting,
            answer,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.waiting.lock().remove(&self.number);
    }
}

/// Gives answers to who waits for them, until the socket is closed.
async fn distribute(socket: Arc<Socket>, waiting: Waiting, ctx: Context) {
    while let Ok(frames) = socket.recv().await {
        let given = envelope::split(frames).ok().and_then(|(envelope, body)| {
            let number = envelope.first()?.as_ref().try_into().ok()?;
            let place = waiting.lock().remove(&u64::from_be_bytes(number))?;
            place.send(body).ok()
        });
        if given.is_none() {
            tracing::warn!(
                flow = ctx.flow(),
                actor = ctx.actor(),
                "a message is dropped: it answers no request that waits"
            );
        }
    }
}

impl ZmqDealer {
    /// Returns what will tell where the actor listens.
    pub fn bound(&self) -> Bound {
        self.notice.bound()
    }
}

impl Actor for ZmqDealer {
    async fn start(&mut self, ctx: &Context) -> Result {
        let socket = Arc::new(Socket::open(Kind::Dealer, &self.wire, ctx).await?);
        self.notice.tell(socket.bound());
        let waiting = Waiting::default();
        let task = distribute(socket.clone(), waiting.clone(), ctx.clone());
        ctx.spawner().spawn(task);
        self.line = Some(Line {
            socket,
            waiting,
            asked: 0,
        });
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let mut frames = self.content.write(event.payload())?;
        let line = self.line.as_mut().ok_or_else(not_open)?;
        let deadline = Instant::now() + self.timeout.0;
        let place = self.is_answered.then(|| line.wait());
        if let Some(place) = &place {
            let number = Bytes::copy_from_slice(&place.number.to_be_bytes());
            frames.splice(0..0, [number, Bytes::new()]);
        }
        // Here, and not in the background, so that events leave in the order in which they came.
        match timeout_at(deadline, line.socket.send(frames)).await {
            Ok(sent) => sent?,
            Err(_) => return Err(Error::timeout("no peer has taken it in time")),
        }
        let Some(mut place) = place else {
            return ctx.send(event);
        };
        let content = self.content.clone();
        ctx.spawn(event, move |event, ctx| async move {
            let answer = match timeout_at(deadline, &mut place.answer).await {
                Ok(answer) => answer.map_err(|_| not_open())?,
                Err(_) => return Err(Error::timeout("no peer has answered in time")),
            };
            if let Some(error) = error_frame::read(&answer) {
                return Err(error);
            }
            let payload = content.read(&answer, &ctx).await.map_err(unreadable)?;
            ctx.send(event.with(payload))
        });
        Ok(())
    }

    async fn stop(&mut self, _: &Context) -> Result {
        if let Some(line) = self.line.take() {
            line.socket.close().await;
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        let ports = self.wire.ports();
        match self.is_answered {
            true => ports,
            false => ports.sink(),
        }
    }
}
