//! What goes over a line: a frame at a time.

use bytes::Bytes;

use super::buffer::{Malformed, Put, Take};
use super::record::Records;

/// The version of the format. A process refuses another one.
pub const VERSION: u8 = 1;

const MAGIC: &[u8; 2] = b"cy";

/// Who opens a line, or answers to that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The name of the flow.
    pub flow: String,
    /// What both sides must have in common; see [`Director::fingerprint`](compysition_core::Director::fingerprint).
    pub fingerprint: u64,
    /// The process.
    pub process: String,
    /// Which of several that run the same.
    pub replica: String,
    /// Tells this run of the process from every other.
    pub epoch: u64,
    /// Tells this session of the sender with the other side from every other.
    pub session: u64,
    /// The session of the other side that `received` is about; 0 if it is not known.
    pub peer: u64,
    /// How many frames with records have come from there.
    pub received: u64,
}

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Opens a line.
    Hello(Hello),
    /// Says that the line is open.
    Welcome(Hello),
    /// Says why it is not.
    Refused(String),
    /// Brings records.
    Batch {
        /// How many such frames were sent before, in this session.
        number: u64,
        /// How many have come from the other side.
        received: u64,
        /// The records, see [`Records`].
        records: Bytes,
    },
    /// Brings the beginning, or more, of the records of the next batch, which is too large for one frame.
    Part {
        /// As that of a batch.
        number: u64,
        /// As that of a batch.
        received: u64,
        /// Bytes of its records.
        bytes: Bytes,
    },
    /// Says that the sender is there.
    Alive {
        /// How many frames with records it has sent.
        sent: u64,
        /// How many have come from the other side.
        received: u64,
        /// Whether frames beyond those are missing, and should be sent again.
        again: bool,
    },
    /// Says that the sender has ended: nothing of it is under way any more.
    Bye,
}

const HELLO: u8 = 1;
const WELCOME: u8 = 2;
const REFUSED: u8 = 3;
const BATCH: u8 = 4;
const ALIVE: u8 = 5;
const BYE: u8 = 6;
const PART: u8 = 7;

impl Frame {
    /// Writes a frame with records.
    pub fn batch(number: u64, received: u64, records: &Records) -> Bytes {
        numbered(BATCH, (number, received), records.as_bytes())
    }

    /// Writes the frame.
    pub fn write(&self) -> Bytes {
        match self {
            Frame::Hello(hello) => write_hello(HELLO, hello),
            Frame::Welcome(hello) => write_hello(WELCOME, hello),
            Frame::Refused(reason) => {
                let mut out = begin(REFUSED, reason.len() + 4);
                out.bytes(reason.as_bytes());
                out.into()
            }
            Frame::Batch {
                number,
                received,
                records,
            } => numbered(BATCH, (*number, *received), records),
            Frame::Part {
                number,
                received,
                bytes,
            } => numbered(PART, (*number, *received), bytes),
            Frame::Alive {
                sent,
                received,
                again,
            } => {
                let mut out = begin(ALIVE, 16);
                out.number(*sent);
                out.number(*received);
                out.push((*again).into());
                out.into()
            }
            Frame::Bye => begin(BYE, 0).into(),
        }
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// Where the bytes are none.
    pub fn read(bytes: &Bytes) -> Result<Frame, Malformed> {
        let mut from = Take::new(bytes);
        if from.slice(2, "the letters `cy`")? != MAGIC {
            return from.wrong("the letters `cy`");
        }
        if from.byte("the version")? != VERSION {
            return from.wrong("version 1 of the format");
        }
        let frame = match from.byte("the kind of the frame")? {
            HELLO => Frame::Hello(read_hello(&mut from)?),
            WELCOME => Frame::Welcome(read_hello(&mut from)?),
            REFUSED => Frame::Refused(from.text("a reason")?.to_owned()),
            kind @ (BATCH | PART) => {
                let number = from.number("the number of the frame")?;
                let received = from.number("how many frames have come")?;
                let bytes = bytes.slice(from.at()..);
                return Ok(match kind {
                    BATCH => Frame::Batch {
                        number,
                        received,
                        records: bytes,
                    },
                    _ => Frame::Part {
                        number,
                        received,
                        bytes,
                    },
                });
            }
            ALIVE => Frame::Alive {
                sent: from.number("how many frames were sent")?,
                received: from.number("how many frames have come")?,
                again: from.byte("whether to send again")? != 0,
            },
            BYE => Frame::Bye,
            _ => return from.wrong("a kind of frame that this version knows"),
        };
        // What a later minor version adds stands at the end, and is passed over.
        Ok(frame)
    }
}

/// Writes what stands before the records of a frame.
pub(crate) fn begin_batch(number: u64, received: u64, capacity: usize) -> Vec<u8> {
    begin_numbered(BATCH, (number, received), capacity)
}

fn begin_numbered(kind: u8, (number, received): (u64, u64), capacity: usize) -> Vec<u8> {
    let mut out = begin(kind, capacity + 16);
    out.number(number);
    out.number(received);
    out
}

fn numbered(kind: u8, numbers: (u64, u64), bytes: &[u8]) -> Bytes {
    let mut out = begin_numbered(kind, numbers, bytes.len());
    out.extend_from_slice(bytes);
    out.into()
}

fn begin(kind: u8, capacity: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(capacity + 4);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[VERSION, kind]);
    out
}

fn write_hello(kind: u8, hello: &Hello) -> Bytes {
    let mut out = begin(kind, 128);
    out.bytes(hello.flow.as_bytes());
    out.extend_from_slice(&hello.fingerprint.to_be_bytes());
    out.bytes(hello.process.as_bytes());
    out.bytes(hello.replica.as_bytes());
    out.extend_from_slice(&hello.epoch.to_be_bytes());
    out.extend_from_slice(&hello.session.to_be_bytes());
    out.extend_from_slice(&hello.peer.to_be_bytes());
    out.number(hello.received);
    out.into()
}

fn read_hello(from: &mut Take<'_>) -> Result<Hello, Malformed> {
    Ok(Hello {
        flow: from.text("the name of a flow")?.to_owned(),
        fingerprint: from.fixed_u64("a fingerprint")?,
        process: from.text("the name of a process")?.to_owned(),
        replica: from.text("the name of a replica")?.to_owned(),
        epoch: from.fixed_u64("an epoch")?,
        session: from.fixed_u64("a session")?,
        peer: from.fixed_u64("a session")?,
        received: from.number("how many frames have come")?,
    })
}
