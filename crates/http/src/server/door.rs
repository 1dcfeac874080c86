//! The settings of an `http_server`, made ready for use, and how a request enters.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use compysition_core::{ByteSize, Source};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use hyper::body::Body;

use crate::cloudevents::CloudEvents;
use crate::exchange::RequestHead;
use crate::media::MediaRange;
use crate::server::access_log::{Entry, Journal};
use crate::server::answer_mode::{AnswerMode, ErrorBody, OnDisconnect};
use crate::server::body::{BoxError, ResponseBody};
use crate::server::compression::Compression;
use crate::server::cors::Cors;
use crate::server::routes::{Found, RouteTable};
use crate::server::visit::Visit;

/// Correlation ids longer than this are not taken: they go into every line of the log.
const LONGEST_CORRELATION_ID: usize = 200;

/// The settings of an `http_server`, made ready for use.
pub(crate) struct Door {
    pub(crate) table: Option<RouteTable>,
    /// The routes by their numbers; without a table the only one.
    pub(crate) ways: Vec<Way>,
    pub(crate) correlation: Option<HeaderName>,
    pub(crate) body_timeout: Duration,
    pub(crate) on_disconnect: Option<OnDisconnect>,
    pub(crate) error_body: ErrorBody,
    pub(crate) envelope: bool,
    pub(crate) max_waiting: Option<usize>,
    pub(crate) waiting: AtomicUsize,
    /// What credentials are asked for, if an error does not say.
    pub(crate) realm: String,
    pub(crate) cloudevents: Option<CloudEvents>,
    pub(crate) http: Arc<str>,
    pub(crate) cors: Option<Cors>,
    pub(crate) compression: Option<Compression>,
    /// The access log.
    pub(crate) journal: Option<Arc<Journal>>,
}

/// Where a route leads, and on what conditions.
pub(crate) struct Way {
    /// The outbox, and the service; none means every outbox.
    pub(crate) name: Option<Arc<str>>,
    pub(crate) content_types: Option<Vec<MediaRange>>,
    pub(crate) body_limit: ByteSize,
    pub(crate) deadline: Duration,
    pub(crate) answer: AnswerMode,
}

/// A response, and whether its request was left unread.
pub(crate) struct Reply {
    pub(crate) response: Response<ResponseBody>,
    pub(crate) has_unread: bool,
}

impl Door {
    /// Answers a request.
    pub(crate) async fn answer<B>(
        &self,
        source: &Source,
        head: Parts,
        body: Pin<&mut B>,
        client: Option<SocketAddr>,
    ) -> Reply
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let asked = match &self.cors {
            Some(_) => Cors::asked_for(&head.method, &head.headers),
            None => None,
        };
        let found = self.find(asked.as_ref().unwrap_or(&head.method), head.uri.path());
        let (way, variables) = match found {
            Found::Route { number, variables } => (Ok(&self.ways[number]), variables),
            other => (Err(other), Vec::new()),
        };
        let version = head.version;
        let head = Arc::new(RequestHead {
            method: head.method,
            uri: head.uri,
            headers: head.headers,
            variables,
            client,
        });
        let mut visit = Visit {
            door: self,
            source,
            meta_id: self.correlation_id(&head),
            entry: self
                .journal
                .as_ref()
                .map(|journal| Entry::begin(journal, &head, version)),
            head,
            has_unread: !body.is_end_stream(),
        };
        let result = match way {
            Ok(_) if asked.is_some() => visit.preflight(asked.as_ref()),
            Ok(way) => visit.carry_out(way, body).await,
            Err(Found::Options { allow }) => Ok(options(&allow)),
            Err(other) => Err(visit.not_found(other)),
        };
        let response = result.unwrap_or_else(|fault| visit.respond_to(&fault));
        visit.finish(response).await
    }

    fn find(&self, method: &Method, path: &str) -> Found {
        match &self.table {
            _ if method == Method::CONNECT => Found::NotAllowed {
                allow: String::new(),
            },
            Some(table) => table.find(method, path),
            None => Found::Route {
                number: 0,
                variables: Vec::new(),
            },
        }
    }

    fn correlation_id(&self, head: &RequestHead) -> Option<String> {
        let id = head
            .headers
            .get(self.correlation.as_ref()?)?
            .to_str()
            .ok()?;
        (!id.is_empty() && id.len() <= LONGEST_CORRELATION_ID).then(|| id.to_owned())
    }

    /// Counts a request among those that wait for a permit; none if too many do.
    pub(crate) fn line_up(&self) -> Option<Waiter<'_>> {
        let before = self.waiting.fetch_add(1, Relaxed);
        let waiter = Waiter(self);
        self.max_waiting
            .is_none_or(|most| before < most)
            .then_some(waiter)
    }
}

/// A request that waits for a permit.
pub(crate) struct Waiter<'a>(&'a Door);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

pub(crate) fn empty(status: StatusCode) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::default());
    *response.status_mut() = status;
    response
}

fn options(allow: &str) -> Response<ResponseBody> {
    let mut response = empty(StatusCode::NO_CONTENT);
    if let Ok(value) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
