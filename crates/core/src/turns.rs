//! What a pool sends, in the order in which its events came.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::Event;
use crate::station::Outboxes;

/// Keeps back what comes of an event until all that came before it are done.
pub(crate) struct Turns(Mutex<State>);

struct State {
    /// The number of the event whose turn it is: what comes of it goes straight out.
    first: u64,
    /// What came of that event and of the later ones.
    outputs: VecDeque<Output>,
    /// The number of the event that each instance has in hand.
    in_hand: Vec<Option<u64>>,
    /// Whether somebody hands over what was kept back.
    is_passing: bool,
}

/// What came of an event and was kept back, by the number of the link.
#[derive(Default)]
struct Output {
    sent: Vec<(usize, Vec<Event>)>,
    is_done: bool,
}

impl Turns {
    pub(crate) fn new(instances: usize) -> Turns {
        Turns(Mutex::new(State {
            first: 0,
            outputs: VecDeque::new(),
            in_hand: vec![None; instances],
            is_passing: false,
        }))
    }

    /// Gives an instance the next event.
    pub(crate) fn begin(&self, instance: usize) {
        let mut state = self.0.lock();
        let number = state.first + state.outputs.len() as u64;
        state.outputs.push_back(Output::default());
        state.in_hand[instance] = Some(number);
    }

    /// Keeps back what an instance sends, unless it may go at once: then it is left in `events`.
    pub(crate) fn keep(&self, instance: usize, link: usize, events: &mut Vec<Event>) {
        let mut state = self.0.lock();
        let Some(number) = state.in_hand[instance] else {
            return;
        };
        if number == state.first && !state.is_passing {
            return;
        }
        let place = (number - state.first) as usize;
        let sent = &mut state.outputs[place].sent;
        match sent.last_mut() {
            Some((last, kept)) if *last == link => kept.append(events),
            _ => sent.push((link, std::mem::take(events))),
        }
    }

    /// Notes that an instance is done with its event. If it was that event's turn, what was kept back
    /// behind it goes out, up to the next event that is not done.
    pub(crate) fn end(&self, instance: usize, outboxes: &Outboxes) {
        let mut state = self.0.lock();
        let Some(number) = state.in_hand[instance].take() else {
            return;
        };
        let place = (number - state.first) as usize;
        state.outputs[place].is_done = true;
        if state.is_passing {
            return;
        }
        state.is_passing = true;
        while let Some(output) = state.outputs.front_mut() {
            let sent = std::mem::take(&mut output.sent);
            if !sent.is_empty() {
                // A link may run a plain function, which is somebody else's code.
                drop(state);
                for (link, mut events) in sent {
                    outboxes.links[link].push(&mut events);
                }
                state = self.0.lock();
            } else if output.is_done {
                state.outputs.pop_front();
                state.first += 1;
            } else {
                break;
            }
        }
        state.is_passing = false;
    }
}
