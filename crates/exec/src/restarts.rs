//! How often a program is started anew.

use std::collections::VecDeque;
use std::time::Duration;

use compysition_core::{Error, Result, TimeSpan};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::Instant;

/// How often a program that has died is started anew. Beyond that events fail as `unavailable`, until the time `within` has passed since the
/// first of these starts.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Restarts {
    /// How often within the time `within`; 5 by default.
    pub restarts: u32,
    /// The time in which starts count; 30 s by default.
    pub within: TimeSpan,
    /// The time before the second of them, which doubles from one to the next; 100 ms by default. The first is at once.
    pub backoff: TimeSpan,
    /// The longest time before a start; 5 s by default.
    pub max_backoff: TimeSpan,
}

impl Default for Restarts {
    fn default() -> Restarts {
        Restarts {
            restarts: 5,
            within: TimeSpan::seconds(30),
            backoff: TimeSpan(Duration::from_millis(100)),
            max_backoff: TimeSpan::seconds(5),
        }
    }
}

/// Counts starts.
#[derive(Debug)]
pub(crate) struct Counter {
    settings: Restarts,
    starts: VecDeque<Instant>,
}

impl Counter {
    pub(crate) fn new(settings: Restarts) -> Counter {
        Counter {
            settings,
            starts: VecDeque::new(),
        }
    }

    /// Counts a start, and returns how long to wait before it.
    ///
    /// # Errors
    /// Unavailable, if there were too many.
    pub(crate) fn next(&mut self, program: &str, cause: &str, now: Instant) -> Result<Duration> {
        let within = self.settings.within.0;
        while self.starts.front().is_some_and(|at| now - *at >= within) {
            self.starts.pop_front();
        }
        let count = self.starts.len() as u32;
        if count >= self.settings.restarts {
            let first = self.starts.front().map_or(now, |first| *first + within);
            let seconds = first.saturating_duration_since(now).as_secs_f64().ceil();
            let within = self.settings.within;
            let message = format!(
                "`{program}` was started anew {count} times within {within}, and {cause}; it is started again in {seconds} s at the earliest"
            );
            return Err(Error::unavailable(message).with_detail("retry_after", seconds as u64));
        }
        self.starts.push_back(now);
        let Some(doublings) = count.checked_sub(1) else {
            return Ok(Duration::ZERO);
        };
        let delay = self
            .settings
            .backoff
            .0
            .saturating_mul(1 << doublings.min(20));
        Ok(delay.min(self.settings.max_backoff.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_each_time_and_gives_up_for_a_while() {
        let mut counter = Counter::new(Restarts::default());
        let begin = Instant::now();
        let mut at = |seconds: u64| {
            let now = begin + Duration::from_secs(seconds);
            let delay = counter.next("p", "ended with code 1", now);
            delay.map(|delay| delay.as_millis())
        };
        let delays: Vec<_> = (0..5).map(|second| at(second).unwrap()).collect();
        assert_eq!(delays, [0, 100, 200, 400, 800]);
        let error = at(10).unwrap_err();
        assert_eq!(error.detail("retry_after").unwrap(), 20);
        assert!(
            error
                .message()
                .contains("5 times within 30s, and ended with code 1"),
            "{error}"
        );
        assert_eq!(at(30).unwrap(), 800);
        assert_eq!(at(100).unwrap(), 0);
    }
}
