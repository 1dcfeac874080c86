//! Requests, one after the other.

use bytes::Bytes;
use compysition_convert::Codec;
use compysition_core::{Actor, Context, Error, Event, Ports, Result, TimeSpan, more_than_nothing};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::timeout;

use crate::bound::{Bound, Notice};
use crate::content::Content;
use crate::error_frame;
use crate::peers::push::not_open;
use crate::peers::{Side, envelope, wire};
use crate::socket::{Curve, Endpoints, Frames, Kind, Socket, SocketLimits, Wire};

/// Asks a program that replies (ZeroMQ's REP or ROUTER) with each event, and puts the answer in its place.
///
/// It asks one thing after the other, as REQ does; `pool` asks several at once, each over a connection of its own. It connects, unless it is told to `bind`.
/// A request without an answer in time is `timeout`; its connection is given up, so that a late answer is not taken for another's. Where peers connect
/// to us, that does not help, since they come back with it: there a number goes before the request (`correlate`). An event that
/// is tried again may then reach the peer twice. An answer `compysition/error KIND: MESSAGE`, as `zmq_rep` gives it when a request failed, is that error.
///
/// Example: `zmq_req: { connect: "tcp://127.0.0.1:9000", codec: json, timeout: 5s }`
///
/// Purpose: in and out. Patterns: channel adapter, request-reply.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct ZmqReq {
    wire: Wire,
    content: Content,
    timeout: TimeSpan,
    correlates: bool,
    asked: u64,
    socket: Option<Socket>,
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
    /// Whether a number goes before the empty frame that begins a request, which REP gives back by itself, and a program with a ROUTER as it came. If left
    /// out, it does with `bind`.
    correlate: Option<bool>,
    /// How long it may take to find a peer, and until that has answered.
    #[serde(deserialize_with = "more_than_nothing")]
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
            correlate: None,
            timeout: TimeSpan::seconds(30),
            limits: SocketLimits::default(),
        }
    }
}

impl TryFrom<Settings> for ZmqReq {
    type Error = String;

    fn try_from(settings: Settings) -> Result<ZmqReq, String> {
        let listens = !settings.bind.is_empty();
        Ok(ZmqReq {
            correlates: settings.correlate.unwrap_or(listens),
            asked: 0,
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
            socket: None,
            notice: Notice::default(),
        })
    }
}

impl ZmqReq {
    /// Returns what will tell where the actor listens.
    pub fn bound(&self) -> Bound {
        self.notice.bound()
    }

    async fn open(&mut self, ctx: &Context) -> Result {
        let socket = Socket::open(Kind::Dealer, &self.wire, ctx).await?;
        self.notice.tell(socket.bound());
        // Where it listened once it listens again.
        self.wire.bind = socket.bound().iter().cloned().collect();
        self.socket = Some(socket);
        Ok(())
    }

    async fn ask(&mut self, mut frames: Frames, ctx: &Context) -> Result<Frames> {
        self.asked += 1;
        let number = Bytes::copy_from_slice(&self.asked.to_be_bytes());
        let envelope = match self.correlates {
            true => vec![number, Bytes::new()],
            false => vec![Bytes::new()],
        };
        frames.splice(0..0, envelope.iter().cloned());
        if self.socket.is_none() {
            self.open(ctx).await?;
        }
        // If this is broken off the socket is gone: it waits for an answer that is no longer wanted.
        let socket = self.socket.take().ok_or_else(not_open)?;
        let asking = async {
            socket.send(frames).await?;
            loop {
                match envelope::split(socket.recv().await?) {
                    Ok((came, answer)) if came == envelope => return Ok(answer),
                    _ => tracing::warn!(
                        flow = ctx.flow(),
                        actor = ctx.actor(),
                        "a message is dropped: it does not answer the request"
                    ),
                }
            }
        };
        match timeout(self.timeout.0, asking).await {
            Ok(answer) => {
                self.socket = Some(socket);
                answer
            }
            Err(_) => {
                socket.discard().await;
                Err(Error::timeout("no peer has answered in time"))
            }
        }
    }
}

impl Actor for ZmqReq {
    async fn start(&mut self, ctx: &Context) -> Result {
        self.open(ctx).await
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let frames = self.content.write(event.payload())?;
        let answer = self.ask(frames, ctx).await?;
        if let Some(error) = error_frame::read(&answer) {
            return Err(error);
        }
        let payload = self.content.read(&answer, ctx).await.map_err(unreadable)?;
        ctx.send(event.with(payload))
    }

    async fn stop(&mut self, _: &Context) -> Result {
        if let Some(socket) = self.socket.take() {
            socket.close().await;
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        self.wire.ports()
    }
}

/// Says that an answer cannot be read: the fault is the peer's.
pub(crate) fn unreadable(error: Error) -> Error {
    Error::bad_gateway(format!("the answer cannot be read: {error}"))
}
