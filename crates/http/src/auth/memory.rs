//! Credentials that were good a moment ago.

use std::collections::HashMap;
use std::time::Duration;

use compysition_core::{Error, Result};
use parking_lot::Mutex;
use ring::hmac;
use ring::rand::SystemRandom;
use tokio::time::Instant;

use super::credentials::Credentials;

/// How many credentials are remembered; each takes about a hundred bytes.
const ROOM: usize = 10_000;

/// Remembers which credentials were good, so that a slow hash is computed once a while and not once a
/// request. It keeps keyed hashes only: neither can passwords be read from it, nor does the time that a
/// look-up takes tell anything about one.
pub(crate) struct Memory {
    key: hmac::Key,
    good: Mutex<HashMap<Mark, Instant>>,
    lasts: Duration,
}

/// A keyed hash of a user name and a password.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Mark([u8; 32]);

impl Memory {
    /// Makes a memory that lasts for a time; zero remembers nothing.
    ///
    /// # Errors
    /// Internal, if the system has no random numbers.
    pub(crate) fn new(lasts: Duration) -> Result<Memory> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| Error::internal("the system has no random numbers"))?;
        Ok(Memory {
            key,
            good: Mutex::default(),
            lasts,
        })
    }

    pub(crate) fn mark(&self, credentials: &Credentials) -> Mark {
        let mut context = hmac::Context::with_key(&self.key);
        // The length keeps `ab`, `c` apart from `a`, `bc`.
        context.update(&(credentials.user.len() as u64).to_be_bytes());
        context.update(credentials.user.as_bytes());
        context.update(credentials.password.as_bytes());
        let mut mark = [0; 32];
        mark.copy_from_slice(context.sign().as_ref());
        Mark(mark)
    }

    pub(crate) fn knows(&self, mark: &Mark, now: Instant) -> bool {
        self.good.lock().get(mark).is_some_and(|until| now < *until)
    }

    pub(crate) fn remember(&self, mark: Mark, now: Instant) {
        if self.lasts.is_zero() {
            return;
        }
        let mut good = self.good.lock();
        if good.len() >= ROOM {
            good.retain(|_, until| now < *until);
        }
        if good.len() >= ROOM {
            // Only good credentials come here, so this is for more users than there is room for.
            good.clear();
        }
        good.insert(mark, now + self.lasts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(user: &str, password: &str) -> Credentials {
        Credentials {
            user: user.into(),
            password: password.into(),
        }
    }

    #[test]
    fn remembers_for_a_while() {
        let memory = Memory::new(Duration::from_secs(60)).unwrap();
        let now = Instant::now();
        let ada = memory.mark(&credentials("ada", "pw"));
        assert!(!memory.knows(&ada, now));
        memory.remember(ada, now);
        assert!(memory.knows(
            &memory.mark(&credentials("ada", "pw")),
            now + Duration::from_secs(59)
        ));
        assert!(!memory.knows(&ada, now + Duration::from_secs(60)));
        assert!(!memory.knows(&memory.mark(&credentials("ad", "apw")), now));
    }

    #[test]
    fn is_bounded_and_can_be_turned_off() {
        let memory = Memory::new(Duration::from_secs(60)).unwrap();
        let now = Instant::now();
        for user in 0..ROOM + 10 {
            memory.remember(memory.mark(&credentials(&user.to_string(), "")), now);
        }
        assert!(memory.good.lock().len() <= ROOM);
        let off = Memory::new(Duration::ZERO).unwrap();
        let mark = off.mark(&credentials("ada", "pw"));
        off.remember(mark, now);
        assert!(!off.knows(&mark, now));
    }
}
