//! The present line to another process: what goes over it, and what is known of what came.

use bytes::Bytes;
use tokio::time::Instant;

use super::{Peer, State};
use crate::exchange::{BACK_WITHIN, Patience};
use crate::outgoing::{FRAME_RECORDS, Queued, size_of_next, write_some};
use crate::session::{Arrived, Impossible};

impl Peer {
    /// Puts a new line in place of the one there was, and returns its number.
    pub(crate) fn attach(&self, received: u64) -> Result<u64, Impossible> {
        let mut state = self.state.lock();
        state.session.resume(received)?;
        state.lines += 1;
        state.line = Some(state.lines);
        // Its hello came just now.
        state.heard_at = Some(Instant::now());
        let line = state.lines;
        drop(state);
        self.wake.notify_one();
        Ok(line)
    }

    /// Notes that a line is no more; returns whether there is none now.
    pub(crate) fn detach(&self, line: u64) -> bool {
        let mut state = self.state.lock();
        if state.line == Some(line) {
            state.line = None;
            state.broke_at = Some(Instant::now());
        }
        state.line.is_none()
    }

    /// Returns when it is missed, if nothing is heard of it until then. One whose line broke is soon, unless it opens another.
    pub(crate) fn missed_at(&self, patience: Patience) -> Option<Instant> {
        let state = self.state.lock();
        let silent = state.heard_at? + patience.missed_after();
        let broken = state.broke_at.filter(|_| state.line.is_none());
        let broken = broken.map(|broke_at| broke_at + BACK_WITHIN);
        Some(broken.map_or(silent, |broken| broken.min(silent)))
    }

    pub(crate) fn was_heard_after(&self, moment: Instant) -> bool {
        let heard_at = self.state.lock().heard_at;
        heard_at.is_some_and(|heard_at| heard_at > moment)
    }

    pub(crate) fn is_present(&self, line: u64) -> bool {
        self.state.lock().line == Some(line)
    }

    pub(crate) fn has_line(&self) -> bool {
        self.state.lock().line.is_some()
    }

    /// Returns the number of the last line there was.
    pub(crate) fn last_line(&self) -> u64 {
        self.state.lock().lines
    }

    pub(crate) fn received(&self) -> u64 {
        self.state.lock().session.received()
    }

    pub(crate) fn alive(&self) -> Bytes {
        self.state.lock().session.alive()
    }

    /// Takes note of what a frame says of ours.
    pub(crate) fn acknowledge(&self, received: u64) -> Result<(), Impossible> {
        let mut state = self.state.lock();
        state.heard_at = Some(Instant::now());
        let had_room = state.session.has_room();
        state.session.acknowledge(received)?;
        let wakes = !had_room && state.session.has_room();
        let is_told = state.is_told();
        drop(state);
        if wakes {
            self.wake.notify_one();
        }
        if is_told {
            self.told.notify_one();
        }
        Ok(())
    }

    /// Takes note of a frame with records, and says whether they are next.
    pub(crate) fn arrive(&self, number: u64, bytes: usize) -> Arrived {
        let mut state = self.state.lock();
        let arrived = state.session.arrive(number, bytes);
        // That a frame has come is told with what there is to tell next, if there is soon.
        let wakes = !state.session.owes_ack();
        drop(state);
        if wakes {
            self.wake.notify_one();
        }
        arrived
    }

    /// Returns whether frames have come of which the other side does not know, nor is about to be told.
    pub(crate) fn owes_ack(&self) -> bool {
        self.state.lock().session.owes_ack()
    }

    /// Tells how far its frames have come, unless it was told meanwhile.
    pub(crate) fn acknowledge_now(&self) {
        let is_due = self.state.lock().session.acknowledge_now();
        if is_due {
            self.wake.notify_one();
        }
    }

    pub(crate) fn hear_alive(&self, sent: u64, again: bool) {
        let mut state = self.state.lock();
        state.session.ask_again();
        state.session.hear(sent, again);
        drop(state);
        self.wake.notify_one();
    }

    /// Returns the next frame to send, if there is one. Only who is `writing` may ask.
    pub(crate) fn next_frame(&self, line: u64) -> Option<Bytes> {
        let mut state = self.state.lock();
        if state.line != Some(line) {
            return None;
        }
        if state.queue.is_empty() || !state.session.has_room() {
            let frame = state.session.next();
            let is_told = frame.is_some() && state.is_told();
            drop(state);
            if is_told {
                self.told.notify_one();
            }
            return frame;
        }
        let State {
            queue,
            calls,
            sent,
            work,
            asked,
            session,
            ..
        } = &mut *state;
        let is_work = queue.iter().take(FRAME_RECORDS).any(Queued::is_work);
        let mut records = session.begin(size_of_next(queue, calls, *sent));
        let spent = write_some((self.epoch, self.pair()), queue, calls, sent, &mut records);
        session.push(records);
        if is_work {
            *work = session.sent().0;
        }
        let frame = session.next();
        let back = spent.back.iter();
        let adopted: Vec<_> = back.filter_map(|(_, call)| asked.remove(call)).collect();
        drop(state);
        drop((adopted, spent));
        frame
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::outgoing::Queued;
    use crate::wire::{Hello, Record};

    fn peer() -> Peer {
        let hello = Hello {
            flow: "shop".to_owned(),
            fingerprint: 7,
            process: "work".to_owned(),
            replica: "1".to_owned(),
            epoch: 1,
            session: 11,
            peer: 0,
            received: 0,
        };
        Peer::new(&hello, 21, Arc::default(), 100)
    }

    #[tokio::test]
    async fn what_ends_tell_is_work_until_it_has_come_and_that_a_process_ends_is_none() {
        let peer = peer();
        let line = peer.attach(0).unwrap();
        peer.queue(Queued::Tell(Record::Leaving));
        assert!(peer.has_all_work() && !peer.is_told());
        peer.queue_range(Record::Delivered { first: 0, count: 1 });
        assert!(!peer.has_all_work());
        assert!(peer.next_frame(line).is_some());
        peer.queue(Queued::Tell(Record::Parted));
        assert!(peer.next_frame(line).is_some());
        assert!(!peer.has_all_work());
        peer.acknowledge(1).unwrap();
        assert!(peer.has_all_work() && !peer.is_told());
    }
}
