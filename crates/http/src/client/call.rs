//! One call of a back-end, redirects included.

use std::time::Duration;

use bytes::Bytes;
use compysition_core::{Context, Event, Result};
use http::{HeaderMap, Method, Response, StatusCode, header};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use super::answer::Answer;
use super::fault;
use super::location;
use super::outgoing::{Outgoing, Outline};
use super::reading::{self, Unread};
use super::target::Target;
use super::transport::Transport;
use crate::back_end::BackEndResponse;
use crate::coding::Coding;
use crate::media;

/// Bodies that nobody reads are read up to this size, which costs less than a new connection.
const DRAINED: usize = 64 * 1024;

/// Calls back-ends.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) transport: Transport,
    pub(crate) outline: Outline,
    pub(crate) timeout: Duration,
    pub(crate) follow: usize,
    pub(crate) max_body: usize,
}

impl Caller {
    /// Calls the back-end for an event of a flow.
    ///
    /// # Errors
    /// What the templates say; what the back-end's status means; timeout, unavailable and bad gateway.
    pub(crate) async fn call(&self, event: &Event, flow: &str) -> Result<Answer> {
        let mut outgoing = self.outline.fill(event, flow)?;
        let first = outgoing.target.clone();
        // Nobody waits for an answer after the deadline of the request that the event stands for.
        let left = event
            .deadline()
            .map(|at| at.saturating_duration_since(Instant::now()));
        let limit = left.map_or(self.timeout, |left| left.min(self.timeout));
        let called = timeout(limit, self.follow(&mut outgoing)).await;
        called.unwrap_or_else(|_| Err(fault::late(&first, limit)))
    }

    /// Calls the back-end, unless nobody waits any more for what comes of it.
    ///
    /// # Errors
    /// Those of [`call`](Caller::call); cancelled.
    pub(crate) async fn call_while_wanted(&self, event: &Event, ctx: &Context) -> Result<Answer> {
        tokio::select! {
            answer = self.call(event, ctx.flow()) => answer,
            () = ctx.cancelled() => Err(fault::unwanted()),
        }
    }

    async fn follow(&self, outgoing: &mut Outgoing) -> Result<Answer> {
        let mut left = self.follow;
        loop {
            let sent = self.transport.request(outgoing.request()).await;
            let response = sent.map_err(|cause| fault::broken(&outgoing.target, cause))?;
            let status = response.status();
            let is_last = self.follow == 0 || !is_redirect(status);
            let location = response
                .headers()
                .get(header::LOCATION)
                .filter(|_| !is_last);
            let Some(location) = location.map(|location| location.as_bytes().to_vec()) else {
                return self.take(response, outgoing).await;
            };
            if left == 0 {
                let why = format!("the back-end redirected more than {} times", self.follow);
                return Err(fault::unusable(&outgoing.target, why));
            }
            left -= 1;
            let target = next(&outgoing.target, &location)?;
            // A body that breaks off only costs the connection.
            let _ = reading::start(response.into_body(), DRAINED).await;
            outgoing.turn_to(target, status);
        }
    }

    /// Makes an answer of a response, or an error of a status that is no success.
    async fn take(&self, response: Response<Incoming>, outgoing: &Outgoing) -> Result<Answer> {
        let target = &outgoing.target;
        let (mut head, body) = response.into_parts();
        let coding = coding(&head.headers);
        let is_passed_on = head.status.is_success() || self.follow == 0 && is_redirect(head.status);
        if !is_passed_on {
            let start = reading::start(body, DRAINED).await;
            let mut body = start.map(|(body, _)| body).unwrap_or_default();
            if let Some(coding) = coding {
                body = reading::decoded_start(&body, coding, DRAINED).await;
            }
            return Err(fault::refused(target, head.status, &head.headers, &body));
        }
        let read = match coding {
            None => reading::whole(body, self.max_body).await,
            Some(coding) => reading::decoded(body, coding, self.max_body).await,
        };
        let body = match read {
            // It has a length, but it is that of the body that GET would bring.
            _ if outgoing.method == Method::HEAD => Bytes::new(),
            Ok(body) => body,
            Err(Unread::Broken(cause)) => return Err(fault::broken_off(target, cause)),
            Err(Unread::Damaged(cause)) => {
                let why = format!("the answer of the back-end cannot be decoded: {cause}");
                return Err(fault::unusable(target, why));
            }
            Err(Unread::TooLarge) => {
                let why = format!(
                    "the answer of the back-end is larger than {} bytes",
                    self.max_body
                );
                return Err(fault::unusable(target, why));
            }
        };
        if coding.is_some() && outgoing.method != Method::HEAD {
            // They tell of what is no more.
            head.headers.remove(header::CONTENT_ENCODING);
            head.headers.remove(header::CONTENT_LENGTH);
        }
        let media_type = head
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let payload = media::payload(body, media_type).map_err(|error| {
            fault::unusable(target, format!("the answer of the back-end: {error}"))
        })?;
        let head = BackEndResponse {
            status: head.status,
            headers: head.headers,
        };
        Ok(Answer { head, payload })
    }
}

/// Returns how a body is compressed, if it is and that can be undone.
fn coding(headers: &HeaderMap) -> Option<Coding> {
    let mut names = headers.get_all(header::CONTENT_ENCODING).iter();
    match (names.next(), names.next()) {
        (Some(name), None) => Coding::of(name.to_str().ok()?),
        _ => None,
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Returns where a redirect leads.
fn next(from: &Target, location: &[u8]) -> Result<Target> {
    let location = std::str::from_utf8(location).ok();
    let uri = location.and_then(|location| location::resolve(from.uri(), location));
    let target = uri.and_then(|uri| Target::of(uri).ok());
    let target =
        target.ok_or_else(|| fault::unusable(from, "the back-end redirects to what is no URL"))?;
    if from.is_secure() && !target.is_secure() {
        return Err(fault::unusable(
            from,
            "the back-end redirects from https to http, where all can be read",
        ));
    }
    Ok(target)
}
