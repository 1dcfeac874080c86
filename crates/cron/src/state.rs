//! The last time that was told, across restarts.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use compysition_core::{Context, Error, Result};
use compysition_schedule::Schedule;
use serde::{Deserialize, Serialize};

/// What stands in the file.
#[derive(Serialize, Deserialize)]
struct State {
    /// In seconds since 1970.
    last: u64,
    /// The same for people.
    local: String,
}

/// Reads the last time; none if there is no file yet.
///
/// # Errors
/// Internal, if it cannot be read or is not such a file.
pub(crate) async fn load(path: &Path, ctx: &Context) -> Result<Option<SystemTime>> {
    let from = path.to_owned();
    let read = ctx.blocking(move || match fs::read(&from) {
        Ok(bytes) => Ok(Some(serde_json::from_slice::<State>(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    });
    let wrong = |error: String| {
        Error::internal(format!(
            "cannot read the state `{}`: {error}; remove it to begin anew",
            path.display()
        ))
    };
    let Some(state) = read.await?.map_err(|error| wrong(error.to_string()))? else {
        return Ok(None);
    };
    let last = UNIX_EPOCH.checked_add(Duration::from_secs(state.last));
    let last = last.filter(|last| last.duration_since(SystemTime::now()).is_err());
    // A time to come was written by a clock that was wrong.
    Ok(Some(last.unwrap_or_else(SystemTime::now)))
}

/// Writes the last time, so that a reader finds it or the one before. That it cannot be written is logged.
pub(crate) async fn save(path: &Path, last: SystemTime, schedule: &Schedule, ctx: &Context) {
    let state = State {
        last: last
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs(),
        local: schedule.local(last),
    };
    let to = path.to_owned();
    let written = ctx.blocking(move || write(&to, &state)).await;
    let written = written.and_then(|written| written.map_err(Error::from));
    if let Err(error) = written {
        tracing::error!(
            flow = ctx.flow(),
            actor = ctx.actor(),
            "cannot write the state `{}`; after a restart, times may come again: {error}",
            path.display()
        );
    }
}

fn write(path: &Path, state: &State) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = File::create(&beside)?;
    file.write_all(&serde_json::to_vec(state)?)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}
