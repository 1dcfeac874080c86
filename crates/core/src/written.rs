//! Attributes as another process wrote them.

use std::fmt;
use std::sync::OnceLock;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::{Map, Value};

use crate::attributes::Slots;

/// The text of a JSON object, which is read when somebody asks for what stands in it: what only passes through a process
/// goes on as it came.
pub(crate) struct Written {
    text: Box<str>,
    slots: OnceLock<Slots>,
}

impl Written {
    /// Takes a text; none if there is nothing in it.
    ///
    /// # Errors
    /// What keeps it from being read as an object.
    pub(crate) fn new(text: &str) -> serde_json::Result<Option<Written>> {
        read::<false>(text)?;
        let is_empty = text.bytes().all(|byte| b"{} \t\r\n".contains(&byte));
        Ok((!is_empty).then(|| Written {
            text: text.into(),
            slots: OnceLock::new(),
        }))
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn slots(&self) -> &Slots {
        self.slots.get_or_init(|| match read::<true>(&self.text) {
            Ok(Value::Object(fields)) => Slots::from_iter(fields),
            // It was read before, in the same way.
            _ => Slots::default(),
        })
    }
}

/// Reads an object, and keeps it or only looks whether that can be done.
fn read<const KEPT: bool>(text: &str) -> serde_json::Result<Value> {
    let mut from = serde_json::Deserializer::from_str(text);
    let Plain(object) = from.deserialize_map(Reader::<KEPT>)?;
    from.end()?;
    Ok(object)
}

/// A value as it stands there. A [`Value`] that is read as such takes an object with a certain name for JSON within JSON, as
/// serde_json has it for its own raw values: that is for no stranger to say.
struct Plain<const KEPT: bool>(Value);

impl<const KEPT: bool> Plain<KEPT> {
    fn of<E>(value: impl Into<Value>) -> Result<Self, E> {
        Ok(Plain(match KEPT {
            true => value.into(),
            false => Value::Null,
        }))
    }
}

impl<'de, const KEPT: bool> Deserialize<'de> for Plain<KEPT> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader<const KEPT: bool>;

impl<'de, const KEPT: bool> Visitor<'de> for Reader<KEPT> {
    type Value = Plain<KEPT>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of JSON values")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        Plain::of(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        Plain::of(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        Plain::of(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        Plain::of(value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        // Not made where it is not kept.
        Ok(Plain(match KEPT {
            true => value.into(),
            false => Value::Null,
        }))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Plain::of(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(Plain::<KEPT>(value)) = values.next_element()? {
            if KEPT {
                kept.push(value);
            }
        }
        Plain::of(kept)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut kept = Map::new();
        while let Some((Plain::<KEPT>(name), Plain::<KEPT>(value))) = fields.next_entry()? {
            // Where nothing is kept, nor is the name.
            if let Value::String(name) = name {
                kept.insert(name, value);
            }
        }
        Plain::of(kept)
    }
}
