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
        let Fields(count) = serde_json::from_str(text)?;
        Ok((count > 0).then(|| Written {
            text: text.into(),
            slots: OnceLock::new(),
        }))
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn slots(&self) -> &Slots {
        self.slots.get_or_init(|| {
            // It was read before, as the same kind of value and only to look.
            let fields: Map<String, Value> = serde_json::from_str(&self.text).unwrap_or_default();
            Slots::from_iter(fields)
        })
    }
}

/// How many fields an object has that could be read.
struct Fields(usize);

/// A value that could be read. Other than what serde skips (`IgnoredAny`) it is as deep, and its numbers are as large, as those of a
/// [`Value`] may be.
struct Readable;

struct Reader;

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Fields, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Fields, A::Error> {
                let mut count = 0;
                while fields.next_entry::<Readable, Readable>()?.is_some() {
                    count += 1;
                }
                Ok(Fields(count))
            }
        }

        from.deserialize_map(Object)
    }
}

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Readable, D::Error> {
        from.deserialize_any(Reader)
    }
}

impl<'de> Visitor<'de> for Reader {
    type Value = Readable;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Readable, E> {
        Ok(Readable)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Readable, A::Error> {
        while values.next_element::<Readable>()?.is_some() {}
        Ok(Readable)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Readable, A::Error> {
        while fields.next_entry::<Readable, Readable>()?.is_some() {}
        Ok(Readable)
    }
}
