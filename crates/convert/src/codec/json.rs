//! Values of JSON: one after the other, or in lines.

use compysition_core::{Error, Json, Payload, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::codec::decoder::{Framing, Place, Step};
use crate::codec::lines::{LineFinder, next_line};

/// How JSON is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JsonStyle {
    /// Whether it is written in several lines, with indents.
    pub pretty: bool,
}

/// Values one after the other, with or without space between them.
#[derive(Default)]
pub(crate) struct Values {
    /// How many bytes were too few for a value. It is tried again when there are twice as many, so that one
    /// that comes in many chunks is not read as often.
    too_few: usize,
}

impl Framing for Values {
    fn next(&mut self, bytes: &[u8], ended: bool) -> Step {
        let space = bytes
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .count();
        if space > 0 {
            return Step::Skip(space);
        }
        if bytes.is_empty() || (!ended && bytes.len() < 2 * self.too_few) {
            return Step::More;
        }
        let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        let step = match values.next() {
            // A number may go on.
            Some(Ok(value))
                if !ended && value.is_number() && values.byte_offset() == bytes.len() =>
            {
                Step::More
            }
            Some(Ok(value)) => Step::Record(values.byte_offset(), value.into()),
            Some(Err(error)) if error.is_eof() && !ended => Step::More,
            Some(Err(error)) => Step::Fatal(invalid(&error)),
            None => Step::More,
        };
        self.too_few = match step {
            Step::More => bytes.len(),
            _ => 0,
        };
        step
    }

    fn give_up(&mut self) -> bool {
        self.too_few = 0;
        true
    }

    /// A line within a value may look like a value too, but seldom begins without indent.
    fn resume(&self, bytes: &[u8]) -> Place {
        for at in memchr::memchr_iter(b'\n', bytes) {
            match bytes.get(at + 1) {
                Some(b'{' | b'[') => return Place::At(at + 1),
                Some(_) => {}
                None => return Place::Beyond(at),
            }
        }
        Place::Beyond(bytes.len())
    }
}

/// A value in each line; empty lines are none.
#[derive(Default)]
pub(crate) struct JsonLines {
    finder: LineFinder,
}

impl Framing for JsonLines {
    fn next(&mut self, bytes: &[u8], ended: bool) -> Step {
        let Some((line, used)) = self.finder.next(bytes, ended) else {
            return Step::More;
        };
        if line.trim_ascii().is_empty() {
            return Step::Skip(used);
        }
        match checked(line) {
            Ok(json) => Step::Record(used, json.into()),
            Err(error) => Step::Bad(used, error),
        }
    }

    fn give_up(&mut self) -> bool {
        self.finder = LineFinder::default();
        true
    }

    fn resume(&self, bytes: &[u8]) -> Place {
        next_line(bytes)
    }
}

/// Takes text that is JSON, which is parsed only when somebody asks for the tree.
fn checked(line: &[u8]) -> Result<Json> {
    serde_json::from_slice::<IgnoredAny>(line).map_err(|error| invalid(&error))?;
    let text = std::str::from_utf8(line)
        .map_err(|error| Error::malformed(format!("invalid JSON: {error}")))?;
    Ok(Json::from_text(text))
}

fn invalid(error: &serde_json::Error) -> Error {
    Error::malformed(format!("invalid JSON: {error}"))
        .with_detail("line", error.line())
        .with_detail("column", error.column())
}

/// Writes a record as JSON.
pub(crate) fn encode(record: &Payload, style: JsonStyle) -> Result<Vec<u8>> {
    let value = value_of(record)?;
    Ok(match style.pretty {
        true => serde_json::to_vec_pretty(&value)?,
        false => serde_json::to_vec(&value)?,
    })
}

/// Returns a record as a value of JSON, which text is too.
pub(crate) fn value_of(record: &Payload) -> Result<Value> {
    match record {
        Payload::Json(json) => json.value().cloned(),
        Payload::Empty => Ok(Value::Null),
        other => other.text().map(Value::from),
    }
}
