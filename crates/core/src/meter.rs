//! Events counted against a rate.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::Instant;

use crate::Rate;

/// Keys that are remembered.
const MOST_KEYS: usize = 100_000;
/// How long no room is looked for when there was none, since that takes a look at each key.
const PAUSE: Duration = Duration::from_secs(1);
/// Longer than any program runs, and short enough to be added up.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Counts events against a rate, for each key apart: as many as the burst may come at once, then one each time that the rate
/// allows (the generic cell rate algorithm).
///
/// A key is forgotten when its burst is whole again. While 100,000 are remembered, further keys share one burst and one rate, so that
/// nobody gets past by making up keys.
///
/// ```
/// use compysition_core::Meter;
/// use tokio::time::Instant;
///
/// let mut meter = Meter::new("1/s".parse().unwrap(), 2);
/// let now = Instant::now();
/// assert_eq!(meter.take("ada", now).left, 1);
/// assert_eq!(meter.take("ada", now).left, 0);
/// assert_eq!(meter.take("ada", now).wait.as_secs(), 1);
/// assert!(meter.take("bob", now).wait.is_zero());
/// ```
#[derive(Clone, Debug)]
pub struct Meter {
    period: Duration,
    burst: u32,
    most_keys: usize,
    /// When the next one would be due for each key if they had come at their rate. Keys may be long, so only keyed hashes of them
    /// are kept: two of them that are the same by accident would share a rate.
    due: HashMap<u64, Instant>,
    hasher: RandomState,
    /// The same for all keys that find no room.
    others_due: Option<Instant>,
    /// When room was last looked for.
    looked: Option<Instant>,
}

/// What a [`Meter`] says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How long the event should have waited to be in time; zero if it is.
    pub wait: Duration,
    /// How many more may come at once.
    pub left: u32,
    /// How long it takes until the burst is whole again.
    pub whole_in: Duration,
}

impl Meter {
    /// Makes a meter that allows a burst, at least one, and then a rate.
    pub fn new(rate: Rate, burst: u32) -> Meter {
        Meter {
            period: rate.period().min(LONGEST),
            burst: burst.max(1),
            most_keys: MOST_KEYS,
            due: HashMap::new(),
            hasher: RandomState::new(),
            others_due: None,
            looked: None,
        }
    }

    /// Counts an event of a key if it is in time.
    pub fn take(&mut self, key: &str, now: Instant) -> Reading {
        self.count(key, now, false)
    }

    /// Counts an event of a key in any case, and returns how long it has to wait to be in time.
    pub fn reserve(&mut self, key: &str, now: Instant) -> Duration {
        self.count(key, now, true).wait
    }

    fn count(&mut self, key: &str, now: Instant, in_any_case: bool) -> Reading {
        let key = self.hasher.hash_one(key);
        let is_known = self.due.contains_key(&key);
        if !is_known {
            self.make_room(now);
        }
        let has_room = is_known || self.due.len() < self.most_keys;
        let due = match has_room {
            true => self.due.get(&key).copied(),
            false => self.others_due,
        };
        let due = due.unwrap_or(now).max(now);
        let whole = self.period.saturating_mul(self.burst);
        let wait = (due - now).saturating_sub(whole.saturating_sub(self.period));
        let is_counted = in_any_case || wait.is_zero();
        let next = match is_counted {
            true => due.checked_add(self.period).unwrap_or(due),
            false => due,
        };
        if is_counted && has_room {
            self.due.insert(key, next);
        } else if is_counted {
            self.others_due = Some(next);
        }
        let room = whole.saturating_sub(next - now);
        let left = room.as_nanos() / self.period.as_nanos().max(1);
        Reading {
            wait,
            left: u32::try_from(left).map_or(self.burst, |left| left.min(self.burst)),
            whole_in: next - now,
        }
    }

    /// Forgets keys whose burst is whole again, if there is no room for another one.
    fn make_room(&mut self, now: Instant) {
        let paused = |looked: Instant| now.saturating_duration_since(looked) < PAUSE;
        if self.due.len() >= self.most_keys && !self.looked.is_some_and(paused) {
            self.due.retain(|_, due| *due > now);
            self.looked = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(rate: &str, burst: u32) -> Meter {
        Meter::new(rate.parse().unwrap(), burst)
    }

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let mut meter = meter("2/s", 3);
        let now = Instant::now();
        let left: Vec<u32> = (0..4).map(|_| meter.take("", now).left).collect();
        assert_eq!(left, [2, 1, 0, 0]);
        let early = meter.take("", now);
        assert_eq!(early.wait, Duration::from_millis(500));
        assert_eq!(early.whole_in, Duration::from_millis(1500));
        let later = now + Duration::from_millis(500);
        assert_eq!(meter.take("", later).wait, Duration::ZERO);
        assert_eq!(meter.take("", later).wait, Duration::from_millis(500));
        let whole = later + Duration::from_secs(9);
        assert_eq!(meter.take("", whole).left, 2);
    }

    #[test]
    fn what_is_reserved_waits_longer_each_time() {
        let mut meter = meter("1/s", 1);
        let now = Instant::now();
        let waits: Vec<u64> = (0..3).map(|_| meter.reserve("", now).as_secs()).collect();
        assert_eq!(waits, [0, 1, 2]);
    }

    #[test]
    fn keys_without_room_share_one_rate_and_grow_nothing() {
        let mut meter = meter("1/m", 1);
        meter.most_keys = 3;
        let now = Instant::now();
        let passed = (0..1000).filter(|key| meter.take(&key.to_string(), now).wait.is_zero());
        assert_eq!(passed.count(), 4);
        assert_eq!(meter.due.len(), 3);
        let later = now + Duration::from_secs(60);
        assert!(meter.take("new", later).wait.is_zero());
        assert!(!meter.take("new", later).wait.is_zero());
        assert_eq!(meter.due.len(), 1);
    }

    #[test]
    fn room_is_not_looked_for_all_the_time() {
        let mut meter = meter("1000000/s", 1);
        meter.most_keys = 1;
        let now = Instant::now();
        let at = |micros| now + Duration::from_micros(micros);
        meter.take("a", at(0));
        meter.take("b", at(10));
        meter.take("c", at(20));
        let knows = |meter: &Meter, key: &str| {
            let key = meter.hasher.hash_one(key);
            meter.due.contains_key(&key)
        };
        assert!(knows(&meter, "b") && !knows(&meter, "c"));
        meter.take("c", at(1_000_010));
        assert!(knows(&meter, "c"));
    }

    #[test]
    fn no_rate_is_too_slow_or_too_fast() {
        for rate in ["1e-300/s", "1e300/s"] {
            let mut meter = meter(rate, u32::MAX);
            let now = Instant::now();
            for _ in 0..100 {
                meter.reserve("", now);
                meter.take("", now);
            }
        }
    }
}
