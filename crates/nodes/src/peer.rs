//! One other process of the flow, and what there is to tell it.

mod line;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use compysition_core::Adopted;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::calls::{Call, Calls};
use crate::home::Home;
use crate::outgoing::Queued;
use crate::session::Session;
use crate::wire::{Hello, Record};

/// One run of one other process.
pub(crate) struct Peer {
    pub(crate) process: Arc<str>,
    pub(crate) replica: Arc<str>,
    /// Tells this run from every other.
    pub(crate) epoch: u64,
    /// What each side calls what they have with each other.
    pub(crate) session: u64,
    pub(crate) their_session: u64,
    /// The most bytes of a payload that go there.
    pub(crate) largest: usize,
    state: Mutex<State>,
    /// How many calls the other side has made; only who reads the present line counts them.
    heard: AtomicU64,
    /// Notified when there is something to send, or the line changes.
    pub(crate) wake: Notify,
    /// Held by whoever writes to the present line.
    pub(crate) writing: tokio::sync::Mutex<()>,
    /// The parts that have come of a large batch. Locked by whoever takes in what has come: the last of one line may meet
    /// the first of the next.
    pub(crate) parts: Mutex<Vec<u8>>,
    /// Notified when all that was to be told is known there.
    pub(crate) told: Arc<Notify>,
}

/// Nothing that drops an event may happen under the lock of this: the end of a root is noted here.
#[derive(Default)]
struct State {
    queue: VecDeque<Queued>,
    session: Session,
    calls: Calls,
    /// How many of all calls were put into frames: the first ones.
    sent: u64,
    /// How many frames there were when one was made that was about more than the end of processes.
    work: u64,
    /// Those of them that somebody waits for the answer to.
    asked: HashMap<u64, Option<Adopted>>,
    /// The number of the present line, if there is one.
    line: Option<u64>,
    lines: u64,
    /// When the last frame came.
    heard_at: Option<Instant>,
    /// When the last line ended.
    broke_at: Option<Instant>,
    /// Whether it will never be heard of again.
    is_over: bool,
    /// Whether it is sent no more events.
    has_left: bool,
    /// Whether it sends no more events.
    has_parted: bool,
}

impl Peer {
    pub(crate) fn new(hello: &Hello, session: u64, told: Arc<Notify>, largest: usize) -> Peer {
        Peer {
            process: hello.process.as_str().into(),
            replica: hello.replica.as_str().into(),
            epoch: hello.epoch,
            session,
            their_session: hello.session,
            largest,
            state: Mutex::new(State {
                // Its hello came just now.
                heard_at: Some(Instant::now()),
                ..State::default()
            }),
            heard: AtomicU64::new(0),
            wake: Notify::new(),
            writing: tokio::sync::Mutex::default(),
            parts: Mutex::default(),
            told,
        }
    }

    /// Returns a number by which both sides, and nobody else, know their session.
    pub(crate) fn pair(&self) -> u64 {
        self.session ^ self.their_session
    }

    /// Queues events.
    ///
    /// # Errors
    /// The calls, if none can go there any more.
    pub(crate) fn call_all(self: &Arc<Self>, calls: Vec<Call>) -> Result<(), Vec<Call>> {
        let mut seats = Vec::new();
        let mut state = self.state.lock();
        if state.is_over || state.has_left {
            return Err(calls);
        }
        let was_empty = state.queue.is_empty();
        state.queue_calls(calls.len() as u64);
        for call in calls {
            if let Some(seat) = call.seat() {
                seats.push((seat.clone(), state.calls.next()));
            }
            state.calls.add(call);
        }
        drop(state);
        for (seat, call) in seats {
            if seat.take(self.clone(), call) {
                self.queue(Queued::Tell(Record::Cancel { call }));
            }
        }
        if was_empty {
            self.wake.notify_one();
        }
        Ok(())
    }

    pub(crate) fn queue(&self, queued: Queued) {
        let mut state = self.state.lock();
        if state.is_over {
            drop(state);
            return drop(queued);
        }
        let was_empty = state.queue.is_empty();
        state.queue.push_back(queued);
        drop(state);
        if was_empty {
            self.wake.notify_one();
        }
    }

    /// Queues what there is to tell of some calls of the other side, together with the same of those just before.
    pub(crate) fn queue_range(&self, record: Record) {
        let mut state = self.state.lock();
        if state.is_over {
            return;
        }
        let was_empty = state.queue.is_empty();
        state.tell_range(record);
        drop(state);
        if was_empty {
            self.wake.notify_one();
        }
    }

    /// Tells how some calls of the other side ended.
    pub(crate) fn ended(&self, first: u64, count: u64, record: Record) {
        let mut state = self.state.lock();
        // Most are not asked for, and need not be looked for.
        let adopted: Vec<_> = match state.asked.is_empty() {
            true => Vec::new(),
            false => {
                let calls = first..first + count;
                calls.map(|call| state.asked.remove(&call)).collect()
            }
        };
        let was_empty = state.queue.is_empty();
        if !state.is_over {
            state.tell_range(record);
        }
        drop(state);
        drop(adopted);
        if was_empty {
            self.wake.notify_one();
        }
    }

    /// Counts a call of the other side, and returns its number.
    pub(crate) fn hear(&self) -> u64 {
        // One at a time takes in what comes, under the lock of its parts.
        let call = self.heard.load(Relaxed);
        self.heard.store(call + 1, Relaxed);
        call
    }

    /// Expects a call that somebody waits for the answer to. It may settle before this side knows its root.
    pub(crate) fn expect_asked(&self, call: u64) {
        self.state.lock().asked.insert(call, None);
    }

    pub(crate) fn note_asked(&self, call: u64, adopted: Adopted) {
        let mut state = self.state.lock();
        let is_over = state.is_over;
        let late = match state.asked.get_mut(&call) {
            Some(slot) if !is_over => slot.replace(adopted),
            _ => Some(adopted),
        };
        drop(state);
        // Of a root that has settled there is nothing to cancel; of one whose asker is gone there is.
        if let (true, Some(late)) = (is_over, late) {
            late.cancel();
        }
    }

    pub(crate) fn cancelled(&self, call: u64) {
        let adopted = self.state.lock().asked.remove(&call);
        if let Some(adopted) = adopted.flatten() {
            adopted.cancel();
        }
    }

    /// Returns where that stands which comes back of a call, if it has not ended.
    pub(crate) fn home(&self, call: u64) -> Option<Home> {
        let state = self.state.lock();
        let call = state.calls.get(call)?;
        let (rest, attributes, inlet) = (call.rest(), call.attributes.clone(), call.inlet);
        drop(state);
        Some(Home {
            // Not under the lock: what runs again may have to be told to a third process.
            left: rest.wake(),
            attributes,
            inlet,
        })
    }

    /// Takes calls that have ended.
    pub(crate) fn take_calls(&self, first: u64, count: u64) -> Vec<Call> {
        let mut state = self.state.lock();
        // More than it knows of cannot end there.
        let end = first.saturating_add(count).min(state.sent);
        (first.max(state.calls.first())..end)
            .filter_map(|call| state.calls.take(call))
            .collect()
    }

    /// Notes that nothing of some calls is running there any more; where nothing is, their permits go back.
    pub(crate) fn rest(&self, first: u64, count: u64) {
        let mut state = self.state.lock();
        let resting = state.calls.note_rest(first, count);
        drop(state);
        drop(resting);
    }

    /// Notes that something of some calls is running there again.
    pub(crate) fn run(&self, first: u64, count: u64) {
        let mut state = self.state.lock();
        let resting = state.calls.note_run(first, count);
        drop(state);
        let running = resting.into_iter();
        let running = running.map(|(call, rest)| (call, rest.wake())).collect();
        let surplus = self.state.lock().calls.wake(running);
        drop(surplus);
    }

    /// Returns how many calls have not ended.
    pub(crate) fn open_calls(&self) -> usize {
        self.state.lock().calls.open()
    }

    /// Returns the meta ids of the oldest calls that have not ended, and the numbers of the inlets that they went to.
    pub(crate) fn first_calls(&self, most: usize) -> Vec<(String, u32)> {
        let state = self.state.lock();
        let name = |call: &Call| (call.event().meta_id().into_owned(), call.inlet);
        state.calls.oldest().take(most).map(name).collect()
    }

    /// Returns whether it was given up.
    pub(crate) fn is_over(&self) -> bool {
        self.state.lock().is_over
    }

    /// Returns whether everything was told, and is known to have come; also what has come from there.
    pub(crate) fn is_told(&self) -> bool {
        self.state.lock().is_told()
    }

    /// Returns whether it has nothing of this process, and has had all that it is to know but that this one ends.
    pub(crate) fn has_all_work(&self) -> bool {
        let state = self.state.lock();
        let is_queued = state.queue.iter().any(Queued::is_work);
        let (_, known) = state.session.sent();
        state.calls.open() == 0 && !is_queued && known >= state.work
    }

    pub(crate) fn note_parted(&self) {
        self.state.lock().has_parted = true;
    }

    pub(crate) fn has_parted(&self) -> bool {
        self.state.lock().has_parted
    }

    /// Sends no more events there; returns those that were not sent yet.
    pub(crate) fn leave(&self) -> Vec<Call> {
        let mut state = self.state.lock();
        state.has_left = true;
        state.take_unsent()
    }

    /// Gives the process up: returns the calls that were not sent, and those of which nobody knows what has become.
    pub(crate) fn give_up(&self) -> (Vec<Call>, Vec<Call>) {
        let mut state = self.state.lock();
        state.is_over = true;
        state.line = None;
        let unsent = state.take_unsent();
        let sent = state.calls.take_all();
        let queue = std::mem::take(&mut state.queue);
        let asked = std::mem::take(&mut state.asked);
        drop(state);
        drop(queue);
        // What it asked for is for nobody now.
        asked.values().flatten().for_each(Adopted::cancel);
        self.wake.notify_one();
        (unsent, sent)
    }
}

impl State {
    /// Queues what there is to tell of some calls, or makes the last record longer by them if it tells the same.
    fn tell_range(&mut self, record: Record) {
        let last = match self.queue.back_mut() {
            Some(Queued::Tell(last)) => last,
            _ => return self.queue.push_back(Queued::Tell(record)),
        };
        match (last, &record) {
            (
                Record::Delivered { first, count },
                Record::Delivered {
                    first: next,
                    count: more,
                },
            )
            | (
                Record::Rests { first, count },
                Record::Rests {
                    first: next,
                    count: more,
                },
            )
            | (
                Record::Runs { first, count },
                Record::Runs {
                    first: next,
                    count: more,
                },
            ) if *first + *count == *next => {
                *count += more;
            }
            _ => self.queue.push_back(Queued::Tell(record)),
        }
    }

    fn is_told(&self) -> bool {
        // One that ends without saying what has come leaves the other one waiting.
        let is_even = self.session.is_acknowledged() && self.session.has_acknowledged();
        self.queue.is_empty() && is_even
    }

    /// Queues calls that are about to be made.
    fn queue_calls(&mut self, count: u64) {
        match self.queue.back_mut() {
            Some(Queued::Calls(before)) => *before += count,
            _ => self.queue.push_back(Queued::Calls(count)),
        }
    }

    /// Takes the calls out of the queue, which are the last ones.
    fn take_unsent(&mut self) -> Vec<Call> {
        self.queue
            .retain(|queued| !matches!(queued, Queued::Calls(_)));
        let unsent = self.calls.next() - self.sent;
        let unsent = (0..unsent).filter_map(|_| self.calls.take_last());
        let mut unsent: Vec<_> = unsent.collect();
        unsent.reverse();
        unsent
    }
}
