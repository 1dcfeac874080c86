//! What waits to be told to another process, and how it gets into a frame.

use std::collections::VecDeque;

use compysition_core::Event;
use tokio::time::Instant;

use crate::calls::{Call, Calls};
use crate::inherited::{calls_back, is_asked_outside, origins};
use crate::wire::{Record, Records, Writing};

/// What waits to be told.
pub(crate) enum Queued {
    /// So many calls, of those that were made and are in no frame the first.
    Calls(u64),
    /// To a call of the other side, with its attributes written out.
    Answer(u64, Event, Box<[u8]>),
    Tell(Record),
}

impl Queued {
    /// Returns whether something is done or undone by it, and it is not only about the end of a process.
    pub(crate) fn is_work(&self) -> bool {
        let is_about_ends = |record: &Record| {
            matches!(
                record,
                Record::Done { .. } | Record::Leaving | Record::Parted
            )
        };
        !matches!(self, Queued::Tell(record) if is_about_ends(record))
    }
}

/// How many records, and bytes of payload, go into one frame.
pub(crate) const FRAME_RECORDS: usize = 512;
const FRAME_BYTES: usize = 64 << 10;

/// Returns about how many bytes an event has in a frame.
fn size_of(event: &Event, attributes: &[u8]) -> usize {
    event.payload().size() + attributes.len() + 64
}

/// Returns about how many bytes the next frame has, if its events are like the first.
pub(crate) fn size_of_next(queue: &VecDeque<Queued>, calls: &Calls, sent: u64) -> usize {
    let (count, size) = match queue.front() {
        Some(Queued::Calls(count)) => {
            let first = calls.get(sent);
            let size = first.map(|call| size_of(call.event(), &call.attributes));
            (*count as usize, size.unwrap_or_default())
        }
        Some(Queued::Answer(_, event, attributes)) => (queue.len(), size_of(event, attributes)),
        Some(Queued::Tell(_)) | None => (queue.len(), 16),
    };
    let all = count.min(FRAME_RECORDS) * size;
    all.min(FRAME_BYTES.max(size))
}

/// What was written and is over here. It is to be dropped where others may be woken.
#[derive(Default)]
pub(crate) struct Spent {
    answers: Vec<Event>,
    /// Calls of this side that went back where they came from, and the calls of the other side that they are all that was left of.
    pub(crate) back: Vec<(Call, u64)>,
}

impl Drop for Spent {
    fn drop(&mut self) {
        for (call, _) in self.back.drain(..) {
            call.into_event().leave_to_heir();
        }
    }
}

/// Writes as much of what waits as goes into one frame for this run of a process and over this session, as both sides know it. Of the
/// calls so many were `sent` before.
#[must_use]
pub(crate) fn write_some(
    (epoch, session): (u64, u64),
    queue: &mut VecDeque<Queued>,
    calls: &mut Calls,
    sent: &mut u64,
    records: &mut Records,
) -> Spent {
    let mut spent = Spent::default();
    let (mut count, mut bytes) = (0, 0);
    let mut is_full = |size: usize| {
        let is_full = count == FRAME_RECORDS || (count > 0 && bytes + size > FRAME_BYTES);
        (count, bytes) = (count + 1, bytes + size);
        is_full
    };
    while let Some(first) = queue.front_mut() {
        match first {
            Queued::Calls(0) => _ = queue.pop_front(),
            Queued::Calls(left) => {
                // What is in no frame yet cannot have ended.
                let Some(call) = calls.get(*sent) else {
                    break;
                };
                if is_full(size_of(call.event(), &call.attributes)) {
                    break;
                }
                let back = calls_back(call.event(), session);
                let is_asked = is_asked_outside(call.event(), epoch);
                let asked_or_last = (is_asked, back.is_some());
                write(call.event(), &call.attributes, asked_or_last, |writing| {
                    records.written_event(call.inlet.into(), writing);
                });
                let taken = back.and_then(|back| Some((calls.take(*sent)?, back)));
                spent.back.extend(taken);
                (*sent, *left) = (*sent + 1, *left - 1);
            }
            Queued::Answer(_, event, attributes) if is_full(size_of(event, attributes)) => break,
            Queued::Tell(_) if is_full(16) => break,
            _ => match queue.pop_front() {
                Some(Queued::Answer(call, event, attributes)) => {
                    write(&event, &attributes, (false, false), |writing| {
                        records.written_answer(call, writing);
                    });
                    spent.answers.push(event);
                }
                Some(Queued::Tell(record)) => records.add(&record),
                Some(Queued::Calls(_)) | None => {}
            },
        }
    }
    spent
}

/// Has an event written, with what is known of it here.
fn write(
    event: &Event,
    attributes: &[u8],
    (is_asked, is_last): (bool, bool),
    write: impl FnOnce(&Writing<'_>),
) {
    let deadline = event.deadline().map(|deadline| {
        let left = deadline.saturating_duration_since(Instant::now());
        left.as_millis() as u64
    });
    write(&Writing {
        event,
        attributes,
        root: event.root_id().unwrap_or(event.id()),
        hops: event.hops(),
        deadline,
        is_asked,
        is_last,
        origins: &origins(event),
    });
}
