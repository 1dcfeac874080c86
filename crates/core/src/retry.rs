//! Trying again what failed.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::Instant;

use crate::context::Context;
use crate::current::AsActor;
use crate::station::Station;
use crate::{Error, ErrorKind, Event, TimeSpan};

/// How often, and after which time, an actor tries again what failed.
///
/// An event is tried again at the actor that failed, as it came in; what a failed try had sent stays sent,
/// so this suits actors that send last. After the last try it takes the error path. An event that an actor
/// panicked on is never tried again, nor one whose client has gone or whose deadline would pass meanwhile.
/// When the flow stops, those that wait are tried at once, for the last time. One that fails then with tries left, and for which no client
/// waits, is marked: if nobody keeps it or deals with the failure, a source that can make it again does so when it is started anew
/// ([`Error::is_cut_short`]).
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Retry {
    /// How often an event is tried in all; 5 by default, at most 1,000.
    pub attempts: u32,
    /// The time before the second try; 1 s by default. If the error says `Retry-After`, at least that.
    pub delay: TimeSpan,
    /// By what the time grows from try to try; 2 by default.
    pub backoff: f64,
    /// The longest time; 30 s by default. If the error asks for more, the event is not tried again.
    pub max_delay: TimeSpan,
    /// By how much of itself the time varies, from 0 to 1, so that those that failed together do not come
    /// back together; 0.1 by default.
    pub jitter: f64,
    /// The kinds of errors that may pass: by default `timeout`, `unavailable`, `bad_gateway` and
    /// `rate_exceeded`.
    #[serde(alias = "on")]
    pub errors: Vec<ErrorKind>,
    /// Whether later events wait behind one that is tried again; else they pass it. What an actor does in
    /// the background, as `http_client` does with a `concurrency` over 1, is always passed.
    pub keep_order: bool,
}

/// The kinds of errors that may pass by themselves.
pub(crate) const PASSING: [ErrorKind; 4] = [
    ErrorKind::Timeout,
    ErrorKind::Unavailable,
    ErrorKind::BadGateway,
    ErrorKind::RateExceeded,
];

impl Default for Retry {
    fn default() -> Retry {
        Retry {
            attempts: 5,
            delay: TimeSpan::seconds(1),
            backoff: 2.0,
            max_delay: TimeSpan::seconds(30),
            jitter: 0.1,
            errors: PASSING.to_vec(),
            keep_order: false,
        }
    }
}

impl Retry {
    /// Tells all that makes no sense in the settings.
    pub(crate) fn mistakes(&self) -> impl Iterator<Item = &'static str> + use<> {
        let mistakes = [
            (
                !(1..=1000).contains(&self.attempts),
                "`attempts` must be from 1 to 1000",
            ),
            (
                !(1.0..=1000.0).contains(&self.backoff),
                "`backoff` must be from 1 to 1000",
            ),
            (
                !(0.0..=1.0).contains(&self.jitter),
                "`jitter` must be from 0 to 1",
            ),
            (
                self.errors.contains(&ErrorKind::Panicked),
                "an event that an actor panicked on is never tried again",
            ),
        ];
        mistakes
            .into_iter()
            .filter_map(|(is, mistake)| is.then_some(mistake))
    }

    /// Returns the time until an event should be tried again, unless it should not be.
    fn delay(&self, event: &Event, error: &Error, random: u64) -> Option<Duration> {
        let tried = event.attempts() + 1;
        if tried >= self.attempts || !self.errors.contains(&error.kind()) || event.is_void() {
            return None;
        }
        let longest = self.max_delay.0;
        let asked = error.detail("retry_after").and_then(|after| after.as_u64());
        let asked = Duration::from_secs(asked.unwrap_or(0));
        if asked > longest {
            return None;
        }
        let exponent = i32::try_from(tried - 1).unwrap_or(i32::MAX);
        let grown = self.delay.0.as_secs_f64() * self.backoff.powi(exponent);
        let unit = random as f64 / u64::MAX as f64;
        let varied = grown * (1.0 + self.jitter * (2.0 * unit - 1.0));
        let delay = Duration::try_from_secs_f64(varied).unwrap_or(longest);
        let delay = delay.min(longest).max(asked);
        let too_late = |deadline: Instant| Instant::now() + delay >= deadline;
        (!event.deadline().is_some_and(too_late)).then_some(delay)
    }
}

/// What becomes of an event that failed.
enum Next {
    /// It is to be tried again after a time.
    Try(Duration),
    /// It would be, if the flow did not stop.
    CutShort,
    Fail,
}

impl Station {
    /// Says what becomes of an event that failed.
    fn next(&self, event: &Event, error: &Error) -> Next {
        let retry = self.options.retry.as_ref();
        let delay = retry.and_then(|retry| retry.delay(event, error, self.flow.random()));
        match delay {
            // A client that waits is to be told what it is, and may ask again.
            Some(_) if self.flow.is_stopping() && event.is_for_clients() => Next::Fail,
            Some(_) if self.flow.is_stopping() => Next::CutShort,
            Some(delay) => Next::Try(delay),
            None => Next::Fail,
        }
    }

    /// Counts that an event will be tried again.
    fn note_try(&self, event: &Event, error: &Error, delay: Duration) {
        self.counters.count_retry();
        tracing::debug!(
            flow = %self.flow.name,
            actor = %self.name,
            meta_id = %event.meta_id(),
            attempt = event.attempts() + 1,
            ?delay,
            "to be tried again: {error}"
        );
    }

    /// Sees to an event that failed: puts it aside to be tried again, or sends it the error path.
    pub(crate) fn fail(self: &Arc<Self>, inbox: u16, mut event: Event, error: Error) {
        match self.next(&event, &error) {
            // What has no room to wait is not tried again.
            Next::Try(delay) if event.charge_failed(0).is_ok() => {
                self.put_aside(inbox, event, error, delay);
            }
            Next::CutShort => self.route_error_of(Some(inbox), event, error.cut_short()),
            Next::Try(_) | Next::Fail => self.route_error_of(Some(inbox), event, error),
        }
    }

    fn put_aside(self: &Arc<Self>, inbox: u16, event: Event, error: Error, delay: Duration) {
        self.note_try(&event, &error, delay);
        let station = self.clone();
        let event = event.tried();
        let name = self.name.clone();
        let wait = async move {
            station.wait(delay).await;
            let mut events = vec![event];
            if !station.inlet().push_front(inbox, &mut events) {
                let event = events.into_iter().next().unwrap_or_default();
                station.route_error_of(Some(inbox), event, error);
            }
        };
        self.flow.spawner.spawn(AsActor::new(name, wait));
    }

    /// Waits for a time, or until the flow begins to stop.
    async fn wait(&self, delay: Duration) {
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = self.flow.stopping() => {}
        }
    }
}

impl Context {
    /// Waits in place until the event being consumed should be tried again, and returns it then, if it
    /// should be.
    pub(crate) async fn try_in_place(&mut self, error: &Error) -> Option<Event> {
        let keeps_order = |retry: &Retry| retry.keep_order;
        if !self.station.options.retry.as_ref().is_some_and(keeps_order) {
            return None;
        }
        let event = self.parent.whole()?;
        let Next::Try(delay) = self.station.next(event, error) else {
            return None;
        };
        self.station.note_try(event, error, delay);
        self.close();
        self.station.wait(delay).await;
        self.open();
        let event = self.parent.take().tried();
        self.begin(&event, true);
        self.station.counters.consumed.fetch_add(1, Relaxed);
        Some(event)
    }
}
