//! Where events wait for an actor.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use crate::Event;
use crate::sync::Mutex;

/// Events that one link delivered to one inbox, in order.
#[derive(Default)]
pub(crate) struct Chunk {
    pub(crate) inbox: u16,
    pub(crate) from_error: bool,
    pub(crate) events: Vec<Event>,
}

/// How many events a chunk grows to before another one is begun, and after how many an actor's ports
/// are flushed. A simulation may have fewer.
pub(crate) const CHUNK: usize = 128;

/// How many emptied buffers wait for reuse.
const SPARES: usize = 8;

/// The queue before an actor. Links hand whole chunks in, the runner takes them out, and the emptied
/// buffers go back: no event is copied, and the lock is held for a few pointers.
///
/// It has no bound of its own and never makes a sender wait; what is in flight is bounded by the permits
/// at the sources. So no graph can lock, whatever its cycles.
pub(crate) struct Inbox {
    state: Mutex<State>,
    /// Whether events are taken out one by one, so that those that wait can still give way to others.
    one_by_one: bool,
    /// How many events a chunk grows to.
    chunk: usize,
}

#[derive(Default)]
struct State {
    chunks: VecDeque<Chunk>,
    spares: Vec<Vec<Event>>,
    signals: Signals,
    closed: bool,
    /// Whether the runner is at work on what it took.
    busy: bool,
    waiting: Option<Waker>,
}

/// What a runner is told beside events.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Signals {
    /// The flow is stopping: flush what is held.
    pub(crate) stopping: bool,
    /// Sources wait for room, or much is held: flush what is held, if that makes sense.
    pub(crate) pressure: bool,
    /// The flow has stopped: end.
    pub(crate) end: bool,
    /// The time at which the actor wants to be woken has changed.
    pub(crate) alarm: bool,
}

impl Signals {
    /// Adds what another one says.
    pub(crate) fn add(&mut self, other: Signals) {
        self.stopping |= other.stopping;
        self.pressure |= other.pressure;
        self.end |= other.end;
        self.alarm |= other.alarm;
    }

    /// Returns whether the actor is told nothing, but for what time it may be.
    pub(crate) fn is_calm(self) -> bool {
        !(self.stopping || self.pressure || self.end)
    }

    fn any(self) -> bool {
        self.stopping || self.pressure || self.end || self.alarm
    }
}

impl State {
    /// Takes out the first event, as a chunk of its own.
    fn pop(&mut self) -> Option<Chunk> {
        let first = self.chunks.front_mut()?;
        if first.events.len() <= 1 {
            return self.chunks.pop_front();
        }
        let mut events = self.spares.pop().unwrap_or_default();
        events.push(first.events.remove(0));
        Some(Chunk {
            inbox: first.inbox,
            from_error: first.from_error,
            events,
        })
    }
}

impl Inbox {
    /// Makes an inbox whose events are taken out one by one, as behind a best-effort link.
    pub(crate) fn one_by_one() -> Inbox {
        Inbox {
            one_by_one: true,
            ..Inbox::of(1)
        }
    }

    /// Makes an inbox whose chunks grow to so many events.
    pub(crate) fn of(chunk: usize) -> Inbox {
        Inbox {
            state: Mutex::default(),
            one_by_one: false,
            chunk,
        }
    }

    /// Hands events over and leaves an empty buffer in their place. Returns them if the inbox is closed.
    pub(crate) fn push(&self, inbox: u16, from_error: bool, events: &mut Vec<Event>) -> bool {
        let mut state = self.state.lock();
        if state.closed {
            return false;
        }
        match state.chunks.back_mut() {
            Some(last)
                if last.inbox == inbox
                    && last.from_error == from_error
                    && last.events.len() + events.len() <= self.chunk =>
            {
                last.events.append(events);
            }
            _ => {
                let spare = state.spares.pop().unwrap_or_default();
                let events = std::mem::replace(events, spare);
                state.chunks.push_back(Chunk {
                    inbox,
                    from_error,
                    events,
                });
            }
        }
        let waiting = state.waiting.take();
        drop(state);
        if let Some(waker) = waiting {
            waker.wake();
        }
        true
    }

    /// Hands events over that come before all others. Leaves them if the inbox is closed.
    pub(crate) fn push_front(&self, inbox: u16, events: &mut Vec<Event>) -> bool {
        let mut state = self.state.lock();
        if state.closed {
            return false;
        }
        state.chunks.push_front(Chunk {
            inbox,
            from_error: false,
            events: std::mem::take(events),
        });
        let waiting = state.waiting.take();
        drop(state);
        if let Some(waker) = waiting {
            waker.wake();
        }
        true
    }

    /// Takes out the first event that came by an inbox and meets a condition.
    pub(crate) fn remove_first(
        &self,
        inbox: u16,
        condition: impl Fn(&Event) -> bool,
    ) -> Option<Event> {
        let mut state = self.state.lock();
        let found = state.chunks.iter().enumerate().find_map(|(chunk, of)| {
            if of.inbox != inbox {
                return None;
            }
            let event = of.events.iter().position(&condition)?;
            Some((chunk, event))
        });
        let (chunk, event) = found?;
        let event = state.chunks[chunk].events.remove(event);
        if state.chunks[chunk].events.is_empty() {
            state.chunks.remove(chunk);
        }
        Some(event)
    }

    /// Tells the runner something.
    pub(crate) fn signal(&self, set: impl FnOnce(&mut Signals)) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        set(&mut state.signals);
        let waiting = state.waiting.take();
        drop(state);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    /// Waits for events or signals, and swaps all of them out against emptied chunks. `at_rest` is called
    /// whenever there is nothing. Returns the signals, and whether it had to wait.
    pub(crate) async fn take(
        &self,
        chunks: &mut VecDeque<Chunk>,
        spares: &mut Vec<Vec<Event>>,
        at_rest: impl Fn(),
    ) -> (Signals, bool) {
        let mut waited = false;
        poll_fn(|cx| {
            let mut state = self.state.lock();
            let room = SPARES.saturating_sub(state.spares.len());
            let count = spares.len().min(room);
            state.spares.extend(spares.drain(..count));
            spares.clear();
            if state.chunks.is_empty() && !state.signals.any() {
                let same = |waker: &Waker| waker.will_wake(cx.waker());
                if !state.waiting.as_ref().is_some_and(same) {
                    state.waiting = Some(cx.waker().clone());
                }
                state.busy = false;
                drop(state);
                at_rest();
                waited = true;
                return Poll::Pending;
            }
            state.busy = true;
            match self.one_by_one {
                true => chunks.extend(state.pop()),
                false => std::mem::swap(&mut state.chunks, chunks),
            }
            Poll::Ready((std::mem::take(&mut state.signals), waited))
        })
        .await
    }

    /// Returns whether nothing waits and nothing is being worked on.
    pub(crate) fn is_at_rest(&self) -> bool {
        let state = self.state.lock();
        !state.busy && state.chunks.is_empty() && !state.signals.any()
    }

    /// Notes that the runner has begun work that no event brought, or that it is done with its last.
    pub(crate) fn set_busy(&self, busy: bool) {
        self.state.lock().busy = busy;
    }

    /// Returns how many events wait.
    pub(crate) fn depth(&self) -> usize {
        let state = self.state.lock();
        state.chunks.iter().map(|chunk| chunk.events.len()).sum()
    }

    /// Refuses all further events and returns those that waited.
    pub(crate) fn close(&self) -> VecDeque<Chunk> {
        let mut state = self.state.lock();
        state.closed = true;
        state.busy = false;
        state.signals = Signals::default();
        std::mem::take(&mut state.chunks)
    }
}
