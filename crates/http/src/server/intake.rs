//! How a request becomes an event: its headers are checked, it waits for its turn, its body is read.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use compysition_core::{Admission, ByteSize, Error, ErrorKind, Event, Refusal};
use http::{HeaderName, StatusCode, header};
use hyper::body::Body;
use tokio::time::{sleep, timeout};

use crate::coding::{self, Coding};
use crate::exchange::Exchange;
use crate::media::{self, Format};
use crate::server::body::{self, BoxError};
use crate::server::compression::Compression;
use crate::server::door::Way;
use crate::server::fault::{ACCEPT_ENCODING, Fault};
use crate::server::visit::Visit;

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// How long a body that is under way may go on coming when the flow stops.
const LAST_CALL: Duration = Duration::from_secs(2);

/// What an event takes of its source's share beside its payload, generously.
const OVERHEAD: usize = 1024;

impl Visit<'_> {
    pub(crate) fn check_content_type(&self, way: &Way) -> Result<(), Fault> {
        let Some(taken) = &way.content_types else {
            return Ok(());
        };
        let sent = self.content_type();
        if !self.has_unread || sent.is_some_and(|sent| taken.iter().any(|range| range.takes(sent)))
        {
            return Ok(());
        }
        let taken: Vec<_> = taken.iter().map(ToString::to_string).collect();
        let taken = taken.join(", ");
        let message = match sent {
            Some(sent) => format!("{} is not taken here, but {taken} is", media::essence(sent)),
            None => format!("the body has no content-type; {taken} is taken here"),
        };
        Err(Error::new(ErrorKind::UnsupportedMedia, message).into())
    }

    /// Returns how the body is compressed, if it is and that is to be undone. Else a compressed body is
    /// passed on as it is, but for one that would be read as text.
    pub(crate) fn content_coding(&self) -> Result<Option<Coding>, Fault> {
        let headers = self.head.headers.get_all(header::CONTENT_ENCODING).iter();
        let names: Vec<_> = headers
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let name = names.join(", ");
        if !self.has_unread || name.is_empty() || name.eq_ignore_ascii_case("identity") {
            return Ok(None);
        }
        let compression = self.door.compression.as_ref();
        let is_undone = compression.is_some_and(Compression::takes_requests);
        let format = self.content_type().map_or(Format::Bytes, Format::of);
        let taken = match Coding::of(&name) {
            coding @ Some(_) if is_undone => return Ok(coding),
            None if is_undone => coding::ACCEPTED,
            _ if format == Format::Bytes => return Ok(None),
            _ => "identity",
        };
        let how = match taken {
            "identity" => "as it is".to_owned(),
            taken => format!("as it is, or as one of {taken}"),
        };
        let message = format!("a body encoded as {name} is not taken here; send it {how}");
        let error = Error::new(ErrorKind::UnsupportedMedia, message);
        Err(error.with_detail(ACCEPT_ENCODING, taken).into())
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        self.head.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// Waits for a permit, before the body is read. Returns the most bytes that the body may have as well.
    pub(crate) async fn admit(
        &self,
        way: &Way,
        length: Option<u64>,
        coding: Option<Coding>,
    ) -> Result<(Admission, ByteSize), Fault> {
        let limit = way.body_limit;
        let expected = match length {
            _ if !self.has_unread => 0,
            Some(length) => usize::try_from(length).unwrap_or(usize::MAX),
            None => limit.0,
        };
        if expected > limit.0 {
            return Err(body::too_large(limit).into());
        }
        // Nobody knows how large it becomes.
        let (length, expected) = match coding {
            Some(_) => (None, limit.0),
            None => (length, expected),
        };
        match self.wait(way, expected).await {
            // The body may well be smaller than the limit; what does not fit is found by counting.
            Err(Refusal::TooLarge { limit }) if length.is_none() => {
                let most = limit.saturating_sub(OVERHEAD);
                let admitted = self.wait(way, most).await;
                admitted
                    .map(|admission| (admission, ByteSize(most)))
                    .map_err(refused)
            }
            admitted => admitted
                .map(|admission| (admission, limit))
                .map_err(refused),
        }
    }

    async fn wait(&self, way: &Way, bytes: usize) -> Result<Admission, Refusal> {
        let mut admit = pin!(self.source.admit(bytes));
        let at_once = poll_fn(|cx| Poll::Ready(admit.as_mut().poll(cx))).await;
        if let Poll::Ready(admitted) = at_once {
            return admitted;
        }
        let _waiter = self.door.line_up().ok_or(Refusal::Crowded)?;
        timeout(way.deadline, admit)
            .await
            .unwrap_or(Err(Refusal::Crowded))
    }

    /// Waits until the flow stops, and no body is waited for any more: each has a permit, which the stop waits for.
    async fn last_call(&self) {
        // In a box, so that bodies that are there at once need not carry its room about.
        Box::pin(async {
            self.source.stopping().await;
            sleep(LAST_CALL).await;
        })
        .await;
    }

    /// Reads the body and makes the event.
    pub(crate) async fn read<B>(
        &mut self,
        way: &Way,
        body: Pin<&mut B>,
        coding: Option<Coding>,
        limit: ByteSize,
    ) -> Result<Event, Fault>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let mut event = Event::default();
        if self.has_unread {
            let read = async {
                match coding {
                    None => body::read(body, limit).await,
                    Some(coding) => Box::pin(body::read_coded(body, coding, limit)).await,
                }
            };
            let body = tokio::select! {
                biased;
                body = timeout(self.door.body_timeout, read) => match body {
                    Ok(body) => body?,
                    Err(_) => {
                        let error = Error::timeout("the body did not arrive in time");
                        return Err(Fault::with_status(StatusCode::REQUEST_TIMEOUT, error));
                    }
                },
                () = self.last_call() => return Err(refused(Refusal::Stopping)),
            };
            self.has_unread = false;
            if coding.is_some() {
                // They tell of what is no more.
                let headers = &mut Arc::make_mut(&mut self.head).headers;
                headers.remove(header::CONTENT_ENCODING);
                headers.remove(header::CONTENT_LENGTH);
            }
            event.set_payload(media::payload(body, self.content_type())?);
        }
        if let Some(name) = &way.name {
            event.set_service(name.clone());
        }
        if let Some(meta_id) = &self.meta_id {
            event.set_meta_id(meta_id.as_str());
        }
        let traceparent = self.head.headers.get(&TRACEPARENT);
        let traceparent = traceparent.and_then(|value| value.to_str().ok());
        if let Some(traceparent) = traceparent.filter(|text| is_traceparent(text)) {
            event.set_traceparent(traceparent);
        }
        for (name, value) in &self.head.variables {
            event.set_attribute(name.clone(), value.as_str());
        }
        let exchange = Exchange {
            request: self.head.clone(),
            ..Exchange::default()
        };
        event.set_extension(self.door.http.clone(), Arc::new(exchange));
        Ok(event)
    }
}

/// Tells whether a text has the form `version-trace-parent-flags` of the W3C, in lower-case hex.
pub(crate) fn is_traceparent(text: &str) -> bool {
    let is_hex = |part: &str| {
        part.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let lengths = text.split('-').map(str::len);
    lengths.eq([2, 32, 16, 2]) && text.split('-').all(is_hex)
}

fn refused(refusal: Refusal) -> Fault {
    match refusal {
        Refusal::TooLarge { .. } => Error::new(ErrorKind::TooLarge, refusal.to_string()).into(),
        other => Error::unavailable(other.to_string())
            .with_detail("retry_after", 1)
            .into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_trace_contexts_of_the_right_form() {
        assert!(is_traceparent(
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        ));
        assert!(!is_traceparent(
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01"
        ));
        assert!(!is_traceparent(
            "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        ));
        assert!(!is_traceparent("nonsense"));
    }
}
