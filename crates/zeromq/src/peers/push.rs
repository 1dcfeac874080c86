//! Events to whoever pulls.

use std::sync::Arc;

use compysition_convert::Codec;
use compysition_core::{Actor, Context, Error, Event, Ports, Result, TimeSpan};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::timeout;

use crate::bound::{Bound, Notice};
use crate::content::Content;
use crate::peers::{Side, wire};
use crate::socket::{Curve, Endpoints, Kind, Socket, SocketLimits, Wire};

/// Sends each event to one of the programs that pull, to one after the other (ZeroMQ's PUSH). It passes the event on when it is sent.
///
/// It connects, unless it is told to `bind`; either side may start first. An event that no peer takes in time, since none is there or their queues are
/// full, is `timeout`: `retry` tries it again. What is sent may still be lost with the peer: ZeroMQ has no acknowledgement.
///
/// Example: `zmq_push: { connect: "tcp://127.0.0.1:9000", codec: json }`
///
/// Purpose: in and out. Patterns: channel adapter, competing consumers.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct ZmqPush {
    wire: Wire,
    content: Content,
    timeout: TimeSpan,
    socket: Option<Arc<Socket>>,
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
    /// How the payload stands in a frame, as `encode` has it; if left out, as it is.
    codec: Option<Codec>,
    /// Whether the payload is a list, of which each item is a frame.
    multipart: bool,
    /// How long it may take until a peer has room for an event.
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
            timeout: TimeSpan::seconds(30),
            limits: SocketLimits::default(),
        }
    }
}

impl TryFrom<Settings> for ZmqPush {
    type Error = String;

    fn try_from(settings: Settings) -> Result<ZmqPush, String> {
        Ok(ZmqPush {
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

impl ZmqPush {
    /// Returns what will tell where the actor listens.
    pub fn bound(&self) -> Bound {
        self.notice.bound()
    }
}

impl Actor for ZmqPush {
    async fn start(&mut self, ctx: &Context) -> Result {
        let socket = Socket::open(Kind::Push, &self.wire, ctx).await?;
        self.notice.tell(socket.bound());
        self.socket = Some(Arc::new(socket));
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let frames = self.content.write(event.payload())?;
        let socket = self.socket.as_ref().ok_or_else(not_open)?;
        match timeout(self.timeout.0, socket.send(frames)).await {
            Ok(sent) => sent?,
            Err(_) => return Err(Error::timeout("no peer has taken it in time")),
        }
        ctx.send(event)
    }

    async fn stop(&mut self, _: &Context) -> Result {
        if let Some(socket) = self.socket.take() {
            socket.close().await;
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        self.wire.ports().sink()
    }
}

/// Says that an actor has not been started, which the engine does not let happen.
pub(crate) fn not_open() -> Error {
    Error::internal("the socket is not open")
}
