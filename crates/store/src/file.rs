//! Keys in a file that outlasts the process.

use std::path::{Path, PathBuf};

use compysition_core::{Error, Result};
use redb::{Database, DatabaseError, ReadableTable, TableDefinition};

use crate::answer::Answer;
use crate::keys::{Change, Known, State};

/// What is known of each key. The number is the version of the format.
const KEYS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("keys.1");

/// The keys in the order in which they are forgotten.
const DUE: TableDefinition<'static, (u64, &str), ()> = TableDefinition::new("due.1");

/// How much of the file is kept in memory.
const CACHE: usize = 8 << 20;

/// Keeps keys in a file. What was written is there after a `kill -9`, and after a loss of power.
pub(crate) struct File {
    database: Database,
    path: PathBuf,
}

impl File {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// Unavailable, if somebody else has it open; internal, if it cannot be opened: it is no store, the directory is not there.
    pub(crate) fn open(path: &Path) -> Result<File> {
        let wrong = |error: &dyn std::fmt::Display| {
            let path = path.display();
            Error::internal(format!("the store `{path}` cannot be opened: {error}"))
        };
        let opened = Database::builder().set_cache_size(CACHE).create(path);
        let database = opened.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => Error::unavailable(format!(
                "the store `{}` is in use by another process, or another actor",
                path.display()
            )),
            other => wrong(&other),
        })?;
        let file = File {
            database,
            path: path.to_owned(),
        };
        file.make_tables().map_err(|error| wrong(&error))?;
        Ok(file)
    }

    /// Makes the tables, so that they are there to be read.
    fn make_tables(&self) -> Result {
        let transaction = self.database.begin_write()?;
        transaction.open_table(KEYS)?;
        transaction.open_table(DUE)?;
        transaction.commit()?;
        Ok(())
    }

    pub(crate) fn get(&self, key: &str) -> Result<Option<Known>> {
        let read = || -> Result<Option<Vec<u8>>> {
            let table = self.database.begin_read()?.open_table(KEYS)?;
            Ok(table.get(key)?.map(|value| value.value().to_vec()))
        };
        let found = read().map_err(|error| self.failed("read", &error))?;
        found.map(|bytes| decode(&bytes)).transpose()
    }

    /// Writes changes and forgets up to so many keys whose time is over, in one transaction. Returns whether there are more of them.
    pub(crate) fn write(&self, changes: &[Change], now: u64, purged: usize) -> Result<bool> {
        let mut encoded = Vec::with_capacity(changes.len());
        for (key, known) in changes {
            let known = match known {
                Some(known) => Some((known.until, encode(known)?)),
                None => None,
            };
            encoded.push((&**key, known));
        }
        let write = || -> Result<bool> {
            if encoded.is_empty() && !self.has_due(now)? {
                return Ok(false);
            }
            let transaction = self.database.begin_write()?;
            let mut is_more_due = purged > 0;
            {
                let mut keys = transaction.open_table(KEYS)?;
                let mut due = transaction.open_table(DUE)?;
                for (key, known) in &encoded {
                    let before = match known {
                        Some((_, bytes)) => keys.insert(*key, &**bytes)?,
                        None => keys.remove(*key)?,
                    };
                    let before = before.map(|before| until(before.value()));
                    if let Some(before) = before {
                        due.remove((before, *key))?;
                    }
                    if let Some((until, _)) = known {
                        due.insert((*until, *key), ())?;
                    }
                }
                for _ in 0..purged {
                    let Some((until, key)) = first(&due)?.filter(|(until, _)| *until <= now) else {
                        is_more_due = false;
                        break;
                    };
                    due.remove((until, &*key))?;
                    keys.remove(&*key)?;
                }
            }
            transaction.commit()?;
            Ok(is_more_due)
        };
        write().map_err(|error| self.failed("written", &error))
    }

    /// Returns whether the time of a key is over.
    fn has_due(&self, now: u64) -> Result<bool> {
        let due = self.database.begin_read()?.open_table(DUE)?;
        Ok(first(&due)?.is_some_and(|(until, _)| until <= now))
    }

    fn failed(&self, what: &str, error: &Error) -> Error {
        let path = self.path.display();
        Error::unavailable(format!("the store `{path}` cannot be {what}: {error}"))
    }
}

fn first(due: &impl ReadableTable<(u64, &'static str), ()>) -> Result<Option<(u64, String)>> {
    let first = due.first()?;
    Ok(first.map(|(place, _)| {
        let (until, key) = place.value();
        (until, key.to_owned())
    }))
}

/// Returns a key's entry as bytes: how far it had come, until when it is known, and the answer, if there is one.
fn encode(known: &Known) -> Result<Vec<u8>> {
    let mut bytes = vec![match known.state {
        State::Started => b's',
        State::Done => b'd',
        State::Kept => b'k',
    }];
    bytes.extend_from_slice(&known.until.to_be_bytes());
    if let Some(answer) = &known.answer {
        bytes.extend_from_slice(&answer.to_bytes()?);
    }
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Result<Known> {
    let broken = || Error::internal("the store has a key that cannot be read");
    let (state, rest) = bytes.split_first().ok_or_else(broken)?;
    let (_, answer) = rest.split_first_chunk::<8>().ok_or_else(broken)?;
    Ok(Known {
        state: match state {
            b's' => State::Started,
            b'd' => State::Done,
            b'k' => State::Kept,
            _ => return Err(broken()),
        },
        until: until(bytes),
        answer: match answer {
            [] => None,
            answer => Some(Answer::from_bytes(answer)?),
        },
    })
}

/// Returns until when an entry is known.
fn until(bytes: &[u8]) -> u64 {
    let until = bytes.get(1..9).and_then(|bytes| bytes.try_into().ok());
    until.map_or(0, u64::from_be_bytes)
}
