//! One connection of a worker to a broker, over and over.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use compysition_core::{Admission, Error, ErrorKind, Event, Payload, Refusal, Result, Source};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use crate::content::{Content, raw};
use crate::error_frame;
use crate::identity;
use crate::mdp::ids;
use crate::mdp::protocol::{ToBroker, ToWorker, Version};
use crate::peers::why;
use crate::socket::{Frames, Kind, Socket, Wire};

/// How long to wait when too many wait for a permit already.
const RESPITE: Duration = Duration::from_millis(100);

/// How a worker works.
pub(super) struct Rules {
    pub(super) service: String,
    pub(super) version: Version,
    pub(super) content: Content,
    pub(super) deadline: Duration,
    pub(super) heartbeat: Duration,
    pub(super) liveness: u32,
}

/// What all shifts of a worker have in common.
pub(super) struct Host {
    pub(super) source: Source,
    pub(super) rules: Arc<Rules>,
}

/// Why a connection is given up.
enum End {
    /// The flow stops.
    Stopping,
    /// The broker does not know us, or does not want us.
    Dismissed,
    /// The broker is silent, or does what it should not.
    Lost(&'static str),
}

/// A request being worked on.
struct Work {
    client: Bytes,
    /// The body of the answer; none if the flow takes no more requests.
    done: oneshot::Receiver<Option<Frames>>,
}

impl Host {
    /// Works for a broker until the flow stops.
    pub(super) async fn work(self: Arc<Host>, wire: &Wire) {
        let least = wire.limits.reconnect.0;
        let most = wire.limits.max_reconnect.0.max(least);
        let mut pause = least;
        loop {
            let began = Instant::now();
            let opened = Socket::open(Kind::Dealer, wire, self.source.context()).await;
            let end = match opened {
                Ok(socket) => {
                    let end = self.serve(&socket).await;
                    match end {
                        End::Lost(_) => socket.discard().await,
                        _ => socket.close().await,
                    }
                    end
                }
                Err(error) => {
                    self.warn(&format!("no socket can be opened: {error}"));
                    End::Lost("there is no socket")
                }
            };
            match end {
                End::Stopping => return,
                End::Dismissed => self.warn("the broker has sent the worker away; it begins anew"),
                End::Lost(why) => self.warn(&format!(
                    "the broker is lost: {why}; the worker begins anew"
                )),
            }
            // After a good time the broker is worth a quick try.
            if began.elapsed() > most {
                pause = least;
            }
            tokio::select! {
                () = self.source.stopping() => return,
                () = sleep(pause) => pause = (pause * 2).min(most),
            }
        }
    }

    async fn serve(self: &Arc<Host>, socket: &Socket) -> End {
        let mut stopping = std::pin::pin!(self.source.stopping());
        tokio::select! {
            () = &mut stopping => return End::Stopping,
            connected = socket.connected() => if connected.is_err() {
                return End::Lost("its socket is closed");
            },
        }
        let service = Bytes::copy_from_slice(self.rules.service.as_bytes());
        if self.say(socket, ToBroker::Ready { service }).await.is_err() {
            return End::Lost("it does not take what it is told");
        }
        let mut is_stopping = false;
        let mut work: Option<Work> = None;
        let mut expires = self.later(self.rules.liveness);
        let mut due = self.later(1);
        loop {
            tokio::select! {
                received = socket.recv() => {
                    let Ok(frames) = received else {
                        return End::Lost("its socket is closed");
                    };
                    match ToWorker::read(self.rules.version, &frames) {
                        Ok(ToWorker::Request { .. }) if work.is_some() => {
                            return End::Lost("it asks for a second thing at a time");
                        }
                        Ok(ToWorker::Request { client, body }) => work = Some(self.begin(client, body)),
                        Ok(ToWorker::Heartbeat) => {}
                        Ok(ToWorker::Disconnect) => return End::Dismissed,
                        Err(why) => {
                            self.warn(&format!("a message of the broker is dropped: {why}"));
                            continue;
                        }
                    }
                    expires = self.later(self.rules.liveness);
                }
                done = finished(&mut work) => {
                    let (client, body) = done;
                    let told = match body {
                        Some(body) => ToBroker::Reply { client, body, is_final: true },
                        // The broker gives the request to another.
                        None => ToBroker::Disconnect,
                    };
                    let is_over = told == ToBroker::Disconnect;
                    if self.say(socket, told).await.is_err() {
                        return End::Lost("it does not take the answer");
                    }
                    due = self.later(1);
                    if is_over {
                        return End::Stopping;
                    }
                    if is_stopping {
                        return self.leave(socket).await;
                    }
                }
                () = sleep_until(due) => {
                    if self.say(socket, ToBroker::Heartbeat).await.is_err() {
                        return End::Lost("it does not take heartbeats");
                    }
                    due = self.later(1);
                }
                () = sleep_until(expires) => return End::Lost("it is silent"),
                () = &mut stopping, if !is_stopping => {
                    if work.is_none() {
                        return self.leave(socket).await;
                    }
                    is_stopping = true;
                }
            }
        }
    }

    async fn leave(&self, socket: &Socket) -> End {
        // A broker that is gone need not be told.
        let _ = self.say(socket, ToBroker::Disconnect).await;
        End::Stopping
    }

    fn later(&self, heartbeats: u32) -> Instant {
        Instant::now() + self.rules.heartbeat * heartbeats
    }

    async fn say(&self, socket: &Socket, told: ToBroker) -> Result {
        let sending = socket.send(told.write(self.rules.version));
        match timeout(self.rules.heartbeat, sending).await {
            Ok(sent) => sent,
            Err(_) => Err(Error::timeout("the broker does not take it")),
        }
    }

    fn begin(self: &Arc<Host>, client: Bytes, body: Frames) -> Work {
        let (tell, done) = oneshot::channel();
        let host = self.clone();
        let asked = client.clone();
        self.source.context().spawner().spawn(async move {
            let answer = host.answer(&asked, body).await;
            if tell.send(answer).is_err() {
                host.warn("an answer is lost: the broker that its request came by is gone");
            }
        });
        Work { client, done }
    }

    /// Has the flow answer a request.
    async fn answer(&self, client: &[u8], mut body: Frames) -> Option<Frames> {
        let mdp = json!({ "client": identity::write(client), "service": self.rules.service });
        let mut event = Event::new(()).with_attribute("mdp", mdp);
        event.set_service(self.rules.service.as_str());
        ids::take(&mut body, &mut event);
        let size = body.iter().map(Bytes::len).sum();
        let admission = match self.admit(size).await? {
            Ok(admission) => admission,
            Err(error) => {
                let admission = self.admit(0).await?.ok()?;
                drop(admission.emit_failed(event.with(Payload::Empty), error.clone()));
                return Some(vec![error_frame::write(&error)]);
            }
        };
        let ctx = self.source.context();
        let answered = match self.rules.content.read(&body, ctx).await {
            Ok(payload) => self.ask(admission, event.with(payload)).await,
            Err(error) => {
                drop(admission.emit_failed(event.with(raw(&body)), error.clone()));
                Err(error)
            }
        };
        Some(answered.unwrap_or_else(|error| vec![error_frame::write(&error)]))
    }

    async fn ask(&self, admission: Admission, event: Event) -> Result<Frames> {
        let mut request = admission.ask(None, event);
        let deadline = Instant::now() + self.rules.deadline;
        request.set_deadline(deadline);
        match timeout_at(deadline, &mut request).await {
            Ok(Ok(event)) => match event.error() {
                Some(failure) => Err(failure.error.clone()),
                None => self.rules.content.write(event.payload()),
            },
            Ok(Err(unanswered)) => Err(why(unanswered)),
            Err(_) => {
                request.expire();
                Err(Error::timeout("the flow did not answer in time"))
            }
        }
    }

    /// Waits for a permit; none if the flow stops.
    async fn admit(&self, bytes: usize) -> Option<Result<Admission>> {
        loop {
            match self.source.admit(bytes).await {
                Ok(admission) => return Some(Ok(admission)),
                Err(Refusal::Crowded) => sleep(RESPITE).await,
                Err(refusal @ Refusal::TooLarge { .. }) => {
                    return Some(Err(Error::new(ErrorKind::TooLarge, refusal.to_string())));
                }
                Err(_) => return None,
            }
        }
    }

    fn warn(&self, message: &str) {
        let ctx = self.source.context();
        let service = &self.rules.service;
        tracing::warn!(flow = ctx.flow(), actor = ctx.actor(), service, "{message}");
    }
}

/// Waits until the work at hand is done, for ever if there is none, and takes it off.
async fn finished(work: &mut Option<Work>) -> (Bytes, Option<Frames>) {
    let Some(at_hand) = work else {
        return std::future::pending().await;
    };
    // Without a word the task was broken off, as at the end of a flow.
    let body = (&mut at_hand.done).await.unwrap_or(None);
    let client = at_hand.client.clone();
    *work = None;
    (client, body)
}
