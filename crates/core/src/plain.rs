//! JSON as it stands there.

use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::{Map, Value};

/// Reads JSON.
pub(crate) fn read(text: &str) -> serde_json::Result<Value> {
    serde_json::from_str(text).map(|Plain::<true>(value)| value)
}

/// Reads an object, and keeps nothing of it.
pub(crate) fn check_object(text: &str) -> serde_json::Result<()> {
    let mut from = serde_json::Deserializer::from_str(text);
    from.deserialize_map(Reader::<false>)?;
    from.end()
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
