//! Keys in memory, within bounds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::keys::Known;

/// Keeps keys until their time is over; if there is no room, those whose time is over next go first.
pub(crate) struct Memory {
    most: usize,
    most_bytes: usize,
    bytes: usize,
    keys: HashMap<Arc<str>, Entry>,
    order: BTreeMap<(u64, u64), Arc<str>>,
    count: u64,
}

struct Entry {
    known: Known,
    bytes: usize,
    place: (u64, u64),
}

/// What a key takes beside itself and its answer.
const OVERHEAD: usize = 256;

impl Memory {
    pub(crate) fn new(most: usize, most_bytes: usize) -> Memory {
        Memory {
            most,
            most_bytes,
            bytes: 0,
            keys: HashMap::new(),
            order: BTreeMap::new(),
            count: 0,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Known> {
        self.keys.get(key).map(|entry| &entry.known)
    }

    /// Notes what is known of a key now, or forgets it.
    pub(crate) fn put(&mut self, key: Arc<str>, known: Option<Known>) {
        self.forget(&key);
        let Some(known) = known else {
            return;
        };
        let answer = known.answer.as_ref().map_or(0, |answer| answer.size());
        let bytes = OVERHEAD + key.len() + answer;
        while self.keys.len() >= self.most || self.bytes + bytes > self.most_bytes {
            let Some((_, first)) = self.order.pop_first() else {
                break;
            };
            self.forget(&first);
        }
        self.count += 1;
        let place = (known.until, self.count);
        self.bytes += bytes;
        self.order.insert(place, key.clone());
        let entry = Entry {
            known,
            bytes,
            place,
        };
        self.keys.insert(key, entry);
    }

    /// Forgets the keys whose time is over.
    pub(crate) fn forget_until(&mut self, now: u64) {
        while let Some(first) = self.order.first_entry()
            && first.key().0 <= now
        {
            let key = first.remove();
            self.forget(&key);
        }
    }

    fn forget(&mut self, key: &str) {
        if let Some(entry) = self.keys.remove(key) {
            self.bytes -= entry.bytes;
            self.order.remove(&entry.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use compysition_core::Event;

    use super::*;
    use crate::answer::Answer;
    use crate::keys::State;

    fn known(until: u64, answer: Option<&str>) -> Option<Known> {
        Some(Known {
            state: State::Done,
            until,
            answer: answer.map(|text| Answer::of(&Event::new(text))),
        })
    }

    #[test]
    fn keys_are_forgotten_in_time_and_when_there_is_no_room() {
        let mut memory = Memory::new(2, 1 << 20);
        memory.put("a".into(), known(10, None));
        memory.put("b".into(), known(20, None));
        memory.put("c".into(), known(30, None));
        assert!(memory.get("a").is_none() && memory.get("b").is_some());
        memory.forget_until(20);
        assert!(memory.get("b").is_none() && memory.get("c").is_some());
        memory.put("c".into(), None);
        assert_eq!(
            (memory.bytes, memory.keys.len(), memory.order.len()),
            (0, 0, 0)
        );
    }

    #[test]
    fn answers_stay_within_the_bytes() {
        let mut memory = Memory::new(1_000, 10_000);
        for number in 0..1_000 {
            let answer = "x".repeat(number as usize);
            memory.put(number.to_string().into(), known(number, Some(&answer)));
            assert!(memory.bytes <= 10_000);
            assert!(memory.get(&number.to_string()).is_some());
        }
        assert_eq!(memory.keys.len(), memory.order.len());
    }
}
