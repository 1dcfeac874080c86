//! Files that are watched for and read.

mod discover;
mod settle;

use std::collections::{BTreeSet, HashMap, VecDeque};
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
use crate::found::{Found, Identity};
use crate::job::{Job, Progress, Seen};
use crate::lock::Lock;
use crate::poll::Poll;

/// How long it is waited for room at most before it is seen to what has settled.
const A_WHILE: Duration = Duration::from_secs(1);

/// How long it is waited for room at least.
const A_MOMENT: Duration = Duration::from_millis(50);

/// How many whole files are open at once: small ones pass beside a large one, and a full directory does not take all
/// that a process may open.
const OPEN: usize = 32;

/// How many parts of a file are read before it is the turn of the next one.
const TURN: usize = 16;

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
    /// Those that are being read, or of which something has not settled.
    jobs: Vec<Job>,
    /// Those that are to be read, in the order in which they were found.
    waiting: VecDeque<Job>,
    /// Those that were read and stay, as they were then.
    done: HashMap<Identity, (Place, Seen)>,
    /// Those that may not be ready yet, and since when they have not changed.
    changing: HashMap<PathBuf, (Found, Instant)>,
    /// What was written at the last run of files that have not been found yet.
    before: HashMap<Identity, Place>,
    saved: Checkpoint,
    save_next: Instant,
    /// Whether nothing is known of what was there before: nobody has looked yet, now or at the last run.
    is_new: bool,
    is_first: bool,
    /// What was told of the last look.
    told: BTreeSet<String>,
    /// Notified when events have settled.
    changed: Arc<Notify>,
    /// Keeps others from the checkpoint.
    _lock: Option<Lock>,
}

impl Watch {
    pub(crate) fn new(
        plan: Arc<Plan>,
        before: Option<Checkpoint>,
        lock: Option<Lock>,
        now: Instant,
    ) -> Watch {
        let is_new = before.is_none();
        let saved = before.unwrap_or_default();
        let mut known = HashMap::new();
        for place in &saved.files {
            // Of several the first is the one that was read last.
            known.entry(place.identity()).or_insert(place.clone());
        }
        Watch {
            save_next: now + plan.checkpoint_every,
            plan,
            jobs: Vec::new(),
            waiting: VecDeque::new(),
            done: HashMap::new(),
            changing: HashMap::new(),
            before: known,
            saved,
            is_new,
            is_first: true,
            told: BTreeSet::new(),
            changed: Arc::default(),
            _lock: lock,
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
            self.put_back();
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
        self.take_on();
        let mut is_more = !self.waiting.is_empty();
        for at in 0..self.jobs.len() {
            let mut parts = 1;
            let mut progress = self.jobs[at].read(&self.plan, source, until).await?;
            while matches!(progress, Progress::More) && parts < TURN && Instant::now() < until {
                parts += 1;
                progress = self.jobs[at].read(&self.plan, source, until).await?;
            }
            match progress {
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

    /// Has files be read that wait for that, as many as may be open.
    fn take_on(&mut self) {
        let room = match self.plan.reading {
            Reading::Tail => usize::MAX,
            Reading::Whole => {
                let open = self.jobs.iter().filter(|job| job.is_open()).count();
                OPEN.saturating_sub(open)
            }
        };
        let more = room.min(self.waiting.len());
        self.jobs.extend(self.waiting.drain(..more));
    }

    /// Returns whether all is done that is to be done once.
    fn has_ended(&self) -> bool {
        let is_idle = self.changing.is_empty() && self.waiting.is_empty() && self.jobs.is_empty();
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
}

/// Ends the groups of files that are being read when reading ends: who gathers them would wait for ever.
struct Reader<'a>(&'a mut Watch);

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.0.jobs.iter_mut().for_each(Job::break_off);
    }
}
