//! What `zmq_rep` and `zmq_router` have in common.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use compysition_core::{Context, Error, Event, Ports, Request, Result, Source, Unanswered};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use crate::bound::{Bound, Notice};
use crate::content::Content;
use crate::error_frame;
use crate::identity;
use crate::intake::Intake;
use crate::peers::envelope;
use crate::peers::push::not_open;
use crate::peers::receiver::failed;
use crate::socket::{Frames, Kind, Peer, Socket, Wire};

/// The most answers that may be under way; the flow allows fewer.
const MOST: u32 = 1 << 20;

/// How long the flow waits at its end for answers that are not sent yet.
const FAREWELL: Duration = Duration::from_secs(2);

/// A router that takes messages, and answers them.
pub(super) struct Door {
    wire: Wire,
    rules: Rules,
    socket: Option<Arc<Socket>>,
    notice: Notice,
    /// Each answer that is not sent yet has one.
    answering: Arc<Semaphore>,
}

/// How it deals with what comes.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) content: Content,
    pub(super) envelope: Envelope,
    pub(super) answers: bool,
    pub(super) deadline: Duration,
    pub(super) write_timeout: Duration,
}

/// Whether there are frames before the payload, up to an empty one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Envelope {
    None,
    Optional,
    Required,
}

impl Door {
    pub(super) fn new(wire: Wire, rules: Rules) -> Door {
        Door {
            wire,
            rules,
            socket: None,
            notice: Notice::default(),
            answering: Arc::new(Semaphore::new(MOST as usize)),
        }
    }

    pub(super) fn bound(&self) -> Bound {
        self.notice.bound()
    }

    pub(super) async fn start(&mut self, ctx: &Context) -> Result {
        let socket = Arc::new(Socket::open(Kind::Router, &self.wire, ctx).await?);
        self.notice.tell(socket.bound());
        self.socket = Some(socket.clone());
        let rules = self.rules.clone();
        let answering = self.answering.clone();
        let largest = self.wire.limits.max_message_size.0;
        let spawner = ctx.spawner();
        ctx.produce(move |source: Source| async move {
            let stopping = source.stopping();
            let host = Arc::new(Host {
                source,
                socket,
                rules,
                answering,
            });
            spawner.spawn(take(host, largest));
            stopping.await;
            Ok(())
        });
        Ok(())
    }

    /// Sends an event to the peer that it names, where it ends: passed on, it would come back with what that peer says.
    pub(super) async fn send(&self, event: Event) -> Result {
        let named = event.attribute("zmq");
        let identity = named.as_ref().and_then(|zmq| zmq.get("identity"));
        let Some(identity) = identity.and_then(Value::as_str).map(identity::read) else {
            return Err(Error::unprocessable(
                "the event names no peer; `attributes.zmq.identity` is the routing id of one",
            ));
        };
        let frames = self.rules.content.write(event.payload())?;
        let socket = self.socket.as_ref().ok_or_else(not_open)?;
        let sending = socket.send_to(&identity, frames);
        match timeout(self.rules.write_timeout, sending).await {
            Ok(sent) => sent,
            Err(_) => Err(Error::timeout("the peer does not take what it is sent")),
        }
    }

    pub(super) async fn stop(&mut self) -> Result {
        // An event that has settled may not have been told yet.
        let all = self.answering.acquire_many(MOST);
        let _ = timeout(FAREWELL, all).await;
        if let Some(socket) = self.socket.take() {
            socket.close().await;
        }
        Ok(())
    }

    pub(super) fn ports(&self) -> Ports {
        let ports = self.wire.ports();
        match self.rules.answers {
            true => ports.door(),
            false => ports.source().ungrouped().sink().single(),
        }
    }
}

struct Host {
    source: Source,
    socket: Arc<Socket>,
    rules: Rules,
    answering: Arc<Semaphore>,
}

/// Where an answer goes.
struct Return {
    peer: Peer,
    envelope: Frames,
}

/// Takes messages until the flow stops.
async fn take(host: Arc<Host>, largest: usize) {
    let mut stopping = std::pin::pin!(host.source.stopping());
    let mut intake = Intake::new(host.source.clone(), largest);
    while let Some(mut admission) = intake.admit().await {
        // Never closed.
        let Ok(turn) = host.answering.clone().acquire_owned().await else {
            return;
        };
        let (peer, frames) = tokio::select! {
            biased;
            () = &mut stopping => break,
            received = host.socket.recv_from() => match received {
                Ok(received) => received,
                Err(_) => return,
            },
        };
        admission.has_come();
        let event = named(&peer);
        let ctx = host.source.context();
        let (envelope, body) = match host.rules.split(frames) {
            Ok(split) => split,
            Err(frames) => {
                let error = Error::malformed(
                    "the message is no request: it has no empty frame before the payload",
                );
                drop(failed(admission, event, &frames, error));
                continue;
            }
        };
        let size = body.iter().map(Bytes::len).sum();
        let read = match intake.check(size) {
            Ok(()) => host.rules.content.read(&body, ctx).await,
            Err(error) => Err(error),
        };
        let back = Return { peer, envelope };
        match read {
            Ok(payload) if host.rules.answers => {
                let request = admission.ask(None, event.with(payload));
                let deadline = Instant::now() + host.rules.deadline;
                request.set_deadline(deadline);
                let answering = answer(host.clone(), back, request, deadline);
                ctx.spawner().spawn(async move {
                    answering.await;
                    drop(turn);
                });
            }
            Ok(payload) => drop(admission.emit(None, event.with(payload))),
            Err(error) => {
                drop(failed(admission, event, &body, error.clone()));
                if host.rules.answers {
                    let frames = vec![error_frame::write(&error)];
                    let host = host.clone();
                    ctx.spawner().spawn(async move {
                        host.tell(back, frames).await;
                        drop(turn);
                    });
                }
            }
        }
    }
    host.refuse().await;
}

/// Says who has sent a message.
fn named(peer: &Peer) -> Event {
    let mut zmq = json!({ "identity": identity::write(&peer.id) });
    if let Some(address) = &peer.address {
        zmq["address"] = address.as_str().into();
    }
    if let Some(key) = &peer.key {
        zmq["key"] = key.to_string().into();
    }
    Event::new(()).with_attribute("zmq", zmq)
}

impl Rules {
    fn split(&self, frames: Frames) -> Result<(Frames, Frames), Frames> {
        match self.envelope {
            Envelope::None => Ok((Frames::new(), frames)),
            Envelope::Required => envelope::split(frames),
            Envelope::Optional => {
                envelope::split(frames).or_else(|frames| Ok((Frames::new(), frames)))
            }
        }
    }
}

/// Waits for the answer, and sends it back.
async fn answer(host: Arc<Host>, back: Return, mut request: Request, deadline: Instant) {
    let frames = match timeout_at(deadline, &mut request).await {
        Ok(Ok(event)) => host.rules.answered(&event),
        Ok(Err(unanswered)) => Err(why(unanswered)),
        Err(_) => {
            request.expire();
            Err(Error::timeout("the flow did not answer in time"))
        }
    };
    let frames = frames.unwrap_or_else(|error| vec![error_frame::write(&error)]);
    host.tell(back, frames).await;
}

/// Returns why a request was not answered.
pub(crate) fn why(unanswered: Unanswered) -> Error {
    match unanswered.failure {
        Some(failure) => failure.error,
        None => Error::bad_gateway(unanswered.to_string()),
    }
}

impl Rules {
    fn answered(&self, event: &Event) -> Result<Frames> {
        match event.error() {
            Some(failure) => Err(failure.error.clone()),
            None => self.content.write(event.payload()),
        }
    }
}

impl Host {
    /// Refuses what still comes while the flow stops, until the socket is closed.
    async fn refuse(&self) {
        let error = Error::unavailable("the flow stops");
        while let Ok((peer, frames)) = self.socket.recv_from().await {
            if !self.rules.answers {
                let ctx = self.source.context();
                tracing::warn!(
                    flow = ctx.flow(),
                    actor = ctx.actor(),
                    "a message is dropped, since the flow stops"
                );
                continue;
            }
            // What is no request would not have been answered either.
            if let Ok((envelope, _)) = self.rules.split(frames) {
                let back = Return { peer, envelope };
                self.tell(back, vec![error_frame::write(&error)]).await;
            }
        }
    }

    async fn tell(&self, back: Return, frames: Frames) {
        let Return { peer, mut envelope } = back;
        envelope.extend(frames);
        let sending = self.socket.send_to(&peer.id, envelope);
        let sent = match timeout(self.rules.write_timeout, sending).await {
            Ok(sent) => sent,
            Err(_) => Err(Error::timeout("it does not take it")),
        };
        if let Err(error) = sent {
            let ctx = self.source.context();
            let peer = identity::write(&peer.id);
            tracing::warn!(
                flow = ctx.flow(),
                actor = ctx.actor(),
                peer,
                "an answer is lost: {error}"
            );
        }
    }
}
