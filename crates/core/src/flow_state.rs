//! What all actors of a running flow share.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

use crate::launch::Tuning;
use crate::limits::Limits;
use crate::log_tap::LogTap;
use crate::settlement::Outcome;
use crate::simulation::Trouble;
use crate::spawner::Spawner;
use crate::station::Station;
use crate::supervision::Supervision;
use crate::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering::*};
use crate::sync::in_total_order;
use crate::{Error, ErrorKind, Failure, Id};

pub(crate) struct FlowState {
    pub(crate) name: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) spawner: Spawner,
    pub(crate) supervision: Supervision,
    /// Why the flow stopped by itself, if an actor failed.
    failure: OnceLock<Error>,
    /// How many events a chunk grows to.
    pub(crate) chunk: usize,
    /// What is logged, if it goes to an actor.
    pub(crate) log: Option<Arc<LogTap>>,
    /// Who looks at what passes the links.
    pub(crate) tap: Option<Arc<dyn crate::tap::Tap>>,
    /// Whether an actor gathers what came of one event or source.
    pub(crate) gathers: bool,
    /// What goes wrong, in a simulation.
    pub(crate) trouble: Option<Arc<Trouble>>,
    /// Notified when the flow may have become quiet: a root settled, a permit returned, a source ended.
    pub(crate) quiet: Notify,
    pub(crate) settled: Settled,
    started: CancellationToken,
    stopping: CancellationToken,
    /// The same as a flag: it is looked at for every event admitted.
    is_stopping: AtomicBool,
    aborted: AtomicBool,
    /// Sources that still may emit.
    sources: AtomicUsize,
    /// Notified when a source ended. Apart from `quiet`, since who waits for the end of a flow must not be
    /// woken each time that a door has nothing to do.
    source_gone: Notify,
    /// Ways in for what other processes send. Each is a source, too.
    intakes: AtomicUsize,
    /// How many roots came from other processes, and how many of them have settled. A root is counted here after it is counted as
    /// opened, and before it is counted as settled.
    foreign: AtomicU64,
    foreign_settled: AtomicU64,
    /// How many events are being let in that have no root yet.
    letting_in: AtomicI64,
    /// The actors that ever held an event.
    holders: Mutex<Vec<Weak<Station>>>,
    /// How many roots failed at which actor since the flow was aborted.
    pub(crate) left: Mutex<BTreeMap<String, u64>>,
    opened: AtomicU64,
    /// How many of those opened are known to have become roots: of those opened ahead, only once that is over.
    admitted: AtomicU64,
    seed: u64,
    ids: AtomicU64,
    groups: AtomicU64,
    randoms: AtomicU64,
}

/// Counts roots by how they settled.
#[derive(Default)]
pub(crate) struct Settled {
    pub(crate) delivered: AtomicU64,
    pub(crate) kept: AtomicU64,
    pub(crate) failed: AtomicU64,
    /// Roots of best-effort links that gave way to newer ones.
    pub(crate) dropped: AtomicU64,
}

impl Settled {
    fn all(&self) -> u64 {
        let counters = [&self.delivered, &self.kept, &self.failed, &self.dropped];
        counters
            .into_iter()
            .map(|counter| counter.load(SeqCst))
            .sum()
    }
}

impl FlowState {
    pub(crate) fn new(
        name: Arc<str>,
        limits: Limits,
        supervision: Supervision,
        spawner: Spawner,
        tuning: Tuning,
    ) -> FlowState {
        let seed = tuning
            .seed
            .unwrap_or_else(|| RandomState::new().hash_one(&name));
        FlowState {
            name,
            limits,
            spawner,
            supervision,
            failure: OnceLock::new(),
            chunk: tuning.chunk,
            gathers: false,
            log: None,
            tap: None,
            trouble: tuning.trouble,
            quiet: Notify::new(),
            settled: Settled::default(),
            started: CancellationToken::new(),
            stopping: CancellationToken::new(),
            is_stopping: AtomicBool::new(false),
            aborted: AtomicBool::new(false),
            sources: AtomicUsize::new(0),
            source_gone: Notify::new(),
            intakes: AtomicUsize::new(0),
            foreign: AtomicU64::new(0),
            foreign_settled: AtomicU64::new(0),
            letting_in: AtomicI64::new(0),
            holders: Mutex::default(),
            left: Mutex::default(),
            opened: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            seed,
            ids: AtomicU64::new(0),
            groups: AtomicU64::new(0),
            randoms: AtomicU64::new(0),
        }
    }

    pub(crate) fn new_id(&self, millis: u64) -> Id {
        self.numbered_id(millis, self.ids.fetch_add(1, Relaxed))
    }

    /// Returns the id of a number that was taken before.
    pub(crate) fn numbered_id(&self, millis: u64, number: u64) -> Id {
        const COUNTER_BITS: u32 = 40;
        let counter = number & ((1 << COUNTER_BITS) - 1);
        Id::new_root(
            millis,
            (u128::from(self.seed) << COUNTER_BITS) | u128::from(counter),
        )
    }

    /// Returns the number of the next group.
    pub(crate) fn new_group(&self) -> u64 {
        self.groups.fetch_add(1, Relaxed)
    }

    /// Returns the next number of a SplitMix64 sequence (Steele, Lea and Flood, 2014).
    pub(crate) fn random(&self) -> u64 {
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let n = self.randoms.fetch_add(1, Relaxed).wrapping_add(1);
        let mut z = self.seed.wrapping_add(n.wrapping_mul(GOLDEN));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Lets the sources go.
    pub(crate) fn start(&self) {
        self.started.cancel();
    }

    pub(crate) fn started(&self) -> WaitForCancellationFuture<'_> {
        self.started.cancelled()
    }

    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, SeqCst);
        in_total_order();
        self.stopping.cancel();
        self.quiet.notify_waiters();
    }

    /// Begins to stop the flow because an actor has failed; the first reason counts.
    pub(crate) fn fail(&self, error: Error) {
        let _ = self.failure.set(error);
        self.stop();
    }

    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.get()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.is_stopping.load(SeqCst)
    }

    pub(crate) fn stopping(&self) -> WaitForCancellationFuture<'_> {
        self.stopping.cancelled()
    }

    pub(crate) fn stopping_token(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// From now on, what is dropped was not delivered.
    pub(crate) fn abort(&self) {
        self.aborted.store(true, SeqCst);
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted.load(Relaxed)
    }

    /// Makes the error of what is not done when the flow is aborted.
    pub(crate) fn given_up(&self) -> Error {
        let message = "the flow was stopped before the event was done";
        Error::new(ErrorKind::Cancelled, message).cut_short()
    }

    pub(crate) fn abort_failure(&self, actor: Option<Arc<str>>) -> Failure {
        Failure::new(self.given_up(), actor.unwrap_or_else(|| self.name.clone()))
    }

    pub(crate) fn add_holder(&self, station: &Arc<Station>) {
        self.holders.lock().push(Arc::downgrade(station));
    }

    /// Tells all who hold events that a source waits for room.
    pub(crate) fn press_holders(&self) {
        let holders = self.holders.lock().clone();
        for station in holders.iter().filter_map(Weak::upgrade) {
            if station.lot.size().0 > 0 {
                station.press();
            }
        }
    }

    pub(crate) fn source_began(&self) {
        self.sources.fetch_add(1, SeqCst);
    }

    pub(crate) fn source_ended(&self) {
        self.sources.fetch_sub(1, SeqCst);
        self.source_gone.notify_waiters();
        self.quiet.notify_waiters();
    }

    pub(crate) fn intake_opened(&self) {
        self.intakes.fetch_add(1, SeqCst);
        self.source_began();
    }

    pub(crate) fn intake_closed(&self) {
        self.intakes.fetch_sub(1, SeqCst);
        self.source_ended();
    }

    pub(crate) fn foreign_opened(&self, roots: u64) {
        self.foreign.fetch_add(roots, SeqCst);
    }

    pub(crate) fn foreign_settled(&self, roots: u64) {
        self.foreign_settled.fetch_add(roots, SeqCst);
    }

    /// Returns how many roots are open that came from other processes.
    pub(crate) fn open_foreign(&self) -> u64 {
        // Read first, so that it never exceeds the other.
        let settled = self.foreign_settled.load(SeqCst);
        self.foreign.load(SeqCst) - settled
    }

    /// Counts events that begin to be let in, or have a root now or never.
    pub(crate) fn letting_in(&self, events: i64) {
        self.letting_in.fetch_add(events, SeqCst);
        if events < 0 && self.intakes() > 0 && self.is_stopping() {
            self.quiet.notify_waiters();
        }
    }

    /// Returns whether nothing is being let in, and all open roots are seen to have come from other processes. If some settle
    /// meanwhile that is not seen; who waits for it is told when they have.
    pub(crate) fn has_only_foreign(&self) -> bool {
        // Looked at first: what is counted out there has been counted as opened.
        if self.letting_in.load(SeqCst) != 0 {
            return false;
        }
        let settled = self.foreign_settled.load(SeqCst);
        let foreign = self.foreign.load(SeqCst) - settled;
        let open = self.open_roots();
        open <= foreign && self.foreign_settled.load(SeqCst) == settled
    }

    /// Returns how many ways in there are for what other processes send.
    pub(crate) fn intakes(&self) -> usize {
        self.intakes.load(SeqCst)
    }

    pub(crate) fn sources(&self) -> usize {
        self.sources.load(SeqCst)
    }

    /// Returns how many roots have not settled, with those that are about to be opened.
    pub(crate) fn open_roots(&self) -> u64 {
        // Read first, so that a root that settles meanwhile is not missed.
        let settled = self.settled.all();
        self.opened.load(SeqCst).saturating_sub(settled)
    }

    /// Returns how many roots there were.
    pub(crate) fn admitted(&self) -> u64 {
        self.admitted.load(SeqCst)
    }

    /// Counts so many roots as opened that are about to be. Returns the number of the id of the first.
    pub(crate) fn open_ahead(&self, roots: u64, foreign: bool) -> u64 {
        self.opened.fetch_add(roots, SeqCst);
        if foreign {
            self.foreign_opened(roots);
        }
        self.ids.fetch_add(roots, Relaxed)
    }

    /// Takes note how many of the roots that were opened ahead there were, and how many there will never be.
    pub(crate) fn close_ahead(&self, admitted: u64, unopened: u64, foreign: bool) {
        self.admitted.fetch_add(admitted, SeqCst);
        if unopened > 0 {
            if foreign {
                // Not counted out: who looks at both counts sees by this one that it has missed something.
                self.foreign_settled(unopened);
            }
            self.opened.fetch_sub(unopened, SeqCst);
            self.quiet.notify_waiters();
        }
    }

    pub(crate) fn root_opened(&self) {
        self.admitted.fetch_add(1, SeqCst);
        self.opened.fetch_add(1, SeqCst);
    }

    pub(crate) fn root_settled(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Delivered | Outcome::Away => &self.settled.delivered,
            Outcome::Kept => &self.settled.kept,
            Outcome::Failed(_) => &self.settled.failed,
        };
        self.count_settled(counter, 1);
    }

    pub(crate) fn roots_delivered(&self, roots: u64) {
        self.count_settled(&self.settled.delivered, roots);
    }

    pub(crate) fn root_dropped(&self) {
        self.count_settled(&self.settled.dropped, 1);
    }

    fn count_settled(&self, counter: &AtomicU64, roots: u64) {
        counter.fetch_add(roots, SeqCst);
        // Another process is told when what began here is done, while what came from there may still be open.
        let is_ending = || self.is_stopping() || self.sources() <= self.intakes();
        if self.open_roots() == 0 || (self.intakes() > 0 && is_ending()) {
            self.quiet.notify_waiters();
        }
    }

    /// Waits until `condition` holds; it is looked at each time that the flow may have become quiet.
    pub(crate) async fn until(&self, condition: impl Fn() -> bool) {
        until(&self.quiet, condition).await;
    }

    /// Waits until no source may emit any more.
    pub(crate) async fn until_sources_ended(&self) {
        until(&self.source_gone, || self.sources() == 0).await;
    }
}

/// Waits until a condition holds that is looked at whenever `changed` is notified.
async fn until(changed: &Notify, condition: impl Fn() -> bool) {
    loop {
        let mut next = std::pin::pin!(changed.notified());
        next.as_mut().enable();
        if condition() {
            return;
        }
        next.await;
    }
}
