//! Requests of foreign programs, and their answers.

use compysition_convert::Codec;
use compysition_core::{Actor, Context, Event, Ports, Result, TimeSpan, more_than_nothing};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::bound::Bound;
use crate::content::Content;
use crate::peers::door::{Door, Envelope, Rules};
use crate::peers::{Side, wire};
use crate::socket::{Curve, Endpoints, SocketLimits};

/// Makes an event of each request of a program that asks (ZeroMQ's REQ or DEALER), and answers it with what reaches its inbox, or `reply`.
///
/// Many requests may be under way; each answer goes to who has asked. When the flow cannot answer, the client gets a frame
/// `compysition/error KIND: MESSAGE`. Who asks is `attributes.zmq`: `identity` (the routing id), `address` and, with `curve`, `key`. A message without
/// the empty frame that REQ puts before a request is no request: it takes the error path and is not answered. A request is taken when the flow has room for
/// it, and no sooner. It listens, unless it is told to `connect`.
///
/// Example: `zmq_rep: { bind: "tcp://127.0.0.1:9000", codec: json, deadline: 5s }`
///
/// Purpose: in and out. Patterns: channel adapter, request-reply, return address.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct ZmqRep(Door);

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Where to listen: an endpoint, `tcp://HOST:PORT` or `ipc://PATH`, or a list of them; `tcp://127.0.0.1:9000` if there is neither this nor `connect`.
    bind: Endpoints,
    /// Whom to connect to: an endpoint, or a list of them.
    connect: Endpoints,
    /// Encryption and who may connect. Without it only this machine can be reached.
    curve: Option<Curve>,
    /// Whether other machines may be reached without `curve`.
    insecure: bool,
    /// How payloads stand in frames, as `decode` and `encode` have it; if left out, as they are.
    codec: Option<Codec>,
    /// Whether payloads are lists of all frames; otherwise a message has one.
    multipart: bool,
    /// How long the flow may take for an answer; then the client is told that it failed as `timeout`.
    #[serde(deserialize_with = "more_than_nothing")]
    deadline: TimeSpan,
    /// How long a client may take for room for its answer.
    #[serde(deserialize_with = "more_than_nothing")]
    write_timeout: TimeSpan,
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
            deadline: TimeSpan::seconds(30),
            write_timeout: TimeSpan::seconds(30),
            limits: SocketLimits::default(),
        }
    }
}

impl TryFrom<Settings> for ZmqRep {
    type Error = String;

    fn try_from(settings: Settings) -> Result<ZmqRep, String> {
        let Settings {
            bind,
            connect,
            curve,
            insecure,
            codec,
            multipart,
            deadline,
            write_timeout,
            limits,
        } = settings;
        Ok(ZmqRep(Door::new(
            wire(Side::Binds, bind, connect, curve, insecure, limits)?,
            Rules {
                content: Content { codec, multipart },
                envelope: Envelope::Required,
                answers: true,
                deadline: deadline.0,
                write_timeout: write_timeout.0,
            },
        )))
    }
}

impl ZmqRep {
    /// Returns what will tell where the actor listens.
    pub fn bound(&self) -> Bound {
        self.0.bound()
    }
}

impl Actor for ZmqRep {
    async fn start(&mut self, ctx: &Context) -> Result {
        self.0.start(ctx).await
    }

    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        // The engine takes answers off before they come here.
        self.0.send(event).await
    }

    async fn stop(&mut self, _: &Context) -> Result {
        self.0.stop().await
    }

    fn ports(&self) -> Ports {
        self.0.ports()
    }
}
