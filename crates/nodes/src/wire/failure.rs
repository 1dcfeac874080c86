//! A failure as JSON, and back.

use std::time::{Duration, SystemTime};

use compysition_core::{Error, ErrorKind, Failure, Port};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is told of a failure. The chain of its causes stays where it is.
#[derive(Serialize, Deserialize)]
struct Told {
    kind: String,
    message: String,
    actor: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inbox: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    details: Map<String, Value>,
    attempts: u32,
    /// Milliseconds since 1970.
    since: u64,
    at: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    kept: bool,
}

pub(crate) fn write(failure: &Failure) -> Vec<u8> {
    let told = Told {
        kind: failure.error.kind().as_str().to_owned(),
        message: failure.error.message().to_owned(),
        actor: failure.actor.to_string(),
        inbox: failure.inbox.as_ref().map(ToString::to_string),
        details: failure.error.details().clone(),
        attempts: failure.attempts,
        since: millis(failure.since),
        at: millis(failure.at),
        kept: failure.is_kept(),
    };
    // Texts, numbers and JSON values always are JSON.
    serde_json::to_vec(&told).unwrap_or_default()
}

pub(crate) fn read(json: &[u8]) -> Option<Failure> {
    let told: Told = serde_json::from_slice(json).ok()?;
    // A later version may know more kinds.
    let kind = told.kind.parse().unwrap_or(ErrorKind::Internal);
    let mut error = Error::new(kind, told.message);
    for (name, value) in told.details {
        error = error.with_detail(name, value);
    }
    let mut failure = Failure::new(error, told.actor.into());
    failure.inbox = told.inbox.map(Port::from);
    failure.attempts = told.attempts;
    failure.since = time(told.since);
    failure.at = time(told.at);
    Some(match told.kept {
        true => failure.kept(),
        false => failure,
    })
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

fn time(millis: u64) -> SystemTime {
    let since = Duration::from_millis(millis);
    SystemTime::UNIX_EPOCH
        .checked_add(since)
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
