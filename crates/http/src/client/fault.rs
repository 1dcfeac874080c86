//! What the failures of a call mean to the flow.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;
use std::time::{Duration, SystemTime};

use compysition_core::{Error, ErrorKind, TimeSpan};
use http::{HeaderMap, StatusCode, header};
use hyper_util::client::legacy;
use serde_json::json;

use super::target::Target;
use crate::status::{BACK_END, kind_of};

/// How much of the body of a refusal goes into its error.
pub(crate) const EXCERPT: usize = 1024;

/// Marks an error as that of a back-end. What flows find under `error.back_end` is none of the business of
/// a door's clients.
pub(crate) fn of_back_end(error: Error, target: &Target) -> Error {
    error.with_detail(BACK_END, json!({ "url": target.shown() }))
}

/// Makes an error of a response that is no success.
pub(crate) fn refused(
    target: &Target,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Error {
    let kind = kind_of(status).unwrap_or(ErrorKind::BadGateway);
    let error = Error::new(kind, format!("the back-end answered {status}"));
    let mut detail = json!({ "url": target.shown(), "status": status.as_u16() });
    let excerpt = excerpt(body);
    if !excerpt.is_empty() {
        detail["body"] = excerpt.into();
    }
    let error = error.with_detail(BACK_END, detail);
    match retry_after(headers) {
        Some(seconds) => error.with_detail("retry_after", seconds),
        None => error,
    }
}

/// Makes an error of an answer that cannot be used.
pub(crate) fn unusable(target: &Target, why: impl Into<Cow<'static, str>>) -> Error {
    of_back_end(Error::bad_gateway(why), target)
}

/// Makes an error of a connection that could not be made, or broke.
pub(crate) fn broken(target: &Target, cause: legacy::Error) -> Error {
    let reason = root_cause(&cause);
    let error = if cause.is_connect() && is_about_tls(&cause) {
        Error::bad_gateway(format!("no secure connection to the back-end: {reason}"))
    } else if cause.is_connect() {
        Error::unavailable(format!("no connection to the back-end: {reason}"))
    } else {
        Error::bad_gateway(format!("no complete answer from the back-end: {reason}"))
    };
    of_back_end(error, target).with_source(cause)
}

/// Makes an error of a response whose body broke off.
pub(crate) fn broken_off(target: &Target, cause: hyper::Error) -> Error {
    let reason = root_cause(&cause);
    unusable(
        target,
        format!("the answer of the back-end broke off: {reason}"),
    )
    .with_source(cause)
}

/// Makes an error of a call that took too long.
pub(crate) fn late(target: &Target, after: Duration) -> Error {
    // A deadline is some nanoseconds nearer than people think.
    let after = TimeSpan(Duration::from_millis(
        after.as_micros().div_ceil(1000) as u64
    ));
    let message = format!("the back-end did not answer within {after}");
    of_back_end(Error::timeout(message), target)
}

/// Makes an error of a call that was broken off, since nobody waits for its answer.
pub(crate) fn unwanted() -> Error {
    let message = "the call was broken off: its client has gone or its deadline has passed";
    Error::new(ErrorKind::Cancelled, message)
}

fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT)]);
    let mut text = text.trim().to_owned();
    if body.len() > EXCERPT {
        text.push('…');
    }
    text
}

/// Returns the seconds that the header `Retry-After` asks to wait.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(seconds);
    }
    let time = httpdate::parse_http_date(value).ok()?;
    let wait = time.duration_since(SystemTime::now()).unwrap_or_default();
    Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

/// Returns the innermost error of a chain, which says what happened; the outer ones say where.
fn root_cause<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    causes(error).last().unwrap_or(error)
}

fn is_about_tls(error: &(dyn StdError + 'static)) -> bool {
    causes(error).any(|cause| cause.is::<rustls::Error>())
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // What an `io::Error` wraps is not its source, but the source's source.
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        wrapped
            .map(|wrapped| wrapped as &(dyn StdError + 'static))
            .or_else(|| error.source())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_tells_all_but_secrets() {
        let target = Target::parse("http://ada:pw@a/orders?key=secret").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, "7".parse().unwrap());
        let body = "x".repeat(EXCERPT + 1);
        let error = refused(
            &target,
            StatusCode::TOO_MANY_REQUESTS,
            &headers,
            body.as_bytes(),
        );
        assert_eq!(error.kind(), ErrorKind::RateExceeded);
        assert_eq!(
            error.message(),
            "the back-end answered 429 Too Many Requests"
        );
        assert_eq!(error.detail("retry_after").unwrap(), 7);
        let detail = error.detail(BACK_END).unwrap();
        assert_eq!(detail["status"], 429);
        assert_eq!(detail["url"], "http://a/orders");
        assert!(detail["body"].as_str().unwrap().ends_with("x…"));
    }

    #[test]
    fn retry_after_may_be_a_date() {
        let wait = |time: SystemTime| {
            let mut headers = HeaderMap::new();
            let date = httpdate::fmt_http_date(time);
            headers.insert(header::RETRY_AFTER, date.parse().unwrap());
            retry_after(&headers)
        };
        let soon = wait(SystemTime::now() + Duration::from_secs(100)).unwrap();
        assert!((98..=100).contains(&soon), "{soon}");
        assert_eq!(wait(SystemTime::UNIX_EPOCH), Some(0));
    }
}
