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
    /// Whether it is followed and nobody saw that it went: how far it was read holds if it is there still.
    goes_on: bool,
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
            goes_on: self.plan.reading == Reading::Tail && job.gone_since.is_none(),
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
            // The next look finds out whether it is there.
            _ if self.goes_on => Ok(true),
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;
    use std::sync::Arc;
    use std::time::Duration;

    use compysition_convert::Codec;
    use compysition_core::{Actor, Director, Event, Ports, Source};
    use parking_lot::Mutex;
    use tokio::sync::oneshot;
    use tokio::task::yield_now;

    use super::*;
    use crate::poll::Poll;
    use crate::watch::Plan;

    /// Follows a file that cannot be read for a moment, and tells when that is over.
    struct Follow(Arc<Plan>, Option<oneshot::Sender<()>>);

    impl Actor for Follow {
        async fn start(&mut self, ctx: &Context) -> Result {
            let (plan, tell) = (self.0.clone(), self.1.take());
            ctx.produce(|source| async move {
                follow(plan, &source).await?;
                _ = tell.map(|tell| tell.send(()));
                Ok(())
            });
            Ok(())
        }

        async fn consume(&mut self, _: Event, _: &Context) -> Result {
            Ok(())
        }

        fn ports(&self) -> Ports {
            Ports::any().source()
        }
    }

    async fn follow(plan: Arc<Plan>, source: &Source) -> Result {
        let mut file = File::options().append(true).open(&plan.files[0]).unwrap();
        let ctx = source.context().clone();
        let mut watch = Watch::new(plan, None, None, Instant::now());
        for is_spoilt in [true, false] {
            watch.discover(true, &ctx).await?;
            while watch.read(source).await? {}
            if is_spoilt {
                file.write_all(b"o\nthree\n").unwrap();
                watch.jobs[0].spoil();
                watch.read(source).await?;
                while !watch.jobs.is_empty() {
                    watch.settle(&ctx).await?;
                    yield_now().await;
                }
            }
        }
        Ok(())
    }

    struct Note(Arc<Mutex<Vec<String>>>);

    impl Actor for Note {
        async fn consume(&mut self, event: Event, _: &Context) -> Result {
            self.0.lock().push(event.text()?.to_owned());
            Ok(())
        }

        fn ports(&self) -> Ports {
            Ports::any().sink()
        }
    }

    #[tokio::test]
    async fn a_tail_that_cannot_be_read_for_a_moment_goes_on_where_it_was() {
        let name = format!("compysition-files-spoilt-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, "one\ntw").unwrap();
        let plan = Plan {
            patterns: vec![path.display().to_string()],
            files: vec![path.clone()],
            reading: Reading::Tail,
            codec: Codec::Lines(Default::default()),
            batch: 1,
            max_record: 100,
            from_end: false,
            poll: Poll::default(),
            stable: Duration::ZERO,
            delivered: Disposal::Keep,
            failed: Disposal::Keep,
            checkpoint: None,
            checkpoint_every: Duration::from_secs(1),
            once: false,
        };
        let (tell, told) = oneshot::channel();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut director = Director::new("spoilt");
        let follow = director.register("follow", Follow(Arc::new(plan), Some(tell)));
        let note = director.register("note", Note(seen.clone()));
        director.connect(follow, note);
        let flow = director.start().await.unwrap();
        told.await.unwrap();
        flow.stop().await;
        fs::remove_file(&path).unwrap();
        assert_eq!(*seen.lock(), ["one", "two", "three"]);
    }
}
