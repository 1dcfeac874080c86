//! Which times are due.

use std::time::{Duration, SystemTime};

use compysition_schedule::{Schedule, sleep_until, wall_clock};

use crate::Missed;

/// How late it may be and still be in time: the clock is looked at every few seconds at least.
const LATE: Duration = Duration::from_secs(10);
/// How far the clock may be set back without times coming again.
const BACK: Duration = Duration::from_secs(3600);

/// A time that is due.
#[derive(Debug, PartialEq)]
pub(crate) struct Due {
    pub(crate) at: SystemTime,
    /// The first of the times that were missed before it and that it stands for.
    pub(crate) missed_from: Option<SystemTime>,
}

/// Tells one time after the other.
pub(crate) struct Times {
    schedule: Schedule,
    missed: Missed,
    /// The last time that was told or left out.
    last: SystemTime,
}

impl Times {
    pub(crate) fn new(schedule: Schedule, missed: Missed, last: SystemTime) -> Times {
        Times {
            schedule,
            missed,
            last,
        }
    }

    /// Waits for the next time; none if there is none any more.
    pub(crate) async fn next(&mut self) -> Option<Due> {
        loop {
            let now = wall_clock();
            if self.last > now + BACK {
                self.last = now;
            }
            let next = self.schedule.next_after(self.last)?;
            // The clock may be set back while this waits.
            if next > now {
                sleep_until(next.min(now + BACK)).await;
                continue;
            }
            if let Some(due) = self.due(next, now) {
                self.last = due.at;
                return Some(due);
            }
        }
    }

    /// Says what is to be done about a time that has come.
    fn due(&mut self, first: SystemTime, now: SystemTime) -> Option<Due> {
        if self.missed == Missed::All {
            return Some(Due {
                at: first,
                missed_from: None,
            });
        }
        let last = self.last_until(now).unwrap_or(first);
        let is_in_time = last + LATE >= now;
        if self.missed == Missed::Skip && !is_in_time {
            self.last = last;
            return None;
        }
        let stands_for_others = self.missed == Missed::Once && last > first;
        Some(Due {
            at: last,
            missed_from: stands_for_others.then_some(first),
        })
    }

    /// Returns the last time until now. There may be millions since the first: it looks back further and further.
    fn last_until(&self, now: SystemTime) -> Option<SystemTime> {
        let is_past = |time: &SystemTime| *time <= now;
        let mut back = Duration::from_secs(1);
        let mut last = loop {
            let from = now.checked_sub(back)?;
            if let Some(time) = self.schedule.next_after(from).filter(is_past) {
                break time;
            }
            if from < self.last {
                return None;
            }
            back *= 2;
        };
        while let Some(time) = self.schedule.next_after(last).filter(is_past) {
            last = time;
        }
        Some(last)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    /// Tells what is due an hour after the last time and 30 seconds, every five minutes.
    fn due(missed: Missed, cron: &str) -> Vec<(u64, Option<u64>)> {
        let schedule = Schedule {
            cron: cron.parse().unwrap(),
            time_zone: Default::default(),
        };
        let now = UNIX_EPOCH + Duration::from_secs(3630);
        let mut times = Times::new(schedule, missed, UNIX_EPOCH);
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut found = Vec::new();
        loop {
            let next = times.schedule.next_after(times.last).unwrap();
            if next > now {
                return found;
            }
            if let Some(due) = times.due(next, now) {
                times.last = due.at;
                found.push((seconds(due.at), due.missed_from.map(seconds)));
            }
        }
    }

    #[test]
    fn what_was_missed_is_left_out_told_once_or_told_in_full() {
        assert_eq!(due(Missed::Skip, "*/5 * * * *"), []);
        assert_eq!(due(Missed::Once, "*/5 * * * *"), [(3600, Some(300))]);
        let all: Vec<_> = (1..=12).map(|number| (number * 300, None)).collect();
        assert_eq!(due(Missed::All, "*/5 * * * *"), all);
        // What is only a little late is not missed.
        assert_eq!(due(Missed::Skip, "25 * * * * *"), [(3625, None)]);
        assert_eq!(due(Missed::Once, "25 * * * * *"), [(3625, Some(25))]);
        assert_eq!(due(Missed::Once, "0 1 * * *"), [(3600, None)]);
    }

    #[test]
    fn years_of_missed_seconds_cost_nothing() {
        let schedule = Schedule {
            cron: "* * * * * *".parse().unwrap(),
            time_zone: Default::default(),
        };
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let mut times = Times::new(schedule, Missed::Once, UNIX_EPOCH);
        let first = UNIX_EPOCH + Duration::from_secs(1);
        let wanted = Due {
            at: now,
            missed_from: Some(first),
        };
        assert_eq!(times.due(first, now), Some(wanted));
    }
}
