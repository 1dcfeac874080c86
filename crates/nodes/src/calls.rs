//! Events that were sent to another process and have not settled there.

use std::collections::VecDeque;
use std::sync::Arc;

use compysition_core::{Event, Listening, Rest};
use parking_lot::Mutex;

use crate::home::Home;
use crate::peer::Peer;

/// An event that went to another process, and waits here for its end: so its root does not settle, and keeps its permit
/// while anything of it is running there.
pub(crate) struct Call {
    waiting: Waiting,
    /// The attributes of the event, written out.
    pub(crate) attributes: Box<[u8]>,
    /// How many roots of it are running there: one at first, none while all that there is of it is held. For a moment it may
    /// be more, if what is told of two threads there comes the wrong way round.
    running: i32,
    /// The number of the inlet that it went to.
    pub(crate) inlet: u32,
    /// Who has the call, if a client waits for its answer, and whether that one is still there: of no more interest when
    /// the call is over.
    pub(crate) asked: Option<Box<(Arc<Seat>, Listening)>>,
}

enum Waiting {
    Running(Event),
    /// Boxed, as few are: there are many calls.
    Resting(Box<Rest>),
}

/// Who has a call, for whoever may want to cancel it.
#[derive(Default)]
pub(crate) struct Seat(Mutex<At>);

#[derive(Default)]
enum At {
    /// It waits for a process.
    #[default]
    Waiting,
    /// A process has it, under this number.
    Taken(Arc<Peer>, u64),
    /// Nobody waits for its answer any more.
    Cancelled,
}

impl Seat {
    /// Says who has the call now; returns whether it was cancelled before.
    #[must_use]
    pub(crate) fn take(&self, peer: Arc<Peer>, call: u64) -> bool {
        let mut at = self.0.lock();
        if matches!(*at, At::Cancelled) {
            return true;
        }
        *at = At::Taken(peer, call);
        false
    }

    /// Returns whether the call was cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(*self.0.lock(), At::Cancelled)
    }

    /// Says that the call waits again.
    pub(crate) fn leave(&self) {
        let mut at = self.0.lock();
        if matches!(*at, At::Taken(..)) {
            *at = At::Waiting;
        }
    }

    /// Cancels the call; returns who has to be told.
    pub(crate) fn cancel(&self) -> Option<(Arc<Peer>, u64)> {
        match std::mem::replace(&mut *self.0.lock(), At::Cancelled) {
            At::Taken(peer, call) => Some((peer, call)),
            At::Waiting | At::Cancelled => None,
        }
    }
}

impl Call {
    pub(crate) fn new(
        (event, attributes): (Event, Box<[u8]>),
        inlet: u32,
        asked: Option<(Arc<Seat>, Listening)>,
    ) -> Call {
        Call {
            waiting: Waiting::Running(event),
            attributes,
            running: 1,
            inlet,
            asked: asked.map(Box::new),
        }
    }

    pub(crate) fn seat(&self) -> Option<&Arc<Seat>> {
        self.asked.as_deref().map(|(seat, _)| seat)
    }

    /// Returns the event, to look at.
    pub(crate) fn event(&self) -> &Event {
        match &self.waiting {
            Waiting::Running(event) => event,
            Waiting::Resting(rest) => rest.event(),
        }
    }

    /// Returns what keeps its root from settling, once more.
    pub(crate) fn rest(&self) -> Rest {
        match &self.waiting {
            Waiting::Running(event) => Rest::of(event),
            Waiting::Resting(rest) => rest.another(),
        }
    }

    /// Returns the event, as one that is running here.
    pub(crate) fn into_event(self) -> Event {
        self.into_home().left
    }

    /// Returns where it stood, for what comes back in its place.
    pub(crate) fn into_home(self) -> Home {
        let left = match self.waiting {
            Waiting::Running(event) => event,
            Waiting::Resting(rest) => rest.wake(),
        };
        Home {
            left,
            attributes: self.attributes,
            inlet: self.inlet,
        }
    }

    /// Notes that something of it rests there. If nothing runs, it rests here as well; returns what is to be dropped for that.
    #[must_use]
    fn note_rest(&mut self) -> Option<Event> {
        self.running -= 1;
        let Waiting::Running(event) = &self.waiting else {
            return None;
        };
        if self.running > 0 {
            return None;
        }
        let rest = Rest::of(event);
        match std::mem::replace(&mut self.waiting, Waiting::Resting(Box::new(rest))) {
            Waiting::Running(event) => Some(event),
            Waiting::Resting(_) => None,
        }
    }

    /// Notes that something of it runs there again. Returns what is to be woken, and given to [`Call::wake`], if it rests here.
    #[must_use]
    fn note_run(&mut self) -> Option<Rest> {
        self.running += 1;
        match &self.waiting {
            Waiting::Resting(rest) if self.running > 0 => Some(rest.another()),
            _ => None,
        }
    }

    /// Goes on waiting with an event that runs again. Returns what is to be dropped.
    #[must_use]
    fn wake(&mut self, event: Event) -> (Option<Event>, Option<Rest>) {
        if self.running <= 0 || matches!(self.waiting, Waiting::Running(_)) {
            return (Some(event), None);
        }
        match std::mem::replace(&mut self.waiting, Waiting::Running(event)) {
            Waiting::Resting(rest) => (None, Some(*rest)),
            Waiting::Running(before) => (Some(before), None),
        }
    }
}

/// The calls to one process, by their numbers. Most end in the order in which they were made.
#[derive(Default)]
pub(crate) struct Calls {
    first: u64,
    list: VecDeque<Option<Call>>,
    open: usize,
}

impl Calls {
    /// Returns the number of the first call that may be open.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// Returns the number of the next call.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.list.len() as u64
    }

    pub(crate) fn add(&mut self, call: Call) {
        self.list.push_back(Some(call));
        self.open += 1;
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Call> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.list.get(index)?.as_ref()
    }

    /// Notes of some calls that something of them rests there. What is returned is to be dropped where others may be woken.
    #[must_use]
    pub(crate) fn note_rest(&mut self, first: u64, count: u64) -> Vec<Event> {
        self.range(first, count)
            .filter_map(|(_, call)| call.note_rest())
            .collect()
    }

    /// Notes of some calls that something of them runs there again. What is returned is to be woken, and given back.
    #[must_use]
    pub(crate) fn note_run(&mut self, first: u64, count: u64) -> Vec<(u64, Rest)> {
        self.range(first, count)
            .filter_map(|(number, call)| Some((number, call.note_run()?)))
            .collect()
    }

    /// Has calls go on waiting with events that run again. What is returned is to be dropped.
    #[must_use]
    pub(crate) fn wake(&mut self, events: Vec<(u64, Event)>) -> Vec<(Option<Event>, Option<Rest>)> {
        let woken = events.into_iter().map(|(number, event)| {
            match self.range(number, 1).next() {
                Some((_, call)) => call.wake(event),
                // It has ended meanwhile.
                None => (Some(event), None),
            }
        });
        woken.collect()
    }

    /// Returns those of some calls that are open.
    fn range(&mut self, first: u64, count: u64) -> impl Iterator<Item = (u64, &mut Call)> {
        let (known, next) = (self.first, self.next());
        let begin = first.clamp(known, next);
        // More than there are cannot rest.
        let end = first.saturating_add(count).clamp(begin, next);
        let within = (begin - known) as usize..(end - known) as usize;
        let calls = (begin..).zip(self.list.range_mut(within));
        calls.filter_map(|(number, call)| Some((number, call.as_mut()?)))
    }

    pub(crate) fn take(&mut self, number: u64) -> Option<Call> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let call = self.list.get_mut(index)?.take()?;
        self.open -= 1;
        while let Some(None) = self.list.front() {
            self.list.pop_front();
            self.first += 1;
        }
        Some(call)
    }

    /// Takes back the last one.
    pub(crate) fn take_last(&mut self) -> Option<Call> {
        let call = self.list.pop_back()??;
        self.open -= 1;
        Some(call)
    }

    pub(crate) fn take_all(&mut self) -> Vec<Call> {
        self.first = self.next();
        self.open = 0;
        std::mem::take(&mut self.list)
            .into_iter()
            .flatten()
            .collect()
    }

    /// Returns the oldest that are open.
    pub(crate) fn oldest(&self) -> impl Iterator<Item = &Call> {
        self.list.iter().flatten()
    }

    /// Returns how many there are.
    pub(crate) fn open(&self) -> usize {
        self.open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_small_since_there_are_many() {
        assert!(size_of::<Call>() <= 56, "{}", size_of::<Call>());
    }
}
