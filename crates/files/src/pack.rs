//! Records that become one event.

use compysition_core::{Json, Payload, Result};
use serde_json::Value;

use crate::records::Records;

/// The records of an event that is not full yet: texts stand as lines, all else in a list.
pub(crate) struct Pack {
    records: Gathered,
    count: usize,
    /// How many bytes of payload they are.
    size: usize,
    /// Where the last of them ends in the file.
    end: u64,
}

enum Gathered {
    Lines(String),
    List(Vec<Json>),
}

impl Pack {
    pub(crate) fn new() -> Pack {
        Pack {
            records: Gathered::Lines(String::new()),
            count: 0,
            size: 0,
            end: 0,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Takes the lines that come next and are all there, until there are `most` records or `room` bytes. Returns whether
    /// there were any.
    pub(crate) fn take_lines(&mut self, records: &mut Records, most: usize, room: usize) -> bool {
        let Gathered::Lines(lines) = &mut self.records else {
            return false;
        };
        let missing = most.saturating_sub(self.count);
        let (taken, end) = records.take_lines(missing, room.saturating_sub(self.size), lines);
        self.size = lines.len();
        if taken > 0 {
            self.count += taken;
            self.end = end;
        }
        taken > 0
    }

    /// Returns whether an event of `room` bytes has room for another record.
    pub(crate) fn takes(&self, record: &Payload, room: usize) -> bool {
        let is_line = matches!(record, Payload::Text(_));
        let is_like = is_line == matches!(self.records, Gathered::Lines(_));
        self.count == 0 || (is_like && self.size + record.size() < room)
    }

    /// Takes one record.
    ///
    /// # Errors
    /// Malformed, if it is JSON that is none.
    pub(crate) fn push(&mut self, record: Payload, end: u64) -> Result {
        if self.count == 0 && !matches!(record, Payload::Text(_)) {
            self.records = Gathered::List(Vec::new());
        }
        self.size += match &mut self.records {
            Gathered::Lines(lines) => {
                lines.push_str(record.text()?);
                lines.push('\n');
                record.size() + 1
            }
            Gathered::List(list) => {
                let tree = Json::from_value(match record {
                    Payload::Json(json) => json.into_value()?,
                    other => other.to_value(),
                });
                let size = Payload::from(tree.clone()).size();
                list.push(tree);
                size
            }
        };
        self.count += 1;
        self.end = end;
        Ok(())
    }

    /// Returns the payload of an event and where its last record ends, if there is any record, and is empty then.
    ///
    /// # Errors
    /// As [`push`](Pack::push).
    pub(crate) fn take(&mut self) -> Result<Option<(Payload, u64)>> {
        if self.count == 0 {
            return Ok(None);
        }
        let end = self.end;
        let payload = match &mut self.records {
            // The next ones are likely to need as much room.
            Gathered::Lines(lines) => {
                let payload = Payload::from(lines.as_str());
                lines.clear();
                payload
            }
            Gathered::List(list) => {
                let trees = std::mem::take(list).into_iter().map(Json::into_value);
                let payload = trees.collect::<Result<Value>>()?.into();
                self.records = Gathered::Lines(String::new());
                payload
            }
        };
        (self.count, self.size) = (0, 0);
        Ok(Some((payload, end)))
    }
}
