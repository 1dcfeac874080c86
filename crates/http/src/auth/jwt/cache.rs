//! When keys of a server are to be fetched.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::key_set::KeySet;

/// How long keys are still used while their server gives no new ones.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// The keys of a server, and when they are to be fetched again.
pub(crate) struct Cache {
    keys: Option<(Arc<KeySet>, Instant)>,
    tried: Option<Instant>,
    /// How old keys may become.
    pub(crate) refresh: Duration,
    /// How long nothing is fetched after a try.
    pub(crate) cooldown: Duration,
}

impl Cache {
    pub(crate) fn new(refresh: Duration, cooldown: Duration) -> Cache {
        Cache {
            keys: None,
            tried: None,
            refresh,
            cooldown,
        }
    }

    /// Returns the keys, if they are not too old to be used at all.
    pub(crate) fn keys(&self, now: Instant) -> Option<Arc<KeySet>> {
        let (keys, since) = self.keys.as_ref()?;
        let age = now.saturating_duration_since(*since);
        (age < self.refresh.saturating_add(STALE)).then(|| keys.clone())
    }

    /// Returns how long nothing may be fetched; zero if it may at once.
    pub(crate) fn pause(&self, now: Instant) -> Duration {
        let since = self.tried.map(|tried| now.saturating_duration_since(tried));
        since.map_or(Duration::ZERO, |since| self.cooldown.saturating_sub(since))
    }

    /// Returns whether it is time to fetch the keys.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let is_fresh = |since: &Instant| now.saturating_duration_since(*since) < self.refresh;
        let has_fresh = self.keys.as_ref().is_some_and(|(_, since)| is_fresh(since));
        !has_fresh && self.pause(now).is_zero()
    }

    /// Notes that the keys are being fetched.
    pub(crate) fn note_try(&mut self, now: Instant) {
        self.tried = Some(now);
    }

    /// Takes new keys.
    pub(crate) fn take(&mut self, keys: Arc<KeySet>, now: Instant) {
        self.keys = Some((keys, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fetched_when_they_are_old_and_not_too_often() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut cache = Cache::new(Duration::from_secs(100), Duration::from_secs(10));
        assert!(cache.is_due(start) && cache.keys(start).is_none());
        cache.note_try(start);
        assert!(!cache.is_due(at(9)));
        assert_eq!(cache.pause(at(9)), Duration::from_secs(1));
        assert!(cache.is_due(at(10)));

        cache.note_try(at(10));
        cache.take(Arc::new(KeySet::new(Vec::new())), at(11));
        assert!(!cache.is_due(at(110)));
        assert!(cache.is_due(at(111)));
        // The server is away.
        cache.note_try(at(111));
        assert!(cache.keys(at(112)).is_some());
        assert!(!cache.is_due(at(120)) && cache.is_due(at(121)));
        assert!(cache.keys(at(11 + 100 + 86_399)).is_some());
        assert!(cache.keys(at(11 + 100 + 86_400)).is_none());
    }
}
