//! The actor that is a door for HTTP requests.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use compysition_core::{
    Actor, ByteSize, Context, Error, Event, Ports, Result, Source, TimeSpan, more_than_nothing,
};
use http::HeaderName;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::cloudevents::CloudEvents;
use crate::exchange::HTTP;
use crate::server::access_log::{AccessLog, Journal};
use crate::server::address::Address;
use crate::server::answer_mode::{AnswerMode, ErrorBody, OnDisconnect};
use crate::server::compression::Compression;
use crate::server::connection::Host;
use crate::server::connections::{Connections, Phase};
use crate::server::cors::Cors;
use crate::server::door::{Door, Way};
use crate::server::listener::listen;
use crate::server::methods;
use crate::server::route::Route;
use crate::server::routes::{RouteTable, Routes};
use crate::server::service::Mounted;
use crate::server::spawn::SpawnOn;
use crate::server::switch::Switch;
use crate::server::tls::Tls;

/// How long the flow waits at its end for clients that do not take their last answers.
const FAREWELL: Duration = Duration::from_secs(1);

/// Takes HTTP requests, sends each through the flow as an event, and answers it with what comes back.
///
/// What reaches its inbox answers the request that it descends from, the first time. A request whose last
/// event ends unanswered gets the status of its first error, else 502, at once. The payload is the body,
/// JSON or XML by its media type; path variables are attributes; method, path, query, headers, variables
/// and client are under `http`. `http.status` and `http.response_headers` go into the response.
///
/// Example: `http_server: { address: "127.0.0.1:8080", routes: { new: POST /orders, one: "GET /orders/{id}" } }`
///
/// Purpose: http. Patterns: messaging gateway, request-reply.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HttpServer {
    /// Where to listen; port 0 lets the system choose one, which the log tells.
    pub(super) address: Address,
    /// The routes by name: `"POST /orders/{id}"`, or a map. Each has the outbox of its name, which is the
    /// event's service too. Without routes any request goes to every outbox.
    pub(super) routes: Routes,
    /// The most bytes that a body may have; larger ones are refused with 413.
    #[serde(serialize_with = "crate::written::written")]
    pub(super) body_limit: ByteSize,
    /// How long the head of a request may take to arrive, and how long a connection may be idle.
    #[serde(serialize_with = "crate::written::written")]
    #[serde(deserialize_with = "more_than_nothing")]
    pub(super) header_timeout: TimeSpan,
    /// How long a body may take to arrive; then it is 408.
    #[serde(serialize_with = "crate::written::written")]
    #[serde(deserialize_with = "more_than_nothing")]
    pub(super) body_timeout: TimeSpan,
    /// How long the flow may take for an answer; then it is 504.
    #[serde(serialize_with = "crate::written::written")]
    #[serde(deserialize_with = "more_than_nothing")]
    pub(super) deadline: TimeSpan,
    /// What becomes of a request when its client goes away. If left out, GET and HEAD are cancelled, and
    /// others are finished.
    pub(super) on_disconnect: Option<OnDisconnect>,
    /// How many requests may wait for their turn; more are refused with 503. If left out, as many as the
    /// flow lets wait.
    pub(super) max_waiting: Option<usize>,
    /// What a client waits for.
    pub(super) answer: AnswerMode,
    /// What the bodies of errors look like.
    pub(super) error_body: ErrorBody,
    /// Whether JSON answers are put in `{"data": …}`.
    pub(super) envelope: bool,
    /// The header that the meta id is taken from and given back in; none if empty.
    #[serde(deserialize_with = "name_or_nothing")]
    pub(super) correlation: String,
    /// Takes requests that are CloudEvents for what they are: with `binary`, a request with the header `ce-specversion`. The event has their id, if that is
    /// a UUID, and their meta id; what else they tell is in the attribute `cloudevents`. Other requests are taken as ever.
    pub(super) cloudevents: Option<CloudEvents>,
    /// The files for HTTPS; without them it is HTTP.
    pub(super) tls: Option<Tls>,
    /// What scripts of other origins may do in browsers (CORS); nothing if left out.
    pub(super) cors: Option<Cors>,
    /// Whether bodies may be compressed, those of requests and of answers: `true`, or a map.
    pub(super) compression: Switch<Compression>,
    /// Whether each request is logged when it has been answered: `true`, or a map. What is no HTTP, and is
    /// refused for that, is not.
    pub(super) access_log: Switch<AccessLog>,
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) shared: Shared,
}

/// What the handles of a server share with it.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) listens: bool,
    /// A mistake in a route given as text, told when the flow starts.
    pub(super) mistake: Option<String>,
    pub(super) address: Arc<watch::Sender<Option<SocketAddr>>>,
    pub(super) connections: Arc<Connections>,
    pub(super) mounted: Mounted,
    journal: Option<Arc<Journal>>,
}

impl Default for HttpServer {
    fn default() -> HttpServer {
        HttpServer {
            address: Address::unchecked("127.0.0.1:8080".into()),
            routes: Routes::default(),
            body_limit: ByteSize(1 << 20),
            header_timeout: TimeSpan::seconds(30),
            body_timeout: TimeSpan::seconds(30),
            deadline: TimeSpan::seconds(30),
            on_disconnect: None,
            max_waiting: None,
            answer: AnswerMode::Flow,
            error_body: ErrorBody::Envelope,
            envelope: false,
            correlation: "x-correlation-id".into(),
            cloudevents: None,
            tls: None,
            cors: None,
            compression: Switch::default(),
            access_log: Switch::default(),
            shared: Shared::default(),
        }
    }
}

impl Default for Shared {
    fn default() -> Shared {
        Shared {
            listens: true,
            mistake: None,
            address: Arc::new(watch::channel(None).0),
            connections: Arc::default(),
            mounted: Arc::new(OnceLock::new()),
            journal: None,
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", *self.address.borrow())
    }
}

impl HttpServer {
    fn door(&self, flow: &str) -> Result<Door> {
        if let Some(mistake) = &self.shared.mistake {
            return Err(Error::internal(mistake.clone()));
        }
        let table = match self.routes.0.as_slice() {
            [] => None,
            routes => Some(RouteTable::new(routes).map_err(Error::internal)?),
        };
        let correlation = match self.correlation.as_str() {
            "" => None,
            name => Some(header_name(name).map_err(Error::internal)?),
        };
        let mut ways: Vec<Way> = self
            .routes
            .0
            .iter()
            .map(|(name, route)| self.way(Some(name), route))
            .collect();
        if ways.is_empty() {
            ways.push(self.way(None, &Route::any()));
        }
        Ok(Door {
            table,
            ways,
            correlation,
            body_timeout: self.body_timeout.0,
            on_disconnect: self.on_disconnect,
            error_body: self.error_body,
            envelope: self.envelope,
            max_waiting: self.max_waiting,
            waiting: 0.into(),
            realm: flow.to_owned(),
            cloudevents: self.cloudevents,
            http: HTTP.into(),
            cors: self.cors.clone(),
            compression: self.compression.0.clone(),
            journal: self.shared.journal.clone(),
        })
    }

    fn way(&self, name: Option<&String>, route: &Route) -> Way {
        Way {
            name: name.map(|name| name.as_str().into()),
            content_types: route.content_types.clone(),
            body_limit: route.body_limit.unwrap_or(self.body_limit),
            deadline: route.deadline.unwrap_or(self.deadline).0,
            answer: route.answer.unwrap_or(self.answer),
        }
    }

    async fn listen(&self) -> Result<TcpListener> {
        let address = self.address.get().map_err(Error::internal)?;
        let unusable = |error| {
            let message = format!("cannot listen on {address}: {error}");
            Error::unavailable(message).with_source(error)
        };
        TcpListener::bind(address).await.map_err(unusable)
    }
}

impl Actor for HttpServer {
    async fn start(&mut self, ctx: &Context) -> Result {
        let log = self.access_log.0.as_ref();
        self.shared.journal = log.map(|settings| Journal::open(settings, ctx));
        let door = Arc::new(self.door(ctx.flow())?);
        let tls = self.tls.as_ref().map(Tls::acceptor).transpose()?;
        let listener = if self.shared.listens {
            Some(self.listen().await?)
        } else {
            None
        };
        if let Some(listener) = &listener {
            let address = listener.local_addr()?;
            let scheme = if tls.is_some() { "https" } else { "http" };
            tracing::info!(flow = ctx.flow(), actor = ctx.actor(), %address, "listening on {scheme}://{address}");
            self.shared.address.send_replace(Some(address));
        }
        let shared = self.shared.clone();
        let header_timeout = self.header_timeout.0;
        let spawn = SpawnOn(ctx.spawner());
        ctx.produce(move |source: Source| async move {
            // Later ones of an actor that was made again have nothing to add.
            let _ = shared.mounted.set((door.clone(), source.clone()));
            let Some(listener) = listener else {
                source.stopping().await;
                return Ok(());
            };
            let host = Host {
                door,
                source,
                tls,
                header_timeout,
                spawn,
            };
            listen(listener, Arc::new(host), shared.connections).await
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Err(Error::internal(
            "an answer came to the door itself, which the engine should have taken",
        ))
    }

    async fn stop(&mut self, ctx: &Context) -> Result {
        let connections = &self.shared.connections;
        connections.begin(Phase::Closing);
        connections.end(FAREWELL).await;
        if let Some(journal) = &self.shared.journal {
            journal.close(ctx).await;
        }
        let count = connections.count();
        if count > 0 {
            tracing::warn!(
                flow = ctx.flow(),
                actor = ctx.actor(),
                "{count} connections had to be cut"
            );
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        let names = self.routes.0.iter().map(|(name, _)| name);
        let ports = Ports::any().door().outboxes(names);
        let ports = ports.doubts(methods::doubts(&self.routes.0));
        let ports = ports.listens(self.address.get().ok());
        if self.routes.0.is_empty() && self.answer != AnswerMode::Flow {
            return ports.asks_nothing();
        }
        let unasked = self.routes.0.iter().filter(|(_, route)| {
            let answer = route.answer.unwrap_or(self.answer);
            answer != AnswerMode::Flow
        });
        unasked.fold(ports, |ports, (name, _)| ports.unasked(name))
    }
}

fn header_name(name: &str) -> std::result::Result<HeaderName, String> {
    name.parse()
        .map_err(|_| format!("`{name}` cannot be the name of a header"))
}

/// Reads the name of a header, so that a mistake in it is found before the start.
fn name_or_nothing<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<String, D::Error> {
    let name = String::deserialize(from)?;
    if !name.is_empty() {
        header_name(&name).map_err(de::Error::custom)?;
    }
    Ok(name)
}
