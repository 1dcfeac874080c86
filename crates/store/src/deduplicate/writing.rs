//! How `deduplicate` writes what it knows.

use std::time::Duration;

use compysition_core::Context;

use super::{DUPLICATE, Deduplicate};
use crate::keys::{Change, Keys, Known, State};

/// How often a store that is not written to is looked through for keys whose time is over.
const PURGE_EVERY: Duration = Duration::from_secs(60);

/// After what time it is tried again to write what could not be written.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

impl Deduplicate {
    /// Writes what has changed, and sends on those that have waited for that.
    pub(super) async fn write(&mut self, ctx: &Context) {
        let now = self.now(ctx);
        let starting = std::mem::take(&mut self.starting);
        let unwritten = std::mem::take(&mut self.unwritten);
        let is_time_to_purge = self.purge_at.is_some_and(|at| at <= ctx.now());
        if starting.is_empty() && unwritten.is_empty() && !is_time_to_purge {
            return;
        }
        let started = Known {
            state: State::Started,
            until: self.until(now),
            answer: None,
        };
        let mut changes: Vec<Change> = unwritten.clone().into_iter().collect();
        changes.extend(
            starting
                .iter()
                .map(|(key, _)| (key.clone(), Some(started.clone()))),
        );
        let written = match self.open(ctx).await {
            Ok(()) => self.keys.write(changes, now, ctx).await,
            Err(error) => Err(error),
        };
        if let Err(error) = &written {
            let (flow, actor) = (ctx.flow(), ctx.actor());
            tracing::error!(flow, actor, "{error}");
            self.unwritten = unwritten;
            // After a fault of the disk it must be opened anew.
            self.keys = Keys::Shut(error.clone());
            ctx.wake_after(WRITE_AGAIN);
        }
        for event in starting.into_iter().filter_map(|(_, held)| held.release()) {
            // What cannot be sent takes the error path itself.
            let _ = match &written {
                Ok(_) => ctx.send_except(DUPLICATE, event),
                Err(error) => ctx.send_error(event, error.clone()),
            };
        }
        if self.keys.is_file() {
            let next = match written {
                Ok(true) => Duration::ZERO,
                _ => PURGE_EVERY,
            };
            self.purge_at = Some(ctx.now() + next);
            ctx.wake_after(next);
        }
    }
}
