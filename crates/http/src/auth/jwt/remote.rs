//! Keys that a server has.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{Error, Event, Result};
use compysition_expression::Template;
use parking_lot::Mutex;
use tokio::sync::{Mutex as Turn, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::cache::Cache;
use super::jwks;
use super::key_set::KeySet;
use crate::client::{Caller, Outline, transport};

/// How long the server may take.
const TIMEOUT: Duration = Duration::from_secs(5);
const FOLLOW: usize = 3;
const LARGEST: usize = 1 << 20;
/// How many events may wait for the keys of unknown ids. More are a flood of tokens that somebody has made up.
const MOST_WAITING: usize = 32;

/// The keys of a server.
pub(crate) struct Remote {
    caller: Caller,
    cache: Mutex<Cache>,
    turn: Turn<()>,
    waiting: Arc<Semaphore>,
}

impl Remote {
    /// Prepares the fetching of keys, and fetches nothing yet.
    ///
    /// # Errors
    /// If it is no URL, or the file of certificates cannot be read.
    pub(crate) fn new(url: &str, ca: Option<&Path>) -> Result<Remote> {
        let url = Template::new(url)?;
        if url.as_literal().is_none() {
            let message = "the URL of keys is the same for all events; it cannot be a template";
            return Err(Error::internal(message));
        }
        let mut outline = Outline::new(url)?;
        outline.correlation = None;
        Ok(Remote {
            caller: Caller {
                transport: transport(ca)?,
                outline,
                timeout: TIMEOUT,
                follow: FOLLOW,
                max_body: LARGEST,
            },
            cache: Mutex::new(Cache::new(
                super::settings::REFRESH.0,
                super::settings::COOLDOWN.0,
            )),
            turn: Turn::new(()),
            waiting: Arc::new(Semaphore::new(MOST_WAITING)),
        })
    }

    /// Sets how old keys may become, and how long nothing is fetched after a try.
    pub(crate) fn set_times(&self, refresh: Duration, cooldown: Duration) {
        let mut cache = self.cache.lock();
        (cache.refresh, cache.cooldown) = (refresh, cooldown);
    }

    /// Returns the keys, unless it is for the caller to fetch them first.
    pub(crate) fn keys(&self, now: Instant) -> Option<Arc<KeySet>> {
        let cache = self.cache.lock();
        let keys = cache.keys(now)?;
        // While one fetches them the others go on with the old ones.
        let is_to_fetch = cache.is_due(now) && self.turn.try_lock().is_ok();
        (!is_to_fetch).then_some(keys)
    }

    /// Returns a place to wait for the key of an unknown id, if it makes sense to look for it now.
    pub(crate) fn place(&self, now: Instant) -> Option<OwnedSemaphorePermit> {
        let may_fetch = self.cache.lock().pause(now).is_zero();
        let is_fetching = self.turn.try_lock().is_err();
        match may_fetch || is_fetching {
            true => self.waiting.clone().try_acquire_owned().ok(),
            false => None,
        }
    }

    /// Fetches the keys, or waits for who does. `known` are those that do not suffice.
    ///
    /// # Errors
    /// Those of a call, and bad gateway, if there are no keys that could be used meanwhile; unavailable, if it is too early for another
    /// try.
    pub(crate) async fn fetch(&self, known: Option<&Arc<KeySet>>) -> Result<Arc<KeySet>> {
        let _turn = self.turn.lock().await;
        let now = Instant::now();
        let pause = {
            let mut cache = self.cache.lock();
            let others = cache.keys(now);
            let is_other = |keys: &Arc<KeySet>| known.is_none_or(|known| !Arc::ptr_eq(known, keys));
            let pause = cache.pause(now);
            match others {
                // Somebody was first.
                Some(keys) if is_other(&keys) && !cache.is_due(now) => return Ok(keys),
                Some(keys) if !pause.is_zero() => return Ok(keys),
                _ => {}
            }
            if pause.is_zero() {
                cache.note_try(now);
            }
            pause
        };
        if !pause.is_zero() {
            let seconds = pause.as_secs() + 1;
            let message = "the keys of tokens could not be fetched a moment ago";
            return Err(Error::unavailable(message).with_detail("retry_after", seconds));
        }
        match self.call().await {
            Ok(keys) => {
                self.cache.lock().take(keys.clone(), now);
                Ok(keys)
            }
            Err(error) => {
                tracing::warn!("the keys of tokens cannot be fetched: {error}");
                self.cache.lock().keys(now).ok_or(error)
            }
        }
    }

    async fn call(&self) -> Result<Arc<KeySet>> {
        let answer = self.caller.call(&Event::new(()), "").await?;
        let set = answer.payload.json().map_err(unusable)?;
        let entries = jwks::parse(&set, true).map_err(unusable)?;
        Ok(Arc::new(KeySet::new(entries)))
    }
}

fn unusable(problem: impl std::fmt::Display) -> Error {
    let message = format!("the keys of tokens cannot be used: {problem}");
    Error::bad_gateway(message).with_detail(crate::status::BACK_END, true)
}
