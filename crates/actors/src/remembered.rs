//! Payloads that a cache remembers, within bounds.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use compysition_core::{Event, Payload, Result};
use serde_json::Value;
use tokio::time::Instant;

/// What an entry takes beside its key and payload, in bytes.
const OVERHEAD: usize = 512;

/// XML and JSON are kept with their trees as soon as somebody asks for them: six times their text.
const WITH_TREE: usize = 7;

/// Remembers a number of payloads by their keys; who was asked for longest ago is forgotten first.
pub(crate) struct Remembered {
    most: usize,
    most_bytes: usize,
    bytes: usize,
    entries: HashMap<Arc<str>, Entry>,
    /// The keys in the order in which they were last asked for.
    order: BTreeMap<u64, Arc<str>>,
    turn: u64,
}

struct Entry {
    made: Made,
    bytes: usize,
    until: Instant,
    turn: u64,
}

/// What was made for a key: a payload, and what stood at some paths.
#[derive(Clone)]
pub(crate) struct Made {
    payload: Payload,
    content_type: Option<Value>,
    /// In the order of the paths.
    values: Vec<Option<Value>>,
}

const CONTENT_TYPE: &str = "content_type";

impl Made {
    /// Notes the payload of an event, and what stands at these paths.
    pub(crate) fn of(event: &Event, paths: &[String]) -> Made {
        Made {
            payload: event.payload().clone(),
            content_type: event
                .attribute(CONTENT_TYPE)
                .map(|value| value.into_owned()),
            values: paths.iter().map(|path| event.lookup(path)).collect(),
        }
    }

    /// Puts it into an event, which else stays as it is.
    pub(crate) fn put_into(&self, event: &mut Event, paths: &[String]) -> Result {
        event.set_payload(self.payload.clone());
        match &self.content_type {
            Some(content_type) => event.set_attribute(CONTENT_TYPE, content_type.clone()),
            // What came in is not what the event carries any more.
            None => event.remove_attribute(CONTENT_TYPE),
        }
        let mut values = paths.iter().zip(&self.values);
        values.try_for_each(|(path, value)| match value {
            Some(value) => event.set_path(path, value.clone()),
            None => Ok(()),
        })
    }

    fn bytes(&self) -> usize {
        let payload = match &self.payload {
            Payload::Json(_) | Payload::Xml(_) => {
                let text = self.payload.text().map_or(0, str::len);
                self.payload.size().max(WITH_TREE * text)
            }
            other => other.size(),
        };
        let values = self.values.iter().flatten().chain(&self.content_type);
        payload + values.map(|value| value.to_string().len()).sum::<usize>()
    }
}

impl Remembered {
    pub(crate) fn new(most: usize, most_bytes: usize) -> Remembered {
        Remembered {
            most,
            most_bytes,
            bytes: 0,
            entries: HashMap::new(),
            order: BTreeMap::new(),
            turn: 0,
        }
    }

    /// Returns what was made for a key, if that is not too old.
    pub(crate) fn get(&mut self, key: &str, now: Instant) -> Option<&Made> {
        if self.entries.get(key)?.until <= now {
            self.forget(key);
            return None;
        }
        let turn = self.next_turn();
        let entry = self.entries.get_mut(key)?;
        let key = self.order.remove(&entry.turn)?;
        entry.turn = turn;
        self.order.insert(turn, key);
        Some(&entry.made)
    }

    /// Remembers what was made for a key, and forgets others for it if need be.
    pub(crate) fn put(&mut self, key: &str, made: Made, until: Instant) {
        self.forget(key);
        let bytes = OVERHEAD + 2 * key.len() + made.bytes();
        if bytes > self.most_bytes || self.most == 0 {
            return;
        }
        while self.entries.len() >= self.most || self.bytes + bytes > self.most_bytes {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            self.forget(&oldest);
        }
        let (key, turn) = (Arc::<str>::from(key), self.next_turn());
        self.bytes += bytes;
        self.order.insert(turn, key.clone());
        let entry = Entry {
            made,
            bytes,
            until,
            turn,
        };
        self.entries.insert(key, entry);
    }

    fn forget(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
            self.order.remove(&entry.turn);
        }
    }

    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn made(text: &str) -> Made {
        Made::of(&Event::new(text), &[])
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_asked_for_longest_ago_is_forgotten_first() {
        let (now, later) = (Instant::now(), Instant::now() + Duration::from_secs(1));
        let mut remembered = Remembered::new(2, 1 << 20);
        remembered.put("a", made("1"), later);
        remembered.put("b", made("2"), later);
        assert!(remembered.get("a", now).is_some());
        remembered.put("c", made("3"), later);
        assert!(remembered.get("b", now).is_none());
        assert!(remembered.get("a", now).is_some() && remembered.get("c", now).is_some());
        // The same key takes no second place.
        remembered.put("c", made("4"), later);
        assert!(remembered.get("a", now).is_some());
        assert!(remembered.get("a", later).is_none(), "it is too old");
        assert_eq!((remembered.entries.len(), remembered.order.len()), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn all_together_stay_within_the_bytes() {
        let (now, later) = (Instant::now(), Instant::now() + Duration::from_secs(1));
        let mut remembered = Remembered::new(1_000, 10_000);
        for number in 0..1_000 {
            remembered.put(&number.to_string(), made(&"x".repeat(number)), later);
            assert!(remembered.bytes <= 10_000);
            let sum: usize = remembered.entries.values().map(|entry| entry.bytes).sum();
            assert_eq!(sum, remembered.bytes);
            assert_eq!(remembered.entries.len(), remembered.order.len());
        }
        assert!(remembered.get("999", now).is_some());
        remembered.put("large", made(&"x".repeat(10_000)), later);
        assert!(remembered.get("large", now).is_none());
        assert!(remembered.get("999", now).is_some());
    }
}
