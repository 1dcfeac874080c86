//! What two processes tell each other, in the order in which they tell it.

use bytes::Bytes;
use compysition_core::Failure;

use super::buffer::{Malformed, Put, Take};
use super::event::{Carried, Common, Writing, take_failure, written};
use super::failure;
use super::frame;

/// One thing that a process tells another. Calls are numbered from 0, by each side for what it sends.
#[derive(Debug)]
pub enum Record {
    /// An event for an inlet: the next call.
    Event {
        /// The number of the inlet.
        inlet: u64,
        /// The event.
        carried: Carried,
    },
    /// The answer to the request that the event of a call descends from.
    Answer {
        /// The call that is answered.
        call: u64,
        /// The answer.
        carried: Carried,
    },
    /// All that came of the events of some calls, one after the other, was delivered.
    Delivered {
        /// The first call.
        first: u64,
        /// How many there are.
        count: u64,
    },
    /// What came of the event of a call came to a bad end.
    Ended {
        /// The call.
        call: u64,
        /// How it ended.
        ended: Ended,
    },
    /// Nothing that came of the events of some calls is running any more, but something of each is held.
    Rests {
        /// The first call.
        first: u64,
        /// How many there are.
        count: u64,
    },
    /// Something that came of the events of some calls is running again.
    Runs {
        /// The first call.
        first: u64,
        /// How many there are.
        count: u64,
    },
    /// Nobody waits for the answer to a call any more.
    Cancel {
        /// The call.
        call: u64,
    },
    /// A process, by its name and the name of the replica, has nothing more of its own under way, and will not begin
    /// anything.
    Done {
        /// The process.
        process: String,
        /// The replica.
        replica: String,
    },
    /// The sender is stopping, and would like to be sent nothing more.
    Leaving,
    /// The sender will not send events any more.
    Parted,
}

/// A bad end.
#[derive(Clone, Debug)]
pub struct Ended(pub Failure);

const EVENT: u8 = 1;
const ANSWER: u8 = 2;
const DELIVERED: u8 = 3;
const ENDED: u8 = 4;
const CANCEL: u8 = 5;
const DONE: u8 = 6;
const LEAVING: u8 = 7;
const PARTED: u8 = 8;
const RESTS: u8 = 9;
const RUNS: u8 = 10;

/// Writes the records of one frame.
#[derive(Default)]
pub struct Records {
    common: Common,
    bytes: Vec<u8>,
    /// How many of the bytes stand before the records.
    head: usize,
}

impl Records {
    /// Begins the records of a frame where they will stand, so that they need not be copied.
    pub(crate) fn of_frame(number: u64, received: u64, capacity: usize) -> Records {
        let bytes = frame::begin_batch(number, received, capacity);
        Records {
            common: Common::default(),
            head: bytes.len(),
            bytes,
        }
    }

    /// Returns the frame that was begun.
    pub(crate) fn into_frame(self) -> Bytes {
        self.bytes.into()
    }

    /// Adds an event for an inlet.
    pub fn event(&mut self, inlet: u64, carried: &Carried) {
        self.written_event(inlet, &carried.writing(&written(&carried.event)));
    }

    /// Adds an event for an inlet, whose attributes are written out already.
    pub(crate) fn written_event(&mut self, inlet: u64, writing: &Writing<'_>) {
        self.bytes.push(EVENT);
        self.bytes.number(inlet);
        self.common.put(writing, &mut self.bytes);
    }

    /// Adds an answer, likewise.
    pub(crate) fn written_answer(&mut self, call: u64, writing: &Writing<'_>) {
        self.bytes.push(ANSWER);
        self.bytes.number(call);
        self.common.put(writing, &mut self.bytes);
    }

    /// Adds anything.
    pub fn add(&mut self, record: &Record) {
        let out = &mut self.bytes;
        match record {
            Record::Event { inlet, carried } => self.event(*inlet, carried),
            Record::Answer { call, carried } => {
                self.written_answer(*call, &carried.writing(&written(&carried.event)));
            }
            Record::Delivered { first, count } => put_range(DELIVERED, *first, *count, out),
            Record::Rests { first, count } => put_range(RESTS, *first, *count, out),
            Record::Runs { first, count } => put_range(RUNS, *first, *count, out),
            Record::Ended { call, ended } => {
                out.push(ENDED);
                out.number(*call);
                out.bytes(&failure::write(&ended.0));
            }
            Record::Cancel { call } => {
                out.push(CANCEL);
                out.number(*call);
            }
            Record::Done { process, replica } => {
                out.push(DONE);
                out.bytes(process.as_bytes());
                out.bytes(replica.as_bytes());
            }
            Record::Leaving => out.push(LEAVING),
            Record::Parted => out.push(PARTED),
        }
    }

    /// Returns how many bytes there are.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.head
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.head..]
    }

    /// Reads the records of a frame.
    ///
    /// # Errors
    /// Where the bytes are no records.
    pub fn read(bytes: &[u8]) -> Result<Vec<Record>, Malformed> {
        let mut from = Take::new(bytes);
        let mut common = Common::default();
        let mut records = Vec::new();
        while !from.is_done() {
            records.push(take(&mut common, &mut from)?);
        }
        Ok(records)
    }
}

fn put_range(record: u8, first: u64, count: u64, out: &mut Vec<u8>) {
    out.push(record);
    out.number(first);
    out.number(count);
}

fn take(common: &mut Common, from: &mut Take<'_>) -> Result<Record, Malformed> {
    const CALL: &str = "the number of a call";
    Ok(match from.byte("a record")? {
        EVENT => Record::Event {
            inlet: from.number("an inlet")?,
            carried: common.take(from)?,
        },
        ANSWER => Record::Answer {
            call: from.number(CALL)?,
            carried: common.take(from)?,
        },
        DELIVERED => Record::Delivered {
            first: from.number(CALL)?,
            count: from.number("how many calls")?,
        },
        RESTS => Record::Rests {
            first: from.number(CALL)?,
            count: from.number("how many calls")?,
        },
        RUNS => Record::Runs {
            first: from.number(CALL)?,
            count: from.number("how many calls")?,
        },
        ENDED => Record::Ended {
            call: from.number(CALL)?,
            ended: Ended(take_failure(from)?),
        },
        CANCEL => Record::Cancel {
            call: from.number(CALL)?,
        },
        DONE => Record::Done {
            process: from.text("the name of a process")?.to_owned(),
            replica: from.text("the name of a replica")?.to_owned(),
        },
        LEAVING => Record::Leaving,
        PARTED => Record::Parted,
        _ => return from.wrong("a record that this version knows"),
    })
}
