//! The keys that are known, in memory or in a file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use compysition_core::{Context, Error, ErrorKind, Result};
use tokio::time::Instant;

use crate::answer::Answer;
use crate::file::File;
use crate::memory::Memory;

/// What is known of a key.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) state: State,
    /// When it is forgotten, in milliseconds since 1970.
    pub(crate) until: u64,
    pub(crate) answer: Option<Answer>,
}

/// How far an event had come when it was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It had been sent on.
    Started,
    /// It was delivered.
    Done,
    /// It is in the dead letters.
    Kept,
}

/// What has changed of a key: what is known of it now, or nothing any more.
pub(crate) type Change = (Arc<str>, Option<Known>);

/// Keeps the keys.
pub(crate) enum Keys {
    Memory(Memory),
    /// A file may be read while it is written.
    File(Arc<File>),
    /// The file cannot be had now, for a reason.
    Shut(Error),
}

/// How many keys are purged at a time.
const PURGED_AT_ONCE: usize = 1_000;

impl Keys {
    /// Returns what is known of a key.
    ///
    /// # Errors
    /// Unavailable, if the file cannot be read.
    pub(crate) async fn get(
        &self,
        key: &Arc<str>,
        now: u64,
        ctx: &Context,
    ) -> Result<Option<Known>> {
        let known = match self {
            Keys::Memory(memory) => memory.get(key).cloned(),
            Keys::File(file) => {
                let (file, key) = (file.clone(), key.clone());
                ctx.blocking(move || file.get(&key)).await??
            }
            Keys::Shut(error) => return Err(error.clone()),
        };
        Ok(known.filter(|known| known.until > now))
    }

    /// Writes changes, all or none, and forgets keys whose time is over. When it returns a file has them, whatever becomes of the
    /// process. Returns whether there are more keys to forget.
    ///
    /// # Errors
    /// Unavailable, if the file cannot be written.
    pub(crate) async fn write(
        &mut self,
        changes: Vec<Change>,
        now: u64,
        ctx: &Context,
    ) -> Result<bool> {
        match self {
            Keys::Memory(memory) => {
                memory.forget_until(now);
                changes
                    .into_iter()
                    .for_each(|(key, known)| memory.put(key, known));
                Ok(false)
            }
            Keys::File(file) => {
                let file = file.clone();
                ctx.blocking(move || file.write(&changes, now, PURGED_AT_ONCE))
                    .await?
            }
            Keys::Shut(error) => Err(error.clone()),
        }
    }

    /// Opens the file of the keys. One that another process has is shut, and may be opened later.
    ///
    /// # Errors
    /// Internal, if it can never be opened.
    pub(crate) async fn open(path: PathBuf, ctx: &Context) -> Result<Keys> {
        let opened = ctx.blocking(move || File::open(&path)).await?;
        match opened {
            Ok(file) => Ok(Keys::File(Arc::new(file))),
            Err(error) if error.kind() == ErrorKind::Unavailable => Ok(Keys::Shut(error)),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Keys::File(_))
    }
}

/// Tells the time of day by the clock of the flow, so that keys outlast it.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    begin: Instant,
    /// In milliseconds since 1970.
    at_begin: u64,
}

impl Clock {
    pub(crate) fn new(now: Instant) -> Clock {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Clock {
            begin: now,
            at_begin: since.map_or(0, |since| since.as_millis() as u64),
        }
    }

    pub(crate) fn millis(&self, now: Instant) -> u64 {
        self.at_begin + now.duration_since(self.begin).as_millis() as u64
    }
}
