//! Files that are watched for and read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use compysition_convert::Codec;
use compysition_core::{Context, Result, Source};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::checkpoint::{Checkpoint, Place};
use crate::disposal::Disposal;
use crate::file_in::Reading;
use crate::found::{Found, Identity, find, look};
use crate::job::{Job, Progress, Seen};
use crate::poll::Poll;

/// How long it is waited for room at most before it is seen to what has settled.
const A_WHILE: Duration = Duration::from_secs(1);

/// How long it is waited for room at least.
const A_MOMENT: Duration = Duration::from_millis(50);

/// What is to be done with which files.
pub(crate) struct Plan {
    pub(crate) patterns: Vec<String>,
    /// The files and directories that are read, written, moved or removed; patterns among them.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) reading: Reading,
    pub(crate) codec: Codec,
    pub(crate) batch: usize,
    pub(crate) max_record: usize,
    pub(crate) from_end: bool,
    pub(crate) poll: Poll,
    pub(crate) stable: Duration,
    pub(crate) delivered: Disposal,
    pub(crate) failed: Disposal,
    pub(crate) checkpoint: Option<PathBuf>,
    pub(crate) checkpoint_every: Duration,
    pub(crate) once: bool,
}

/// Looks for files, reads them, and sees to what becomes of them.
pub(crate) struct Watch {
    plan: Arc<Plan>,
    jobs: Vec<Job>,
    /// Those that were read and stay, as they were then.
    done: HashMap<Identity, (Place, Seen)>,
    /// Those that may not be ready yet, and since when they have not changed.
    changing: HashMap<PathBuf, (Found, Instant)>,
    /// What was written at the last run.
    before: Checkpoint,
    saved: Checkpoint,
    save_next: Instant,
    is_first: bool,
    /// What kept files from being found at the last look.
    troubles: BTreeSet<String>,
    /// Notified when events have settled.
    changed: Arc<Notify>,
}

impl Watch {
    pub(crate) fn new(plan: Arc<Plan>, before: Checkpoint, now: Instant) -> Watch {
        Watch {
            save_next: now + plan.checkpoint_every,
            plan,
            jobs: Vec::new(),
            done: HashMap::new(),
            changing: HashMap::new(),
            saved: before.clone(),
            before,
            is_first: true,
            troubles: BTreeSet::new(),
            changed: Arc::default(),
        }
    }

    /// Makes events of what there is and comes, until the flow stops or all is done that is to be done once.
    pub(crate) async fn run(&mut self, source: Source) -> Result {
        let reading = Reader(self);
        reading.0.read_on(source).await
    }

    async fn read_on(&mut self, source: Source) -> Result {
        let mut next = self.plan.poll.first();
        // What may not be ready at a time of a schedule is not left until the next one.
        let mut again = None;
        loop {
            let ctx = source.context().clone();
            while let Some(until) = next.wait()
                && again.is_none_or(|again| again > Instant::now())
            {
                if self.has_ended() {
                    return Ok(());
                }
                let until = again.map_or(until, |again| until.min(again));
                self.rest(&ctx, until).await?;
            }
            let is_time = next.wait().is_none();
            if is_time {
                next = self.plan.poll.next();
            }
            self.discover(is_time, &ctx).await?;
            let mut is_reading = true;
            while is_reading {
                is_reading = self.read(&source).await?;
                self.settle(&ctx).await?;
                self.save_if_due(&ctx).await?;
            }
            if self.has_ended() {
                return Ok(());
            }
            let waits = !self.changing.is_empty() && matches!(self.plan.poll, Poll::At(_));
            again = waits.then(|| Instant::now() + self.plan.stable);
        }
    }

    /// Reads a part of each file, or as much as there is room for before it is time to see to what has settled. Returns whether there
    /// may be more.
    async fn read(&mut self, source: &Source) -> Result<bool> {
        let now = Instant::now();
        let until = self.save_next.clamp(now + A_MOMENT, now + A_WHILE);
        let mut is_more = false;
        for at in 0..self.jobs.len() {
            match self.jobs[at].read(&self.plan, source, until).await? {
                Progress::More => is_more = true,
                Progress::AtEnd => {}
                Progress::Waits => {
                    // It goes on with this one, and then with the others.
                    self.jobs.rotate_left(at);
                    return Ok(true);
                }
            }
        }
        Ok(is_more)
    }

    /// Returns whether all is done that is to be done once.
    fn has_ended(&self) -> bool {
        let is_idle = self.changing.is_empty() && self.jobs.is_empty();
        self.plan.once && !self.is_first && is_idle
    }

    /// Waits until it is time to look again, and sees to what settles meanwhile.
    async fn rest(&mut self, ctx: &Context, until: Instant) -> Result {
        loop {
            self.settle(ctx).await?;
            self.save_if_due(ctx).await?;
            let must_save = match self.is_saved() {
                true => until,
                false => self.save_next.min(until),
            };
            if self.has_ended() {
                return Ok(());
            }
            let other = self.jobs.iter().find_map(|job| job.ledger.other());
            let other = async {
                match other {
                    Some(settlement) => _ = settlement.await,
                    None => pending().await,
                }
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = other => {}
                () = sleep_until(must_save) => {}
            }
            if Instant::now() >= until {
                return Ok(());
            }
        }
    }

    /// Looks for files that are new, if it is time for that, and at those that may not have been ready.
    async fn discover(&mut self, is_time: bool, ctx: &Context) -> Result {
        let plan = self.plan.clone();
        let look = move || {
            let mut troubles = BTreeSet::new();
            let found = plan.patterns.iter();
            let found = found.map(|pattern| find(pattern, &mut troubles));
            let found = found.collect::<Result<Vec<_>, _>>();
            (found, troubles)
        };
        let (found, troubles) = ctx.blocking(look).await?;
        self.warn(troubles, ctx);
        let found: Vec<Found> = found?.into_iter().flatten().collect();
        let mut there = HashSet::new();
        for found in found {
            if self.is_moved(&found) || !there.insert(found.identity) {
                continue;
            }
            if is_time || self.changing.contains_key(&found.path) {
                self.meet(found, ctx).await?;
            }
        }
        self.is_first = false;
        let is_there = |identity: &Identity| there.contains(identity);
        self.done.retain(|identity, _| is_there(identity));
        self.changing
            .retain(|_, (found, _)| is_there(&found.identity));
        for job in &mut self.jobs {
            match is_there(&job.identity) {
                true => job.gone_since = None,
                false => _ = job.gone_since.get_or_insert_with(Instant::now),
            }
        }
        let is_there = |place: &Place| there.contains(&place.identity());
        self.before.files.retain(is_there);
        Ok(())
    }

    /// Tells what keeps files from being found, once.
    fn warn(&mut self, troubles: BTreeSet<String>, ctx: &Context) {
        let (flow, actor) = (ctx.flow(), ctx.actor());
        for trouble in troubles.difference(&self.troubles) {
            tracing::warn!(flow, actor, "no files are found in {trouble}");
        }
        self.troubles = troubles;
    }

    /// Returns whether a file is one that was put aside.
    fn is_moved(&self, found: &Found) -> bool {
        let directories = [&self.plan.delivered, &self.plan.failed].map(Disposal::directory);
        let mut directories = directories.into_iter().flatten();
        directories.any(|directory| found.path.starts_with(directory))
    }

    /// Begins to read a file, unless that was done already or it is too early.
    async fn meet(&mut self, found: Found, ctx: &Context) -> Result {
        if let Some(job) = self
            .jobs
            .iter_mut()
            .find(|job| job.identity == found.identity)
        {
            job.meet(found);
            return Ok(());
        }
        let mut read = None;
        if let Some((_, seen)) = self.done.get(&found.identity) {
            if *seen == (found.size, found.modified) {
                return Ok(());
            }
            read = self.done.remove(&found.identity).map(|(place, _)| place);
        }
        let is_tail = self.plan.reading == Reading::Tail;
        if !is_tail && !self.is_stable(&found) {
            return Ok(());
        }
        let (mut before, asked) = (std::mem::take(&mut self.before), found.clone());
        let take = move || {
            let place = before.take(&asked);
            let read = read.filter(|place: &Place| is_tail && place.is_of(&asked));
            (before, place.or(read))
        };
        let (before, place) = ctx.blocking(take).await?;
        self.before = before;
        let offset = match place {
            Some(place) if place.done && !is_tail && place.offset == found.size => {
                let seen = (found.size, found.modified);
                self.done.insert(found.identity, (place, seen));
                return Ok(());
            }
            Some(place) if !place.done || is_tail => place.offset,
            _ if is_tail && self.is_first && self.plan.from_end => found.size,
            _ => 0,
        };
        let job = Job::new(found, offset, self.changed.clone());
        self.jobs.push(job);
        Ok(())
    }

    /// Returns whether a file has not changed for as long as it must.
    fn is_stable(&mut self, found: &Found) -> bool {
        if self.plan.stable.is_zero() {
            return true;
        }
        let now = Instant::now();
        match self.changing.get(&found.path) {
            Some((before, since)) if before == found => {
                let is_stable = now >= *since + self.plan.stable;
                if is_stable {
                    self.changing.remove(&found.path);
                }
                is_stable
            }
            _ => {
                self.changing
                    .insert(found.path.clone(), (found.clone(), now));
                false
            }
        }
    }

    /// Sees to what has settled.
    pub(crate) async fn settle(&mut self, ctx: &Context) -> Result {
        for job in &mut self.jobs {
            job.ledger.sweep();
        }
        while let Some(at) = self.jobs.iter().position(Job::is_done) {
            let job = self.jobs.remove(at);
            let (plan, path) = (self.plan.clone(), job.path.clone());
            let (identity, seen) = (job.identity, job.seen);
            let disposal = match (plan.reading, job.ledger.has_failures()) {
                (Reading::Tail, _) => Disposal::Keep,
                (Reading::Whole, false) => plan.delivered.clone(),
                (Reading::Whole, true) => plan.failed.clone(),
            };
            let dispose = move || {
                let place = Place::new(&job.path, identity, job.size(), true);
                let is_read =
                    |now: &Found| now.identity == identity && (now.size, now.modified) == job.seen;
                let disposed = match look(job.path.clone()) {
                    Some(now) if is_read(&now) => disposal.apply(&job.path),
                    // Another one has its name, or it was written on: what is there now was not read.
                    _ => return (None, Ok(())),
                };
                // The number of one that is gone may be that of a new one at once.
                let stays = disposal == Disposal::Keep || disposed.is_err();
                (stays.then_some(place), disposed)
            };
            let (place, disposed) = ctx.blocking(dispose).await?;
            if let Err(error) = disposed {
                let (flow, actor, path) = (ctx.flow(), ctx.actor(), path.display());
                tracing::error!(
                    flow,
                    actor,
                    "the file `{path}` was read but cannot be put aside, and is not read again: {error}"
                );
            }
            if let Some(place) = place {
                self.done.insert(identity, (place, seen));
            }
        }
        Ok(())
    }

    /// Returns what is known of all files.
    fn checkpoint(&mut self) -> Checkpoint {
        let jobs = self.jobs.iter_mut().map(Job::save);
        let done = self.done.values().map(|(place, _)| place.clone());
        let before = self.before.files.iter().cloned();
        Checkpoint {
            files: jobs.chain(done).chain(before).collect(),
        }
    }

    fn is_saved(&self) -> bool {
        self.plan.checkpoint.is_none() || self.jobs.iter().all(|job| !job.has_moved())
    }

    async fn save_if_due(&mut self, ctx: &Context) -> Result {
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

/// Ends the groups of files that are being read when reading ends: who gathers them would wait for ever.
struct Reader<'a>(&'a mut Watch);

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.0.jobs.iter_mut().for_each(Job::break_off);
    }
}
