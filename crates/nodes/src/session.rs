//! Frames that arrive once and in order, whatever becomes of the lines that carry them.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::wire::{Frame, Records};

/// How much may be on its way and not yet acknowledged.
const WINDOW_FRAMES: usize = 256;
const WINDOW_BYTES: usize = 8 << 20;

/// How large the records of a frame may be, and how large its parts are if they are larger. A frame that is a long time on
/// its way would look like silence.
const FRAME_BYTES: usize = 128 << 10;
const PART_BYTES: usize = 64 << 10;

/// After how much it is said how far frames have come, if no frame of this side's has said it before. Far below the window, so
/// that nobody waits for it.
const ACK_FRAMES: u32 = 32;
const ACK_BYTES: usize = 1 << 20;

/// What two runs of two processes have sent each other. It outlives the lines between them.
#[derive(Default)]
pub(crate) struct Session {
    /// How many frames with records were made.
    sent: u64,
    /// Those of them that were not acknowledged, the oldest first.
    open: VecDeque<Bytes>,
    open_bytes: usize,
    /// How many of the open ones the present line was given.
    on_line: usize,
    /// How many frames have come.
    received: u64,
    /// How many of them, and how many bytes, came since it was said how far they have.
    owed: u32,
    owed_bytes: usize,
    /// Whether that is to be said now, also if there is nothing else to say.
    is_ack_due: bool,
    /// Whether it was told that frames are missing, and none of them has come since.
    has_asked: bool,
    asks: bool,
}

/// What to do with a frame that came.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// Its records are next.
    Next,
    /// It has come before.
    Again,
    /// One before it is missing.
    Early,
}

/// The other side speaks of frames that were never sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Impossible;

impl Session {
    /// Returns how many frames have come.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Returns whether more may be sent before some is acknowledged.
    pub(crate) fn has_room(&self) -> bool {
        self.open.len() < WINDOW_FRAMES && self.open_bytes < WINDOW_BYTES
    }

    /// Returns how many frames with records were made, and how many of them are known to have come.
    pub(crate) fn sent(&self) -> (u64, u64) {
        (self.sent, self.sent - self.open.len() as u64)
    }

    /// Returns whether all that was sent is known to have come.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.open.is_empty()
    }

    /// Begins the next frame. Until it is pushed, no other may begin.
    pub(crate) fn begin(&mut self, capacity: usize) -> Records {
        self.note_told();
        Records::of_frame(self.sent, self.received, capacity)
    }

    /// Adds the frame that was begun, or several if it is large.
    pub(crate) fn push(&mut self, records: Records) {
        if records.len() <= FRAME_BYTES {
            return self.add(records.into_frame());
        }
        let mut rest = Bytes::copy_from_slice(records.as_bytes());
        while rest.len() > PART_BYTES {
            let bytes = rest.split_to(PART_BYTES);
            let (number, received) = (self.sent, self.received);
            let part = Frame::Part {
                number,
                received,
                bytes,
            };
            self.add(part.write());
        }
        let (number, received) = (self.sent, self.received);
        let last = Frame::Batch {
            number,
            received,
            records: rest,
        };
        self.add(last.write());
    }

    fn add(&mut self, frame: Bytes) {
        self.sent += 1;
        self.open_bytes += frame.len();
        self.open.push_back(frame);
    }

    /// Begins anew on another line, whose other side has had so many frames.
    pub(crate) fn resume(&mut self, received: u64) -> Result<(), Impossible> {
        self.acknowledge(received)?;
        self.on_line = 0;
        self.is_ack_due = true;
        self.has_asked = false;
        self.asks = false;
        Ok(())
    }

    /// Returns the next frame for the line, if there is one.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        if let Some(frame) = self.open.get(self.on_line) {
            self.on_line += 1;
            return Some(frame.clone());
        }
        (self.is_ack_due || self.asks).then(|| self.alive())
    }

    fn note_told(&mut self) {
        self.owed = 0;
        self.owed_bytes = 0;
        self.is_ack_due = false;
    }

    /// Returns whether the other side was told how far its frames have come.
    pub(crate) fn has_acknowledged(&self) -> bool {
        self.owed == 0
    }

    /// Returns whether the other side does not know how far its frames have come, and waits for a frame that says so.
    pub(crate) fn owes_ack(&self) -> bool {
        self.owed > 0 && !self.is_ack_due
    }

    /// Says so with the next frame, whatever that is. Returns whether there is anything to say.
    pub(crate) fn acknowledge_now(&mut self) -> bool {
        self.is_ack_due |= self.owed > 0;
        self.is_ack_due
    }

    /// Returns the frame that says how far it has come.
    pub(crate) fn alive(&mut self) -> Bytes {
        self.note_told();
        let again = std::mem::take(&mut self.asks);
        let (sent, received) = (self.sent, self.received);
        Frame::Alive {
            sent,
            received,
            again,
        }
        .write()
    }

    /// Takes note of what the other side has had.
    pub(crate) fn acknowledge(&mut self, received: u64) -> Result<(), Impossible> {
        let first = self.sent - self.open.len() as u64;
        if received > self.sent {
            return Err(Impossible);
        }
        for _ in first..received {
            if let Some(frame) = self.open.pop_front() {
                self.open_bytes -= frame.len();
                self.on_line = self.on_line.saturating_sub(1);
            }
        }
        Ok(())
    }

    /// Takes note of a frame with records.
    pub(crate) fn arrive(&mut self, number: u64, bytes: usize) -> Arrived {
        if number > self.received {
            self.miss();
            return Arrived::Early;
        }
        if number < self.received {
            self.is_ack_due = true;
            return Arrived::Again;
        }
        self.owed += 1;
        self.owed_bytes += bytes;
        self.is_ack_due |= self.owed >= ACK_FRAMES || self.owed_bytes >= ACK_BYTES;
        self.received += 1;
        self.has_asked = false;
        Arrived::Next
    }

    /// Takes note of how many frames the other side has sent, and whether it misses some of ours.
    pub(crate) fn hear(&mut self, sent: u64, again: bool) {
        if sent > self.received {
            self.miss();
        }
        if again {
            self.on_line = 0;
        }
    }

    /// Asks once for what is missing; what was sent after it comes again, too.
    fn miss(&mut self) {
        if !std::mem::replace(&mut self.has_asked, true) {
            self.asks = true;
        }
    }

    /// Asks anew for what is still missing.
    pub(crate) fn ask_again(&mut self) {
        self.has_asked = false;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::Record;

    fn push(session: &mut Session, call: u64) {
        let mut records = session.begin(0);
        records.add(&Record::Cancel { call });
        session.push(records);
    }

    fn number_of(frame: &Bytes) -> Option<u64> {
        match Frame::read(frame) {
            Ok(Frame::Batch { number, .. }) => Some(number),
            _ => None,
        }
    }

    #[test]
    fn what_is_not_acknowledged_comes_again_on_the_next_line() {
        let mut session = Session::default();
        (0..3).for_each(|call| push(&mut session, call));
        let first: Vec<_> = std::iter::from_fn(|| session.next()).collect();
        assert_eq!(first.len(), 3);
        session.resume(1).unwrap();
        let again: Vec<_> = std::iter::from_fn(|| session.next()).collect();
        let numbers: Vec<_> = again.iter().filter_map(number_of).collect();
        assert_eq!(numbers, [1, 2]);
        assert_eq!(session.acknowledge(4), Err(Impossible));
    }

    #[test]
    fn a_full_window_waits() {
        let mut session = Session::default();
        for call in 0..WINDOW_FRAMES as u64 {
            assert!(session.has_room());
            push(&mut session, call);
        }
        assert!(!session.has_room());
        session.acknowledge(1).unwrap();
        assert!(session.has_room());
    }

    #[test]
    fn what_has_come_is_told_with_the_next_frame_or_after_many() {
        let mut session = Session::default();
        assert_eq!(session.arrive(0, 100), Arrived::Next);
        assert_eq!(session.next(), None);
        push(&mut session, 0);
        let frame = session.next().unwrap();
        let told = matches!(Frame::read(&frame), Ok(Frame::Batch { received: 1, .. }));
        assert!(told && !session.acknowledge_now());
        for number in 1..=u64::from(ACK_FRAMES) {
            assert_eq!(session.next(), None);
            session.arrive(number, 100);
        }
        assert!(session.next().is_some());
        session.arrive(u64::from(ACK_FRAMES) + 1, ACK_BYTES);
        assert!(session.next().is_some());
    }

    #[test]
    fn a_large_batch_goes_in_parts() {
        let mut session = Session::default();
        let mut records = session.begin(0);
        let process = "x".repeat(2 * FRAME_BYTES);
        let replica = String::new();
        records.add(&Record::Done { process, replica });
        let expected = records.as_bytes().to_vec();
        session.push(records);
        push(&mut session, 7);
        let frames: Vec<_> = std::iter::from_fn(|| session.next()).collect();
        assert!(frames.iter().all(|frame| frame.len() < PART_BYTES + 32));
        let mut bytes = Vec::new();
        for (expected, frame) in frames.iter().enumerate() {
            match Frame::read(frame).unwrap() {
                Frame::Part {
                    number,
                    bytes: part,
                    ..
                } => {
                    assert_eq!(number, expected as u64);
                    bytes.extend_from_slice(&part);
                }
                Frame::Batch {
                    number, records, ..
                } if bytes.len() == 2 * FRAME_BYTES => {
                    assert_eq!(number, 4);
                    bytes.extend_from_slice(&records);
                }
                last => assert!(matches!(last, Frame::Batch { number: 5, .. }), "{last:?}"),
            }
        }
        assert_eq!(bytes, expected);
    }

    proptest! {
        /// Whatever a line loses, repeats or breaks off, each frame is taken once and in order.
        #[test]
        fn frames_are_taken_once_and_in_order(faults in prop::collection::vec(0u8..8, 1..400)) {
            let (mut one, mut other) = (Session::default(), Session::default());
            let mut made = 0;
            let mut taken = Vec::new();
            for fault in faults.into_iter().chain(std::iter::repeat_n(0, 64)) {
                if fault < 6 && made < 40 {
                    push(&mut one, made);
                    made += 1;
                }
                if fault == 7 {
                    let had = (one.received(), other.received());
                    one.resume(had.1).unwrap();
                    other.resume(had.0).unwrap();
                }
                for _ in 0..2 {
                    pass(&mut one, &mut other, fault == 6, fault == 5, &mut taken);
                    pass(&mut other, &mut one, false, false, &mut Vec::new());
                }
                // As the line does when it has been silent for a while.
                other.ask_again();
                let alive = one.alive();
                give(&alive, &mut other, &mut taken);
            }
            prop_assert_eq!(taken, (0..made).collect::<Vec<_>>());
        }
    }

    fn pass(
        from: &mut Session,
        to: &mut Session,
        loses: bool,
        repeats: bool,
        taken: &mut Vec<u64>,
    ) {
        for _ in 0..8 {
            let Some(frame) = from.next() else { return };
            if loses {
                continue;
            }
            for _ in 0..=u8::from(repeats) {
                give(&frame, to, taken);
            }
        }
    }

    fn give(frame: &Bytes, to: &mut Session, taken: &mut Vec<u64>) {
        match Frame::read(frame).unwrap() {
            Frame::Part {
                number, received, ..
            }
            | Frame::Batch {
                number, received, ..
            } => {
                to.acknowledge(received).unwrap();
                if to.arrive(number, frame.len()) == Arrived::Next {
                    taken.push(number);
                }
            }
            Frame::Alive {
                sent,
                received,
                again,
            } => {
                to.acknowledge(received).unwrap();
                to.hear(sent, again);
            }
            other => panic!("{other:?}"),
        }
    }
}
