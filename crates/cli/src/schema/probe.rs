//! The names that settings are read by, the old ones among them. A schema has only the new ones; a struct
//! names them all to whoever gives it its fields.

use compysition_core::Kind;
use serde::de::{Deserializer, Error, Visitor, value};

/// Returns the names of the settings of a kind; none if they are no struct.
pub(crate) fn fields(kind: &Kind) -> Vec<String> {
    let mut fields = Vec::new();
    let probe = Probe(&mut fields);
    // It gives no values, so that nothing is made.
    let _ = kind.build(&mut <dyn erased_serde::Deserializer<'_>>::erase(probe));
    fields
}

/// Returns whether the settings may be one text.
pub(crate) fn takes_text(kind: &Kind) -> bool {
    let text = value::StrDeserializer::<value::Error>::new("text");
    let built = kind.build(&mut <dyn erased_serde::Deserializer<'_>>::erase(text));
    // Whatever else is wrong with it, a text it may be.
    built.map_or_else(
        |error| !error.to_string().contains("invalid type"),
        |_| true,
    )
}

struct Probe<'a>(&'a mut Vec<String>);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, value::Error> {
        Err(value::Error::custom("there are no values here"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, value::Error> {
        self.0.extend(fields.iter().map(|&field| field.to_owned()));
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
