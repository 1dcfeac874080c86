//! Messages of peers that are known by name.

use compysition_convert::Codec;
use compysition_core::{Actor, Context, Event, Ports, Result, TimeSpan, more_than_nothing};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::bound::Bound;
use crate::content::Content;
use crate::peers::door::{Door, Envelope, Rules};
use crate::peers::{Side, wire};
use crate::socket::{Curve, Endpoints, SocketLimits};

/// Makes an event of each message of its peers, and answers it with what reaches its inbox, or `reply` (ZeroMQ's ROUTER).
///
/// It does what `zmq_rep` does, and takes messages of a DEALER without an empty frame as well. With `answer: false` it is no door: what comes is not
/// answered, and an event at its inbox is sent to the peer that `attributes.zmq.identity` names, and ends there; a peer that is not connected is `unavailable`.
///
/// Example: `zmq_router: { bind: "ipc:///run/flow.sock", multipart: true, answer: false }`
///
/// Purpose: in and out. Patterns: channel adapter, request-reply, return address.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct ZmqRouter(Door);

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
    /// Whether what comes is answered.
    answer: bool,
    /// Whether the frames up to the first empty one are an envelope, which goes back before the answer; otherwise they belong to the payload.
    envelope: bool,
    /// How long the flow may take for an answer; then the client is told that it failed as `timeout`.
    #[serde(deserialize_with = "more_than_nothing")]
    deadline: TimeSpan,
    /// How long a client may take for room for what it is sent.
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
            answer: true,
            envelope: true,
            deadline: TimeSpan::seconds(30),
            write_timeout: TimeSpan::seconds(30),
            limits: SocketLimits::default(),
        }
    }
}

impl TryFrom<Settings> for ZmqRouter {
    type Error = String;

    fn try_from(settings: Settings) -> Result<ZmqRouter, String> {
        let Settings {
            bind,
            connect,
            curve,
            insecure,
            codec,
            multipart,
            answer,
            envelope,
            deadline,
            write_timeout,
            limits,
        } = settings;
        Ok(ZmqRouter(Door::new(
            wire(Side::Binds, bind, connect, curve, insecure, limits)?,
            Rules {
                content: Content { codec, multipart },
                envelope: match envelope {
                    true => Envelope::Optional,
                    false => Envelope::None,
                },
                answers: answer,
                deadline: deadline.0,
                write_timeout: write_timeout.0,
            },
        )))
    }
}

impl ZmqRouter {
    /// Returns what will tell where the actor listens.
    pub fn bound(&self) -> Bound {
        self.0.bound()
    }
}

impl Actor for ZmqRouter {
    async fn start(&mut self, ctx: &Context) -> Result {
        self.0.start(ctx).await
    }

    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        self.0.send(event).await
    }

    async fn stop(&mut self, _: &Context) -> Result {
        self.0.stop().await
    }

    fn ports(&self) -> Ports {
        self.0.ports()
    }
}
