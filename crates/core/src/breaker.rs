//! Sparing a peer that does not answer.

use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::Instant;

use crate::retry::PASSING;
use crate::{Error, ErrorKind, TimeSpan};

/// When an actor stops trying, to spare a peer that does not answer, and when it tries again.
///
/// After so many failures in a row the breaker opens: events fail at once as `unavailable`. When its time
/// is over, one event is let through; if that goes well the breaker closes, else it stays open for as long
/// again. The pattern is Nygard's circuit breaker (Release It!, 2007).
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Breaker {
    /// Failures in a row that open it; 5 by default.
    pub failures: u32,
    /// How long it stays open; 30 s by default.
    pub open: TimeSpan,
    /// The kinds of errors that count: by default `timeout`, `unavailable`, `bad_gateway` and
    /// `rate_exceeded`. Others tell that the peer answers.
    #[serde(alias = "on")]
    pub errors: Vec<ErrorKind>,
}

impl Default for Breaker {
    fn default() -> Breaker {
        Breaker {
            failures: 5,
            open: TimeSpan::seconds(30),
            errors: PASSING.to_vec(),
        }
    }
}

impl Breaker {
    /// Tells all that makes no sense in the settings.
    pub(crate) fn mistakes(&self) -> impl Iterator<Item = &'static str> + use<> {
        let mistakes = [
            (self.failures == 0, "`failures` must be at least 1"),
            (
                self.open.0.is_zero(),
                "open for `0s` it spares nobody; `open` must be longer",
            ),
        ];
        mistakes
            .into_iter()
            .filter_map(|(is, mistake)| is.then_some(mistake))
    }
}

/// What a breaker does with events now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    /// It lets all through.
    Closed,
    /// It lets none through.
    Open,
    /// It has let one through and waits for what becomes of it.
    HalfOpen,
}

/// The breaker of a running actor.
pub(crate) struct Switch {
    settings: Breaker,
    place: Mutex<Place>,
}

#[derive(Clone, Copy)]
enum Place {
    /// So many have failed in a row.
    Closed(u32),
    Open(Instant),
    /// One was let through, and may be given up at a time: its work may have been dropped.
    HalfOpen(Instant),
}

impl Switch {
    pub(crate) fn new(settings: Breaker) -> Switch {
        Switch {
            settings,
            place: Mutex::new(Place::Closed(0)),
        }
    }

    /// Lets an event through, or not.
    ///
    /// # Errors
    /// Unavailable, with the seconds until the next one is let through.
    pub(crate) fn pass(&self) -> Result<(), Error> {
        let now = Instant::now();
        let mut place = self.place.lock();
        match *place {
            Place::Closed(_) => Ok(()),
            Place::Open(until) | Place::HalfOpen(until) if now < until => {
                let seconds = (until - now).as_secs_f64().ceil() as u64;
                let message = format!(
                    "the breaker is open after failures in a row; the next try is in {seconds} s"
                );
                Err(Error::unavailable(message).with_detail("retry_after", seconds))
            }
            Place::Open(_) | Place::HalfOpen(_) => {
                *place = Place::HalfOpen(now + self.settings.open.0);
                Ok(())
            }
        }
    }

    /// Takes note of how an event fared. Returns the state if that changed.
    pub(crate) fn note(&self, error: Option<&Error>) -> Option<BreakerState> {
        let failed = error.is_some_and(|error| self.settings.errors.contains(&error.kind()));
        let mut place = self.place.lock();
        let before = state(*place);
        *place = match *place {
            Place::Closed(failures) if failed && failures + 1 < self.settings.failures => {
                Place::Closed(failures + 1)
            }
            // One that was under way when it opened.
            Place::Open(until) => Place::Open(until),
            _ if failed => Place::Open(Instant::now() + self.settings.open.0),
            _ => Place::Closed(0),
        };
        let after = state(*place);
        (before != after).then_some(after)
    }

    pub(crate) fn state(&self) -> BreakerState {
        state(*self.place.lock())
    }
}

fn state(place: Place) -> BreakerState {
    match place {
        Place::Closed(_) => BreakerState::Closed,
        Place::Open(_) => BreakerState::Open,
        Place::HalfOpen(_) => BreakerState::HalfOpen,
    }
}
