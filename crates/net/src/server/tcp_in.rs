//! Frames that come over TCP.

use std::sync::Arc;
use std::time::Duration;

use compysition_convert::Codec;
use compysition_core::{
    Actor, ByteSize, Context, Error, Event, Ports, Result, Source, Spawner, TimeSpan,
    more_than_nothing,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::address::Address;
use crate::bound::{Bound, Notice};
use crate::frames::Format;
use crate::framing::Framing;
use crate::server::connection::{Peer, serve};
use crate::server::rules::{Host, Reply, Rules};
use crate::tls::ServerTls;

/// How long the flow waits at its end for clients that do not take what they are told last.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long to wait when no connection can be taken, as when there are no more file descriptors.
const RESPITE: Duration = Duration::from_millis(100);

/// Makes an event of each frame that comes over TCP: of each line, if `framing` says nothing else.
///
/// While there is no room in the flow, connections are not read on. Who sent an event is `attributes.tcp`: `peer` (the address), `connection` (its
/// number, from 1) and `tls`. What cannot be read takes the error path with its bytes as the payload, and so does a half frame at the end of a
/// connection. After a frame that is larger than `max_frame` the connection is closed, and the log says why.
///
/// Without more the client hears nothing. With `acknowledge` it is told that text when all of the frame's event was delivered, or kept in the dead
/// letters. With `answer: true` the actor is a door: what reaches its inbox, or `reply`, is written back, framed as what came; a frame whose last event
/// ends unanswered is told its error, as a line `error KIND: MESSAGE`, or as `{"errors": […]}` with `codec: json` or `message_pack`. Both come in the
/// order of the frames, of which 256 may wait.
///
/// Example: `tcp_in: { address: "127.0.0.1:9000", framing: { length: 4 }, codec: json, answer: true }`
///
/// Purpose: in and out. Patterns: channel adapter, request-reply.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct TcpIn {
    address: Address,
    rules: Arc<Rules>,
    tls: Option<ServerTls>,
    max_connections: u32,
    connections: Arc<Semaphore>,
    notice: Notice,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Where to listen; port 0 lets the system choose one, which the log tells.
    address: Address,
    /// Where a frame ends.
    framing: Framing,
    /// How the payload stands in a frame, as `decode` has it; `text` for lines by default, and for others the bytes as they are.
    codec: Option<Codec>,
    /// How large a frame may be. A connection keeps one that is not all there beside what the flow has under way.
    max_frame: ByteSize,
    /// Whether the client is told what the flow answers.
    answer: bool,
    /// How long the flow may take for an answer; then the client is told that it failed as `timeout`.
    #[serde(deserialize_with = "more_than_nothing")]
    deadline: TimeSpan,
    /// What the client is told when a frame was delivered; framed as what came.
    acknowledge: Option<String>,
    /// What the client is told when a frame failed, with `acknowledge`; if left out, the connection is closed then.
    refuse: Option<String>,
    /// How many clients may be connected; the connections of more are closed at once.
    max_connections: u32,
    /// How long a client may say nothing, while it waits for nothing; `0` for no end.
    idle_timeout: TimeSpan,
    /// How long a client may take for what it is told.
    #[serde(deserialize_with = "more_than_nothing")]
    write_timeout: TimeSpan,
    /// The files for TLS; without them nothing is encrypted.
    tls: Option<ServerTls>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            address: Address::local(9000),
            framing: Framing::Lines,
            codec: None,
            max_frame: ByteSize(1 << 20),
            answer: false,
            deadline: TimeSpan::seconds(30),
            acknowledge: None,
            refuse: None,
            max_connections: 100,
            idle_timeout: TimeSpan::seconds(600),
            write_timeout: TimeSpan::seconds(30),
            tls: None,
        }
    }
}

impl TryFrom<Settings> for TcpIn {
    type Error = String;

    fn try_from(settings: Settings) -> Result<TcpIn, String> {
        let text = |error: Error| error.message().to_owned();
        let format = Format::new(settings.framing, settings.codec, settings.max_frame.0)?;
        if let Some(tls) = &settings.tls {
            tls.acceptor().map_err(text)?;
        }
        if settings.max_connections == 0 {
            return Err("`max_connections: 0` takes nobody; it is at least 1".into());
        }
        let written = |name: &str, said: String| {
            let frame = format.framing().wrap(said.as_bytes());
            frame.map_err(|error| format!("`{name}`: {error}"))
        };
        let reply = match (settings.answer, settings.acknowledge, settings.refuse) {
            (false, None, None) => Reply::Nothing,
            (true, None, None) => Reply::Answer,
            (true, _, _) => return Err(
                "a client is told either the `answer` or that its frame was taken (`acknowledge`)"
                    .into(),
            ),
            (false, None, Some(_)) => return Err("`refuse` needs `acknowledge`".into()),
            (false, Some(taken), refused) => Reply::Receipt {
                taken: written("acknowledge", taken)?,
                refused: refused.map(|said| written("refuse", said)).transpose()?,
            },
        };
        let idle = settings.idle_timeout.0;
        let rules = Rules {
            format,
            reply,
            idle_timeout: (!idle.is_zero()).then_some(idle),
            write_timeout: settings.write_timeout.0,
            deadline: settings.deadline.0,
        };
        Ok(TcpIn {
            address: settings.address,
            rules: Arc::new(rules),
            tls: settings.tls,
            max_connections: settings.max_connections,
            connections: Arc::new(Semaphore::new(settings.max_connections as usize)),
            notice: Notice::default(),
        })
    }
}

impl TcpIn {
    /// Returns what will tell the address that the actor listens on.
    pub fn bound(&self) -> Bound {
        self.notice.bound()
    }
}

impl Actor for TcpIn {
    async fn start(&mut self, ctx: &Context) -> Result {
        let acceptor = self.tls.as_ref().map(ServerTls::acceptor).transpose()?;
        let unusable = |error| {
            let message = format!("cannot listen on {}: {error}", self.address);
            Error::unavailable(message).with_source(error)
        };
        let listener = TcpListener::bind(self.address.as_str()).await;
        let listener = listener.map_err(unusable)?;
        let address = listener.local_addr()?;
        tracing::info!(flow = ctx.flow(), actor = ctx.actor(), %address, "listening on tcp://{address}");
        self.notice.tell(address);
        let (rules, connections) = (self.rules.clone(), self.connections.clone());
        let spawner = ctx.spawner();
        ctx.produce(move |source: Source| async move {
            let host = Arc::new(Host {
                rules,
                source,
                acceptor,
            });
            listen(listener, host, connections, spawner).await
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Err(Error::internal(
            "nothing can be sent to a `tcp_in`, unless it has `answer: true`",
        ))
    }

    async fn stop(&mut self, _: &Context) -> Result {
        // All of them have been told the last, or never take it.
        let all = self.connections.acquire_many(self.max_connections);
        let _ = timeout(FAREWELL, all).await;
        Ok(())
    }

    fn ports(&self) -> Ports {
        let ports = Ports::any().outside().listens([self.address.as_str()]);
        match self.rules.reply {
            Reply::Answer => ports.door(),
            _ => ports.source().ungrouped().single(),
        }
    }
}

/// Takes connections until the flow stops; each is served by a task of its own.
async fn listen(
    listener: TcpListener,
    host: Arc<Host>,
    connections: Arc<Semaphore>,
    spawner: Spawner,
) -> Result {
    let mut number = 0;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = host.source.stopping() => return Ok(()),
        };
        let ctx = host.source.context();
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(
                    flow = ctx.flow(),
                    actor = ctx.actor(),
                    "no connection can be taken: {error}"
                );
                sleep(RESPITE).await;
                continue;
            }
        };
        let Ok(permit) = connections.clone().try_acquire_owned() else {
            tracing::warn!(flow = ctx.flow(), actor = ctx.actor(), peer = %address, "the connection is closed: there are too many");
            continue;
        };
        number += 1;
        let host = host.clone();
        spawner.spawn(async move {
            serve(host, stream, Peer { address, number }).await;
            drop(permit);
        });
    }
}
