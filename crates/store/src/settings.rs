//! What `deduplicate` is told.

use std::sync::Arc;

use compysition_core::{ByteSize, Context, Error, Event, FilePath, Result, TimeSpan};
use compysition_expression::Expression;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

const LONGEST_KEY: usize = 1_024;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// What a repeat has in common with the first, an expression. What is nothing, empty or longer than 1,024 bytes is `unprocessable`.
    pub(crate) key: Expression,
    /// How long a key is kept after its event was delivered; 24 h by default. With `0s` only those that are under way are known.
    #[serde(default = "a_day")]
    pub(crate) keep: TimeSpan,
    /// The file that keeps the keys; it is made if it is not there. Each actor needs one of its own;
    /// as long as another process has it open, events are `unavailable`. Without it the keys are in memory.
    #[serde(default)]
    pub(crate) store: Option<FilePath>,
    /// Whether a repeat gets what the first was answered with. `duplicate` must be connected then.
    #[serde(default)]
    pub(crate) replay_answer: bool,
    /// How long a repeat waits for the answer of the first, with `replay_answer`; 30 s by default. With `0s` it takes the error path at once.
    #[serde(default = "half_a_minute")]
    pub(crate) wait: TimeSpan,
    /// The largest answer that is kept, 1 MiB by default.
    #[serde(default = "one_mebibyte")]
    pub(crate) max_answer: ByteSize,
    /// What becomes of a key whose event was under way when the process was killed.
    #[serde(default)]
    pub(crate) interrupted: Interrupted,
    /// How many keys are kept in memory, without `store`; 100,000 by default. If there are more the oldest are forgotten.
    #[serde(default = "many")]
    pub(crate) size: usize,
    /// How many bytes keys and answers in memory may take, without `store`; 64 MiB by default.
    #[serde(default = "much")]
    pub(crate) bytes: ByteSize,
}

/// Says what becomes of a key whose event was under way when the process was killed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interrupted {
    /// It is released: a repeat is tried, be it for the second time. Nothing is lost.
    #[default]
    Release,
    /// It is kept: each key is written to the store before its event goes on, and a repeat is a duplicate, though the first may not have been
    /// finished. Nothing is done twice.
    Keep,
}

fn a_day() -> TimeSpan {
    TimeSpan::seconds(24 * 60 * 60)
}

fn half_a_minute() -> TimeSpan {
    TimeSpan::seconds(30)
}

fn one_mebibyte() -> ByteSize {
    ByteSize(1 << 20)
}

fn many() -> usize {
    100_000
}

fn much() -> ByteSize {
    ByteSize(64 << 20)
}

impl Settings {
    pub(crate) fn new(key: Expression) -> Settings {
        Settings {
            key,
            keep: a_day(),
            store: None,
            replay_answer: false,
            wait: half_a_minute(),
            max_answer: one_mebibyte(),
            interrupted: Interrupted::default(),
            size: many(),
            bytes: much(),
        }
    }

    /// Finds what cannot work.
    pub(crate) fn check(&self) -> Result {
        let wrong = |message: &'static str| Err(Error::internal(message));
        if self.interrupted == Interrupted::Keep && self.store.is_none() {
            return wrong("`interrupted: keep` needs a `store`, which outlasts the process");
        }
        if self.size == 0 && self.store.is_none() {
            return wrong("`size: 0` keeps no key");
        }
        if self.bytes.0 == 0 && self.store.is_none() {
            return wrong("`bytes: 0` keeps no key");
        }
        if self.replay_answer && self.keep.0.is_zero() {
            return wrong("`keep: 0s` keeps no answer for `replay_answer`");
        }
        Ok(())
    }

    /// Returns the key of an event.
    ///
    /// # Errors
    /// Unprocessable, if it has none, or one that is too long.
    pub(crate) fn key_of(&self, event: &Event, ctx: &Context) -> Result<Arc<str>> {
        let key = match self.key.evaluate((event, ctx))? {
            Value::Null => String::new(),
            Value::String(key) => key,
            other => other.to_string(),
        };
        let source = self.key.source();
        match key.len() {
            0 => Err(Error::unprocessable(format!("`{source}` gives no key"))),
            length if length > LONGEST_KEY => Err(Error::unprocessable(format!(
                "`{source}` gives a key of {length} bytes, more than {LONGEST_KEY}"
            ))),
            _ => Ok(key.into()),
        }
    }

    /// Returns whether each key is written before its event goes on.
    pub(crate) fn writes_first(&self) -> bool {
        self.interrupted == Interrupted::Keep
    }
}
