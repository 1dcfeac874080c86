//! Who of a pool's instances takes which event.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use crate::inbox::Inbox;
use crate::pool::Order;
use crate::station::Outboxes;
use crate::turns::Turns;
use crate::{Event, Failure};

/// The instances of a pool.
///
/// A dispatcher takes events out of the actor's inbox, one by one and only while an instance is free, so
/// that what waits stands there. Those whose key is in hand are put aside: an instance that is free never
/// waits behind them.
pub(crate) struct Crew {
    actor: Arc<str>,
    pub(crate) order: Order,
    inboxes: Vec<Arc<Inbox>>,
    state: Mutex<State>,
    /// Notified when the dispatcher may have something to do.
    free: Notify,
    /// What keeps the order of what they send, if it matters.
    turns: Option<Turns>,
}

struct State {
    /// The instances that are free; the last one is the next.
    free: Vec<usize>,
    places: Vec<Place>,
    /// The keys in hand, each with the events that wait for it.
    keys: HashMap<Arc<str>, VecDeque<Job>>,
    /// Events that an instance may take: their keys are in hand already as theirs.
    ready: VecDeque<Job>,
    /// How many events wait here.
    waiting: usize,
    /// How many instances have not failed for good.
    working: usize,
}

/// What an instance is at.
#[derive(Clone, Default)]
struct Place {
    /// Whether its runner is at work, or has been given something to do.
    is_running: bool,
    /// Whether something is still done for its last event, be it in the background.
    has_event: bool,
    key: Option<Arc<str>>,
    has_failed: bool,
}

impl Place {
    fn is_busy(&self) -> bool {
        self.is_running || self.has_event
    }
}

/// An event on its way to an instance.
pub(crate) struct Job {
    pub(crate) inbox: u16,
    pub(crate) from_error: bool,
    pub(crate) event: Event,
    pub(crate) key: Option<Arc<str>>,
}

impl Crew {
    pub(crate) fn new(actor: Arc<str>, order: Order, inboxes: Vec<Arc<Inbox>>) -> Crew {
        let size = inboxes.len();
        Crew {
            actor,
            turns: matches!(order, Order::Input).then(|| Turns::new(size)),
            order,
            inboxes,
            state: Mutex::new(State {
                free: (0..size).rev().collect(),
                places: vec![Place::default(); size],
                keys: HashMap::new(),
                ready: VecDeque::new(),
                waiting: 0,
                working: size,
            }),
            free: Notify::new(),
        }
    }

    pub(crate) fn size(&self) -> usize {
        self.inboxes.len()
    }

    /// Waits until an instance is free for which nothing is put aside.
    pub(crate) async fn until_free(&self) {
        while !self.state.lock().is_free() {
            self.free.notified().await;
        }
    }

    /// Gives an event to a free instance, or puts it aside until it may be handled.
    pub(crate) fn offer(&self, job: Job) {
        let mut state = self.state.lock();
        state.waiting += 1;
        match &job.key {
            None => state.ready.push_back(job),
            Some(key) => match state.keys.entry(key.clone()) {
                Entry::Occupied(mut queue) => return queue.get_mut().push_back(job),
                Entry::Vacant(key) => {
                    key.insert(VecDeque::new());
                    state.ready.push_back(job);
                }
            },
        }
        self.hand_out(state);
    }

    /// Notes that an instance is done with its event, and all that it did for it in the background.
    pub(crate) fn finish(&self, instance: usize, outboxes: &Outboxes) {
        if let Some(turns) = &self.turns {
            turns.end(instance, outboxes);
        }
        let mut state = self.state.lock();
        state.places[instance].has_event = false;
        if let Some(key) = state.places[instance].key.take() {
            let next = state.keys.get_mut(&key).and_then(VecDeque::pop_front);
            match next {
                Some(next) => state.ready.push_back(next),
                None => _ = state.keys.remove(&key),
            }
        }
        state.release(instance);
        self.hand_out(state);
    }

    /// Takes an instance out of those that are free, for work that no event brought. Returns whether it
    /// could: not if it has been given an event.
    pub(crate) fn leave(&self, instance: usize) -> bool {
        let mut state = self.state.lock();
        let may_leave = !state.places[instance].is_running;
        if may_leave {
            state.places[instance].is_running = true;
            state.free.retain(|free| *free != instance);
        }
        may_leave
    }

    /// Notes that an instance's runner may take the next event.
    pub(crate) fn come_back(&self, instance: usize) {
        let mut state = self.state.lock();
        state.places[instance].is_running = false;
        state.release(instance);
        self.hand_out(state);
    }

    /// Sends an instance away that has failed for good. The last one stays, to send what comes the error
    /// path. Returns how many go on.
    pub(crate) fn retire(&self, instance: usize) -> usize {
        let mut state = self.state.lock();
        state.working -= 1;
        state.places[instance].has_failed = state.working > 0;
        state.working
    }

    /// Keeps back what an instance sends until it is its turn; what may go is left in `events`.
    pub(crate) fn keep_back(&self, instance: usize, link: usize, events: &mut Vec<Event>) {
        if let Some(turns) = &self.turns {
            turns.keep(instance, link, events);
        }
    }

    /// Fails what is put aside: the flow has ended, and nobody will take it.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        let queues = state.keys.drain().flat_map(|(_, queue)| queue);
        let mut jobs: Vec<Job> = queues.collect();
        jobs.extend(state.ready.drain(..));
        state.waiting = 0;
        drop(state);
        self.refuse(jobs.into_iter().map(|job| job.event));
    }

    /// Returns how many instances there are, how many of them have something in hand, how many have failed
    /// for good, and how many events are put aside.
    pub(crate) fn count(&self) -> (usize, usize, usize, usize) {
        let state = self.state.lock();
        let size = self.inboxes.len();
        let busy = state.places.iter().filter(|place| place.is_busy()).count();
        (size, busy, size - state.working, state.waiting)
    }

    /// Gives out what may be handled, as long as instances are free.
    fn hand_out(&self, mut state: MutexGuard<'_, State>) {
        while let Some((instance, job)) = state.next() {
            if let Some(turns) = &self.turns {
                turns.begin(instance);
            }
            MutexGuard::unlocked(&mut state, || self.give(instance, job));
        }
        let is_free = state.is_free();
        drop(state);
        if is_free {
            self.free.notify_one();
        }
    }

    fn give(&self, instance: usize, job: Job) {
        let mut events = vec![job.event];
        if !self.inboxes[instance].push(job.inbox, job.from_error, &mut events) {
            self.refuse(events);
        }
    }

    /// Fails events that no instance takes any more.
    fn refuse(&self, events: impl IntoIterator<Item = Event>) {
        let failure = Failure::of_ended(&self.actor);
        for event in events {
            event.receipt().fail(&failure);
        }
    }
}

impl State {
    fn is_free(&self) -> bool {
        !self.free.is_empty() && self.ready.is_empty()
    }

    /// Takes out a free instance and what it is to do.
    fn next(&mut self) -> Option<(usize, Job)> {
        if self.ready.is_empty() {
            return None;
        }
        let instance = self.free.pop()?;
        let job = self.ready.pop_front()?;
        self.waiting -= 1;
        self.places[instance] = Place {
            is_running: true,
            has_event: true,
            key: job.key.clone(),
            has_failed: false,
        };
        Some((instance, job))
    }

    /// Counts an instance among those that are free, if it is.
    fn release(&mut self, instance: usize) {
        let place = &self.places[instance];
        if !place.is_busy() && !place.has_failed {
            self.free.push(instance);
        }
    }
}
