//! What waits to be told to another process, and how it gets into a frame.

use std::collections::VecDeque;

use bytes::Bytes;
use compysition_core::Event;
use tokio::time::Instant;

use crate::calls::Call;
use crate::inherited::origins;
use crate::wire::{Carried, Record, Records};

/// What waits to be told.
pub(crate) enum Queued {
    /// For an inlet, with its attributes written out.
    Event(usize, Event, Bytes),
    /// To a call, likewise.
    Answer(u64, Event, Bytes),
    Tell(Record),
}

impl Queued {
    /// Makes what is to be told of a new call.
    pub(crate) fn of(call: &Call) -> Queued {
        Queued::Event(call.inlet, call.event().clone(), call.attributes.clone())
    }
}

/// How many records, and bytes of payload, go into one frame.
const FRAME_RECORDS: usize = 512;
const FRAME_BYTES: usize = 64 << 10;

/// Takes as many of what waits as go into one frame, and says about how many bytes they will be.
pub(crate) fn take_some(queue: &mut VecDeque<Queued>) -> (Vec<Queued>, usize) {
    let mut bytes = 0;
    let mut count = 0;
    for queued in queue.iter().take(FRAME_RECORDS) {
        let size = match queued {
            Queued::Event(_, event, attributes) | Queued::Answer(_, event, attributes) => {
                event.payload().size() + attributes.len() + 64
            }
            Queued::Tell(_) => 16,
        };
        if count > 0 && bytes + size > FRAME_BYTES {
            break;
        }
        bytes += size;
        count += 1;
    }
    (queue.drain(..count).collect(), bytes)
}

/// Writes what was taken behind the other records of a frame.
pub(crate) fn write(queued: Queued, records: &mut Records) {
    match queued {
        Queued::Event(inlet, event, attributes) => {
            records.written_event(inlet as u64, &carry(event), &attributes);
        }
        Queued::Answer(call, event, attributes) => {
            records.written_answer(call, &carry(event), &attributes);
        }
        Queued::Tell(record) => records.add(&record),
    }
}

fn carry(event: Event) -> Carried {
    let deadline = event.deadline().map(|deadline| {
        let left = deadline.saturating_duration_since(Instant::now());
        left.as_millis() as u64
    });
    Carried {
        root: event.root_id().unwrap_or(event.id()),
        hops: event.hops(),
        deadline,
        is_asked: event.is_asked(),
        origins: origins(&event),
        event,
    }
}
