//! Events to whoever has subscribed.

use bytes::Bytes;
use compysition_convert::Codec;
use compysition_core::{Actor, Context, Event, Ports, Result};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::bound::{Bound, Notice};
use crate::content::Content;
use crate::peers::push::not_open;
use crate::peers::{Side, wire};
use crate::socket::{Curve, Endpoints, Kind, Socket, SocketLimits, Wire};

/// Sends each event to all programs that have subscribed to its topic (ZeroMQ's PUB). It passes the event on when it is sent.
///
/// The first frame is the `topic`, by the beginning of which subscribers choose, and the payload is the next; without `topic` the payload is all there is.
/// It never waits: who has not subscribed yet, or does not keep up with `high_water_mark` messages, misses events, and nobody learns of it. That is what
/// PUB means; for what must arrive there is `zmq_push`. A peer with more than 10,000 subscriptions is disconnected.
///
/// Example: `zmq_pub: { bind: "tcp://127.0.0.1:9000", topic: "orders.{{ attributes.region }}", codec: json }`
///
/// Purpose: in and out. Patterns: channel adapter, publish-subscribe channel.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct ZmqPub {
    wire: Wire,
    topic: Option<Template>,
    content: Content,
    socket: Option<Socket>,
    notice: Notice,
}

#[derive(Default, Deserialize, JsonSchema)]
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
    /// The topic, a template.
    topic: Option<Template>,
    /// How the payload stands in a frame, as `encode` has it; if left out, as it is.
    codec: Option<Codec>,
    /// Whether the payload is a list, of which each item is a frame.
    multipart: bool,
    /// Limits of the socket, and its times.
    limits: SocketLimits,
}

impl TryFrom<Settings> for ZmqPub {
    type Error = String;

    fn try_from(settings: Settings) -> Result<ZmqPub, String> {
        Ok(ZmqPub {
            wire: wire(
                Side::Binds,
                settings.bind,
                settings.connect,
                settings.curve,
                settings.insecure,
                settings.limits,
            )?,
            topic: settings.topic,
            content: Content {
                codec: settings.codec,
                multipart: settings.multipart,
            },
            socket: None,
            notice: Notice::default(),
        })
    }
}

impl ZmqPub {
    /// Returns what will tell where the actor listens.
    pub fn bound(&self) -> Bound {
        self.notice.bound()
    }
}

impl Actor for ZmqPub {
    async fn start(&mut self, ctx: &Context) -> Result {
        let socket = Socket::open(Kind::Pub, &self.wire, ctx).await?;
        self.notice.tell(socket.bound());
        self.socket = Some(socket);
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let mut frames = self.content.write(event.payload())?;
        if let Some(topic) = &self.topic {
            frames.insert(0, Bytes::from(topic.render((&event, ctx))?));
        }
        self.socket
            .as_ref()
            .ok_or_else(not_open)?
            .send(frames)
            .await?;
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
