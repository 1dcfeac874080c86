//! What becomes of files whose events have settled, and how that is remembered.

use std::collections::HashSet;
use std::io;

use compysition_core::{Context, Result};
use tokio::time::Instant;

use super::Watch;
use crate::checkpoint::{Checkpoint, Place};
use crate::disposal::Disposal;
use crate::file_in::Reading;
use crate::found::{Identity, Look, look};
use crate::job::{Job, Seen};

/// A file that was read, and whose events have settled.
struct Settled {
    /// What is known of it.
    place: Place,
    seen: Seen,
    disposal: Disposal,
}

impl Watch {
    /// Sees to what has settled.
    pub(crate) async fn settle(&mut self, ctx: &Context) -> Result {
        for job in &mut self.jobs {
            job.ledger.sweep();
        }
        let done = self.jobs.iter().filter(|job| job.is_done());
        let done: Vec<Settled> = done.map(|job| self.settled(job)).collect();
        if done.is_empty() {
            return Ok(());
        }
        let dispose = move || {
            let disposed = done.into_iter().map(|settled| {
                let disposed = settled.dispose();
                (settled, disposed)
            });
            disposed.collect::<Vec<_>>()
        };
        let disposed = ctx.blocking(dispose).await?;
        // Not before: who is broken off meanwhile finds them again.
        let over: HashSet<Identity> = disposed
            .iter()
            .map(|(one, _)| one.place.identity())
            .collect();
        self.jobs.retain(|job| !over.contains(&job.identity));
        for (settled, disposed) in disposed {
            let Settled { place, seen, .. } = settled;
            let stays = match disposed {
                Ok(stays) => stays,
                Err(error) => {
                    let (flow, actor, path) = (ctx.flow(), ctx.actor(), place.path.display());
                    tracing::error!(
                        flow,
                        actor,
                        "the file `{path}` was read but cannot be put aside, and is not read again: {error}"
                    );
                    true
                }
            };
            if stays {
                self.done.insert(place.identity(), (place, seen));
            }
        }
        Ok(())
    }

    fn settled(&self, job: &Job) -> Settled {
        let disposal = match (self.plan.reading, job.ledger.has_failures()) {
            (Reading::Tail, _) => &Disposal::Keep,
            (Reading::Whole, false) => &self.plan.delivered,
            (Reading::Whole, true) => &self.plan.failed,
        };
        Settled {
            place: job.save_done(),
            seen: job.seen,
            disposal: disposal.clone(),
        }
    }

    /// Returns what is known of all files.
    fn checkpoint(&mut self) -> Checkpoint {
        let jobs = self.jobs.iter_mut().chain(&mut self.waiting);
        let done = self.done.values().map(|(place, _)| place.clone());
        let before = self.before.values().cloned();
        Checkpoint {
            files: jobs.map(Job::save).chain(done).chain(before).collect(),
        }
    }

    pub(super) fn is_saved(&self) -> bool {
        self.plan.checkpoint.is_none() || self.jobs.iter().all(|job| !job.has_moved())
    }

    pub(super) async fn save_if_due(&mut self, ctx: &Context) -> Result {
        if Instant::now() < self.save_next {
            return Ok(());
        }
        self.save(ctx).await
    }

    /// Writes the checkpoint, if there is anything new in it.
    pub(crate) async fn save(&mut self, ctx: &Context) -> Result {
        self.save_next = Instant::now() + self.plan.checkpoint_every;
        let Some(path) = self.plan.checkpoint.clone() else {
            return Ok(());
        };
        let checkpoint = self.checkpoint();
        if checkpoint == self.saved {
            return Ok(());
        }
        self.saved = checkpoint.clone();
        let (flow, actor) = (ctx.flow(), ctx.actor());
        let saved = ctx.blocking({
            let path = path.clone();
            move || checkpoint.save(&path)
        });
        if let Err(error) = saved.await? {
            let path = path.display();
            tracing::error!(
                flow,
                actor,
                "cannot write the checkpoint `{path}`; after a restart, events are repeated: {error}"
            );
            self.saved = Checkpoint::default();
        }
        Ok(())
    }
}

impl Settled {
    /// Does with the file what is to be done. Returns whether it is there still, as it was read, or may be.
    ///
    /// # Errors
    /// Why that cannot be done.
    fn dispose(&self) -> io::Result<bool> {
        let path = &self.place.path;
        match look(path) {
            Ok(Look::File(now))
                if now.identity == self.place.identity()
                    && (now.size, now.modified) == self.seen =>
            {
                self.disposal.apply(path)?;
                // The number of one that is gone may be that of a new one at once.
                Ok(self.disposal == Disposal::Keep)
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => match self.disposal {
                Disposal::Keep => Ok(true),
                _ => Err(error),
            },
            // Another one has its name, or it was written on: what is there now was not read.
            _ => Ok(false),
        }
    }
}
