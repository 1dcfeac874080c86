//! The actor that calls a URL for each event.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{
    Actor, ByteSize, Context, Error, Event, FilePath, Ports, Result, TimeSpan, more_than_nothing,
};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::call::Caller;
use super::outgoing::{Outline, parse_name};
use super::transport::transport;
use crate::cloudevents::CloudEvents;

const TIMEOUT: TimeSpan = TimeSpan::seconds(30);
const FOLLOW: usize = 10;
const MAX_BODY: ByteSize = ByteSize(16 << 20);
const CONCURRENCY: usize = 64;

/// Calls a URL for each event and sends on the answer.
///
/// The payload is the body of the request; its kind, or the attribute `content_type`, is the content
/// type. The body of the answer becomes the payload: JSON, XML, text or bytes, as its content type says.
/// The rest of the event stays as it is. The attribute `response` holds the answer's `status` and
/// `headers`.
///
/// Answers may come compressed, as `gzip` or `deflate`; `max_body` counts what they become. A header
/// `accept-encoding: identity` in the settings asks for them as they are.
///
/// An answer that is no success is an error whose kind tells the status, such as `not_found`, `conflict`,
/// `rate_exceeded` or `unavailable`; other ones are `bad_gateway`. No answer in time is `timeout`, no
/// connection `unavailable`. The error's `back_end` holds `url`, `status` and the beginning of the `body`,
/// and `retry_after` how many seconds the back-end asks to wait. A door answers all these by 502, 503 or
/// 504: the client of the door is not to blame for them.
///
/// Connections are kept for the next request, as HTTP/2 where a server of HTTPS offers it.
///
/// Example: `http_client: { url: "http://127.0.0.1:8081/orders/{{ attributes.id | urlencode }}" }`
///
/// Purpose: http. Patterns: request-reply, content enricher.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct HttpClient {
    caller: Arc<Caller>,
    turns: Arc<Semaphore>,
    concurrency: usize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The URL; a template. What stands in braces is put in as it is: what may hold spaces, slashes or
    /// other special characters must be percent-encoded by the filter `urlencode`, as in
    /// `http://127.0.0.1:8081/orders/{{ attributes.id | urlencode }}`. A user name and a password in it
    /// become the header `authorization`.
    url: Template,
    /// The method; a template. Without it, GET for events without a payload and POST for others. The
    /// payload is not sent by GET and HEAD.
    method: Option<Template>,
    /// Headers of the request; their values are templates. One whose value is empty is not sent. They are
    /// not sent along when a redirect leads to another server.
    #[serde(default)]
    headers: BTreeMap<String, Template>,
    /// How long the answer may take, to its last byte. A request never waits longer than the client of
    /// the door that its event came by.
    #[serde(default = "default_timeout")]
    #[serde(serialize_with = "crate::written::written")]
    #[serde(deserialize_with = "more_than_nothing")]
    timeout: TimeSpan,
    /// How many redirects to follow in a row; none if 0, then a redirect is sent on like any answer.
    #[serde(default = "default_follow")]
    follow: usize,
    /// How large an answer may be.
    #[serde(default = "default_max_body")]
    #[serde(serialize_with = "crate::written::written")]
    max_body: ByteSize,
    /// How many requests may be under way at a time. Answers are sent on as they come; 1 keeps the order
    /// of the events.
    #[serde(default = "default_concurrency")]
    #[serde(deserialize_with = "more_than_nothing")]
    concurrency: usize,
    /// The header that carries the meta id to the back-end, `x-correlation-id` if left out; none if empty.
    correlation: Option<String>,
    /// Tells the event as a CloudEvent: `binary` puts its id, meta id, service, trace and so on into headers `ce-…`. What the attribute
    /// `cloudevents` holds, such as `type`, `source` and `subject`, goes along; `headers: { ce-type: order.new }` sets it as well.
    cloudevents: Option<CloudEvents>,
    /// A file of certificates (PEM) to trust for HTTPS, instead of those of the well-known authorities.
    ca: Option<FilePath>,
}

fn default_timeout() -> TimeSpan {
    TIMEOUT
}

fn default_follow() -> usize {
    FOLLOW
}

fn default_max_body() -> ByteSize {
    MAX_BODY
}

fn default_concurrency() -> usize {
    CONCURRENCY
}

impl HttpClient {
    /// Makes the actor for a URL, which may be a template.
    ///
    /// # Errors
    /// If it is no URL or the template has a mistake.
    pub fn new(url: impl Into<String>) -> Result<HttpClient> {
        HttpClient::of(Template::new(url)?, None)
    }

    fn of(url: Template, ca: Option<FilePath>) -> Result<HttpClient> {
        let caller = Caller {
            transport: transport(ca.as_ref().map(FilePath::as_path))?,
            outline: Outline::new(url)?,
            timeout: TIMEOUT.0,
            follow: FOLLOW,
            max_body: MAX_BODY.0,
        };
        Ok(HttpClient {
            caller: Arc::new(caller),
            turns: Arc::new(Semaphore::new(CONCURRENCY)),
            concurrency: CONCURRENCY,
        })
    }

    /// Sets the method, which may be a template.
    ///
    /// # Errors
    /// If it is no method or the template has a mistake.
    pub fn method(mut self, method: impl Into<String>) -> Result<HttpClient> {
        let method = Template::new(method)?;
        self.change().outline.set_method(method)?;
        Ok(self)
    }

    /// Adds a header, whose value may be a template.
    ///
    /// # Errors
    /// If it is no header or the template has a mistake.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Result<HttpClient> {
        let value = Template::new(value)?;
        self.change().outline.add_header(name, value)?;
        Ok(self)
    }

    /// Sets how long an answer may take; else 30 seconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> HttpClient {
        self.change().timeout = timeout;
        self
    }

    /// Sets how many redirects to follow in a row; else 10.
    #[must_use]
    pub fn follow(mut self, redirects: usize) -> HttpClient {
        self.change().follow = redirects;
        self
    }

    /// Sets how many bytes an answer may have; else 16 MiB.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> HttpClient {
        self.change().max_body = bytes;
        self
    }

    /// Sets how many requests may be under way at a time, at least one; else 64.
    #[must_use]
    pub fn concurrency(mut self, requests: usize) -> HttpClient {
        self.concurrency = requests.clamp(1, Semaphore::MAX_PERMITS);
        self.turns = Arc::new(Semaphore::new(self.concurrency));
        self
    }

    /// Sets the header that carries the meta id to the back-end; none if empty.
    ///
    /// # Errors
    /// If it cannot be the name of a header.
    pub fn correlation(mut self, name: &str) -> Result<HttpClient> {
        let name = if name.is_empty() {
            None
        } else {
            Some(parse_name(name)?)
        };
        self.change().outline.correlation = name;
        Ok(self)
    }

    /// Trusts the certificates of a file (PEM) for HTTPS, instead of those of the well-known authorities.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn ca(mut self, path: impl Into<FilePath>) -> Result<HttpClient> {
        self.change().transport = transport(Some(path.into().as_path()))?;
        Ok(self)
    }

    /// Tells events as CloudEvents.
    #[must_use]
    pub fn cloudevents(mut self, cloudevents: CloudEvents) -> HttpClient {
        self.change().outline.cloudevents = Some(cloudevents);
        self
    }

    fn change(&mut self) -> &mut Caller {
        Arc::make_mut(&mut self.caller)
    }
}

impl TryFrom<Settings> for HttpClient {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<HttpClient> {
        let mut client = HttpClient::of(settings.url, settings.ca)?
            .timeout(settings.timeout.0)
            .follow(settings.follow)
            .max_body(settings.max_body.0)
            .concurrency(settings.concurrency);
        client.change().outline.cloudevents = settings.cloudevents;
        if let Some(method) = settings.method {
            client.change().outline.set_method(method)?;
        }
        for (name, value) in settings.headers {
            client.change().outline.add_header(&name, value)?;
        }
        match settings.correlation {
            Some(name) => client.correlation(&name),
            None => Ok(client),
        }
    }
}

impl Actor for HttpClient {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if self.concurrency == 1 {
            let answer = self.caller.call_while_wanted(&event, ctx).await?;
            return ctx.send(answer.put_into(event));
        }
        let turn = self.turns.clone().acquire_owned().await;
        let caller = self.caller.clone();
        ctx.spawn(event, move |event, ctx| async move {
            let _turn = turn;
            let answer = caller.call_while_wanted(&event, &ctx).await?;
            ctx.send(answer.put_into(event))
        });
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().outside()
    }
}
