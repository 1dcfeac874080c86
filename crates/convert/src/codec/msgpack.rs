//! Values of MessagePack.

use std::io::ErrorKind;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use compysition_core::{Error, Payload, Result, Timestamp};
use rmpv::Value as Packed;
use serde_json::{Map, Value};

use crate::MAX_DEPTH;
use crate::codec::decoder::{Framing, Step};
use crate::codec::json::value_of;

/// The extension that the specification sets aside for moments.
const TIMESTAMP: i8 = -1;

/// Values one after the other.
#[derive(Default)]
pub(crate) struct Values {
    /// As with JSON: it is tried again when there are twice as many bytes.
    too_few: usize,
}

impl Framing for Values {
    fn next(&mut self, bytes: &[u8], ended: bool) -> Step {
        if bytes.is_empty() || (!ended && bytes.len() < 2 * self.too_few) {
            return Step::More;
        }
        let mut rest = bytes;
        self.too_few = 0;
        match rmpv::decode::read_value_with_max_depth(&mut rest, MAX_DEPTH) {
            Ok(value) => match unpacked(value) {
                Ok(value) => Step::Record(bytes.len() - rest.len(), value.into()),
                Err(error) => Step::Bad(bytes.len() - rest.len(), error),
            },
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => match ended {
                true => Step::Fatal(invalid("the last value is not complete")),
                false => {
                    self.too_few = bytes.len();
                    Step::More
                }
            },
            Err(error) => Step::Fatal(invalid(&error.to_string())),
        }
    }

    fn is_text(&self) -> bool {
        false
    }
}

fn invalid(reason: &str) -> Error {
    Error::malformed(format!("invalid MessagePack: {reason}"))
}

/// Makes JSON of a value; bytes become base64, moments what RFC 3339 says.
fn unpacked(value: Packed) -> Result<Value> {
    Ok(match value {
        Packed::Nil => Value::Null,
        Packed::Boolean(value) => value.into(),
        Packed::Integer(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into(),
            (None, number) => number.into(),
        },
        Packed::F32(number) => f64::from(number).into(),
        Packed::F64(number) => number.into(),
        Packed::String(text) => match text.into_str() {
            Some(text) => text.into(),
            None => return Err(Error::malformed("a text in MessagePack is not UTF-8")),
        },
        Packed::Binary(bytes) => BASE64_STANDARD.encode(bytes).into(),
        Packed::Array(items) => items.into_iter().map(unpacked).collect::<Result<_>>()?,
        Packed::Map(entries) => {
            let entry = |(key, value)| Ok((name(key)?, unpacked(value)?));
            let entries = entries.into_iter().map(entry);
            Value::Object(entries.collect::<Result<Map<_, _>>>()?)
        }
        Packed::Ext(TIMESTAMP, bytes) => moment(&bytes)?.to_string().into(),
        Packed::Ext(kind, _) => {
            let message = format!("the MessagePack extension {kind} has no meaning in JSON");
            return Err(Error::malformed(message));
        }
    })
}

fn name(key: Packed) -> Result<String> {
    match unpacked(key)? {
        Value::String(name) => Ok(name),
        key @ (Value::Number(_) | Value::Bool(_)) => Ok(key.to_string()),
        _ => Err(Error::malformed(
            "a key of a MessagePack map is neither a text nor a number",
        )),
    }
}

fn moment(bytes: &[u8]) -> Result<Timestamp> {
    let (seconds, nanos) = match *bytes {
        [a, b, c, d] => (i64::from(u32::from_be_bytes([a, b, c, d])), 0),
        [a, b, c, d, e, f, g, h] => {
            let both = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            // The upper 30 bits and the lower 34 fit.
            ((both & 0x3_ffff_ffff) as i64, (both >> 34) as u32)
        }
        [n0, n1, n2, n3, a, b, c, d, e, f, g, h] => (
            i64::from_be_bytes([a, b, c, d, e, f, g, h]),
            u32::from_be_bytes([n0, n1, n2, n3]),
        ),
        _ => {
            return Err(Error::malformed(
                "a moment in MessagePack has a wrong length",
            ));
        }
    };
    let since = u64::try_from(seconds)
        .ok()
        .filter(|_| nanos < 1_000_000_000);
    since
        .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::new(seconds, nanos)))
        .map(Timestamp)
        .ok_or_else(|| Error::malformed("a moment in MessagePack is before 1970 or out of range"))
}

/// Writes a record as MessagePack.
pub(crate) fn encode(record: &Payload) -> Result<Vec<u8>> {
    let packed = match record {
        Payload::Bytes(bytes) => Packed::Binary(bytes.to_vec()),
        other => packed(value_of(other)?),
    };
    let mut bytes = Vec::new();
    rmpv::encode::write_value(&mut bytes, &packed)?;
    Ok(bytes)
}

fn packed(value: Value) -> Packed {
    match value {
        Value::Null => Packed::Nil,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => number.into(),
            (None, Some(number)) => number.into(),
            (None, None) => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.into(),
        Value::Array(items) => Packed::Array(items.into_iter().map(packed).collect()),
        Value::Object(fields) => {
            let field = |(name, value): (String, Value)| (name.into(), packed(value));
            Packed::Map(fields.into_iter().map(field).collect())
        }
    }
}
