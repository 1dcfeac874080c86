//! The broker as an actor.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use compysition_core::{Actor, ByteSize, Context, Error, Event, Ports, Result, Source, TimeSpan};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::{Instant, interval, timeout};

use crate::bound::{Bound, Notice};
use crate::content::raw;
use crate::error_frame;
use crate::identity;
use crate::mdp::deed::{Answer, Deed, Request, Rules};
use crate::mdp::desk::Desk;
use crate::mdp::protocol::{ToClient, Version};
use crate::socket::{Curve, Endpoint, Endpoints, Kind, Socket, SocketLimits, Wire};

/// Brings the clients that ask for a service together with the workers that offer it (Majordomo: MDP 0.1 and 0.2 side by side, and `mmi.service`).
///
/// Workers of a service take turns, each with one request at a time. Requests wait while no worker is free, for `timeout` and up to `waiting` of them. A
/// worker that says nothing for `liveness` heartbeats is held for dead; with `retry` its request goes to another one, once, which may then do what was done
/// already. What is given up takes the error path, with the body as the payload and `attributes.mdp` (`client`, `service`); with `answer_failures` the
/// client is told so by an answer `compysition/error KIND: MESSAGE`. So does an answer whose client is gone. No events come out of it otherwise.
///
/// Example: `mdp_broker: { bind: "tcp://127.0.0.1:5555", timeout: 30s }`
///
/// Purpose: in and out. Patterns: competing consumers, message dispatcher, request-reply.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct MdpBroker {
    wire: Wire,
    rules: Rules,
    answers_failures: bool,
    socket: Option<Arc<Socket>>,
    /// Tells when the last has been sent.
    ended: Option<oneshot::Receiver<()>>,
    notice: Notice,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Where to listen for clients and workers: an endpoint, `tcp://HOST:PORT` or `ipc://PATH`, or a list of them.
    bind: Endpoints,
    /// Encryption and who may connect. Without it only this machine can be reached.
    curve: Option<Curve>,
    /// Whether other machines may connect without `curve`.
    insecure: bool,
    /// How often workers hear from the broker, and the broker wants to hear from them.
    heartbeat: TimeSpan,
    /// After how many missing heartbeats a worker is held for dead.
    liveness: u32,
    /// How long a request may wait for a worker.
    timeout: TimeSpan,
    /// How many requests may wait.
    waiting: usize,
    /// How many bytes the requests that wait may have.
    waiting_bytes: ByteSize,
    /// Whether the request of a worker that is lost goes to another one, once.
    retry: bool,
    /// Whether a client is told when its request is given up. In Majordomo it hears nothing, and finds out by its own time-out.
    answer_failures: bool,
    /// Limits of the socket, and its times.
    limits: SocketLimits,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            bind: Endpoints::default(),
            curve: None,
            insecure: false,
            heartbeat: TimeSpan(HEARTBEAT),
            liveness: LIVENESS,
            timeout: TimeSpan::seconds(30),
            waiting: 1000,
            waiting_bytes: ByteSize(64 << 20),
            retry: true,
            answer_failures: true,
            limits: SocketLimits::default(),
        }
    }
}

/// How long the end of the flow waits for the broker to send the last.
const FAREWELL: Duration = Duration::from_secs(2);

/// How often both sides say that they are there, by default.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(2500);

/// How many heartbeats may be missing, by default.
pub(super) const LIVENESS: u32 = 3;

/// Where brokers listen by default.
pub(super) fn default_broker() -> Result<Endpoints, String> {
    let endpoint = Endpoint::try_from("tcp://127.0.0.1:5555".to_owned())?;
    Ok(Endpoints::from_iter([endpoint]))
}

/// Says what is wrong with settings for heartbeats.
pub(super) fn check(heartbeat: TimeSpan, liveness: u32) -> Result<(), String> {
    if heartbeat.0 < Duration::from_millis(10) {
        return Err(format!(
            "`heartbeat: {heartbeat}` is too often; it is at least 10ms"
        ));
    }
    if !(2..=1000).contains(&liveness) {
        return Err(format!(
            "`liveness: {liveness}` cannot work: with less than 2 one late heartbeat is death, with more than 1000 there is none"
        ));
    }
    Ok(())
}

impl TryFrom<Settings> for MdpBroker {
    type Error = String;

    fn try_from(settings: Settings) -> Result<MdpBroker, String> {
        check(settings.heartbeat, settings.liveness)?;
        let bind = match settings.bind.is_empty() {
            true => default_broker()?,
            false => settings.bind,
        };
        let wire = Wire {
            bind,
            connect: Endpoints::default(),
            curve: settings.curve,
            insecure: settings.insecure,
            limits: settings.limits,
            ..Wire::default()
        };
        Ok(MdpBroker {
            wire: wire.checked()?,
            rules: Rules {
                heartbeat: settings.heartbeat.0,
                liveness: settings.liveness,
                patience: settings.timeout.0,
                most_waiting: settings.waiting,
                most_bytes: settings.waiting_bytes.0,
                retries: settings.retry,
            },
            answers_failures: settings.answer_failures,
            socket: None,
            ended: None,
            notice: Notice::default(),
        })
    }
}

impl MdpBroker {
    /// Returns what will tell where the broker listens.
    pub fn bound(&self) -> Bound {
        self.notice.bound()
    }
}

impl Actor for MdpBroker {
    async fn start(&mut self, ctx: &Context) -> Result {
        let socket = Arc::new(Socket::open(Kind::Router, &self.wire, ctx).await?);
        self.notice.tell(socket.bound());
        self.socket = Some(socket.clone());
        let rules = self.rules.clone();
        let answers_failures = self.answers_failures;
        let (end, ended) = oneshot::channel();
        self.ended = Some(ended);
        let spawner = ctx.spawner();
        ctx.produce(move |source: Source| async move {
            // In a task of its own, which the end of the sources does not break off.
            let stopping = source.stopping();
            let counter = Counter {
                socket,
                source,
                answers_failures,
                desk: Desk::new(rules.clone()),
            };
            spawner.spawn(async move {
                counter.serve(&rules).await;
                // Nobody listens if the actor is gone.
                let _ = end.send(());
            });
            stopping.await;
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Err(Error::internal(
            "nothing can be sent to an `mdp_broker`; `mdp_client` asks one",
        ))
    }

    async fn stop(&mut self, _: &Context) -> Result {
        if let Some(ended) = self.ended.take() {
            let _ = timeout(FAREWELL, ended).await;
        }
        if let Some(socket) = self.socket.take() {
            socket.close().await;
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        self.wire.ports().source().single()
    }
}

/// The desk with the socket before it.
struct Counter {
    socket: Arc<Socket>,
    source: Source,
    answers_failures: bool,
    desk: Desk,
}

impl Counter {
    async fn serve(mut self, rules: &Rules) {
        let mut tick = interval((rules.heartbeat / 5).min(Duration::from_millis(200)));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut stopping = std::pin::pin!(self.source.stopping());
        loop {
            tokio::select! {
                () = &mut stopping => return self.end(),
                received = self.socket.recv_from() => {
                    let Ok((peer, frames)) = received else { return };
                    let id = peer.id.clone();
                    if let Err(why) = self.desk.take(peer.id, &frames, Instant::now()) {
                        let ctx = self.source.context();
                        let peer = identity::write(&id);
                        tracing::warn!(flow = ctx.flow(), actor = ctx.actor(), peer, "a message is dropped: {why}");
                    }
                }
                _ = tick.tick() => self.desk.tick(Instant::now()),
            }
            self.act();
        }
    }

    /// Does what the desk has decided, and what follows from it.
    fn act(&mut self) {
        while !self.desk.deeds.is_empty() {
            for deed in std::mem::take(&mut self.desk.deeds) {
                match deed {
                    Deed::Send(peer, frames) => {
                        if self.socket.try_send_to(&peer, frames).is_err() {
                            self.desk.gone(&peer, Instant::now());
                        }
                    }
                    Deed::Ask(peer, frames) => {
                        if self.socket.try_send_to(&peer, frames).is_err() {
                            self.desk.unasked(&peer, Instant::now());
                        }
                    }
                    Deed::Answer(answer) => self.answer(*answer),
                    Deed::Lose(request, error) => self.lose(*request, error),
                    Deed::Drop(answer) => {
                        let error = Error::unprocessable(
                            "the worker answers in parts, which a client of MDP 0.1 does not know",
                        );
                        let Answer { client, said, .. } = *answer;
                        self.fail(&client, &said.service, &said.body, error);
                    }
                }
            }
        }
    }

    fn answer(&self, answer: Answer) {
        let Answer {
            client,
            version,
            said,
        } = answer;
        let frames = said.clone().write(version);
        if let Err(error) = self.socket.try_send_to(&client, frames) {
            let error = Error::unavailable(format!("the answer is lost: {error}"));
            self.fail(&client, &said.service, &said.body, error);
        }
    }

    fn lose(&self, request: Request, error: Error) {
        if self.answers_failures {
            self.tell(&request.client, request.version, &request.service, &error);
        }
        self.fail(&request.client, &request.service, &request.body, error);
    }

    /// Tells a client that its request is given up.
    fn tell(&self, client: &[u8], version: Version, service: &Bytes, error: &Error) {
        let said = ToClient {
            service: service.clone(),
            body: vec![error_frame::write(error)],
            is_final: true,
        };
        // A client that is gone need not be told.
        let _ = self.socket.try_send_to(client, said.write(version));
    }

    /// Lets what is lost take the error path, if there is room for it: a broker cannot wait.
    fn fail(&self, client: &[u8], service: &[u8], body: &[Bytes], error: Error) {
        let service = String::from_utf8_lossy(service);
        let mdp = json!({ "client": identity::write(client), "service": service });
        let payload = raw(body);
        let Some(admission) = self.source.try_admit(payload.size()) else {
            let ctx = self.source.context();
            tracing::warn!(
                flow = ctx.flow(),
                actor = ctx.actor(),
                "a request for `{service}` is dropped, since the flow has no room for it: {error}"
            );
            return;
        };
        let mut event = Event::new(payload).with_attribute("mdp", mdp);
        event.set_service(&*service);
        drop(admission.emit_failed(event, error));
    }

    /// Sends the workers away, and tells the clients, when the flow stops: nothing more can enter it.
    fn end(mut self) {
        self.desk.end();
        for deed in std::mem::take(&mut self.desk.deeds) {
            match deed {
                Deed::Send(peer, frames) => _ = self.socket.try_send_to(&peer, frames),
                Deed::Lose(request, error) => {
                    let ctx = self.source.context();
                    let service = String::from_utf8_lossy(&request.service);
                    tracing::warn!(
                        flow = ctx.flow(),
                        actor = ctx.actor(),
                        "a request for `{service}` is given up: {error}"
                    );
                    if self.answers_failures {
                        self.tell(&request.client, request.version, &request.service, &error);
                    }
                }
                Deed::Ask(..) | Deed::Answer(_) | Deed::Drop(_) => {}
            }
        }
    }
}
