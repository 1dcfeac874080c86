//! What the log tells of processes that are not there.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::exchange::Exchange;

/// How long the same is not said again.
const AGAIN: Duration = Duration::from_secs(60);

/// Tells the log of processes that are not there: once, and of those that events wait for now and then.
#[derive(Default)]
pub(crate) struct Absent {
    /// When it was told last that events wait; nothing, if none did.
    told: HashMap<Arc<str>, Option<Instant>>,
}

impl Absent {
    /// Tells of those that are not there now.
    pub(crate) fn tell(&mut self, exchange: &Exchange) {
        let (flow, now) = (&exchange.flow, Instant::now());
        for (process, replicas) in &exchange.others {
            let Some(waiting) = replicas.waiting() else {
                self.told.remove(process);
                continue;
            };
            let told = self.told.get(process).copied();
            let is_new = told.flatten().is_none_or(|at| now >= at + AGAIN);
            match waiting {
                0 if told.is_none() => {
                    tracing::info!(%flow, %process, "the process is not there yet, or no more");
                    self.told.insert(process.clone(), None);
                }
                1.. if is_new => {
                    tracing::warn!(%flow, %process, waiting, "events wait for a process that is not there: start it");
                    self.told.insert(process.clone(), Some(now));
                }
                _ => {}
            }
        }
    }
}
