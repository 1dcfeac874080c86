//! The times at which something regular happens.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// How far behind it may be and still catch up. Timers are as coarse as milliseconds, so a faster pace
/// could not be kept without.
const SLACK: Duration = Duration::from_millis(20);

/// Keeps a regular pace that does not drift. After a stall it goes on in step, without a burst of what
/// was missed.
pub(crate) struct Pace {
    period: Duration,
    /// None if that is too far away to be told: never.
    due: Option<Instant>,
}

impl Pace {
    /// Begins after a delay.
    pub(crate) fn new(period: Duration, delay: Duration) -> Pace {
        Pace {
            period,
            due: Instant::now().checked_add(delay),
        }
    }

    /// Waits for the next time.
    pub(crate) async fn next(&mut self) {
        let Some(due) = self.due else {
            return std::future::pending().await;
        };
        let now = Instant::now();
        let due = self.skip_missed(due, now);
        if due > now {
            sleep_until(due).await;
        }
        self.due = due.checked_add(self.period);
    }

    fn skip_missed(&self, due: Instant, now: Instant) -> Instant {
        let behind = now.saturating_duration_since(due);
        if behind <= SLACK.max(self.period) {
            return due;
        }
        match behind.as_nanos().checked_div(self.period.as_nanos()) {
            // It was missed so often; the last one of these comes now, late.
            Some(missed) => due + self.period * u32::try_from(missed).unwrap_or(u32::MAX),
            None => now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn neither_drifts_nor_bursts() {
        let start = Instant::now();
        let mut pace = Pace::new(SECOND, 2 * SECOND);
        let mut times = Vec::new();
        for work in [0, 300, 900, 3500, 0, 0, 0] {
            pace.next().await;
            times.push(start.elapsed().as_millis());
            tokio::time::advance(Duration::from_millis(work)).await;
        }
        assert_eq!(times, [2000, 3000, 4000, 5000, 8500, 9000, 10_000]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_pace_is_kept_by_catching_up() {
        let start = Instant::now();
        let mut pace = Pace::new(Duration::from_micros(10), Duration::ZERO);
        for _ in 0..100_000 {
            pace.next().await;
        }
        let took = start.elapsed();
        assert!((SECOND - SLACK..SECOND + SLACK).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_too_far_away_never_comes() {
        let year = 365 * 24 * 3600 * SECOND;
        let mut never = Pace::new(SECOND, Duration::MAX);
        assert!(tokio::time::timeout(year, never.next()).await.is_err());
        let mut once = Pace::new(Duration::MAX, SECOND);
        once.next().await;
        assert!(tokio::time::timeout(year, once.next()).await.is_err());
    }
}
