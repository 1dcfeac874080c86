//! Settings that may be as little as `true`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};

/// Something that is off, on with its defaults (`true`), or on with the settings of a map.
#[derive(Clone, Debug)]
pub(crate) struct Switch<T>(pub(crate) Option<T>);

impl<T> Default for Switch<T> {
    fn default() -> Switch<T> {
        Switch(None)
    }
}

impl<'de, T: DeserializeOwned + Default> Deserialize<'de> for Switch<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Switch<T>, D::Error> {
        from.deserialize_any(SwitchVisitor(PhantomData))
    }
}

struct SwitchVisitor<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned + Default> Visitor<'de> for SwitchVisitor<T> {
    type Value = Switch<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true`, `false` or a map of settings")
    }

    fn visit_bool<E: de::Error>(self, is_on: bool) -> Result<Switch<T>, E> {
        Ok(Switch(is_on.then(T::default)))
    }

    /// In YAML `on` and `off` are texts.
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Switch<T>, E> {
        match text {
            "on" | "true" => self.visit_bool(true),
            "off" | "false" => self.visit_bool(false),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Switch<T>, E> {
        Ok(Switch(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Switch<T>, A::Error> {
        let settings = T::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Switch(Some(settings)))
    }
}

impl<T: JsonSchema> JsonSchema for Switch<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Switch", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let settings = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "type": "boolean" }, settings] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[derive(Debug, Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Settings {
        size: u8,
    }

    #[test]
    fn is_off_or_on_or_a_map() {
        let read = |value: Value| serde_json::from_value::<Switch<Settings>>(value);
        let size = |value| read(value).unwrap().0.map(|settings| settings.size);
        assert_eq!(size(json!(true)), Some(0));
        assert_eq!(size(json!("on")), Some(0));
        assert_eq!(size(json!(false)), None);
        assert_eq!(size(json!("off")), None);
        assert_eq!(size(json!({"size": 7})), Some(7));
        let typo = read(json!({"sise": 7})).unwrap_err().to_string();
        assert!(typo.contains("unknown field `sise`"), "{typo}");
        let wrong = read(json!("maybe")).unwrap_err().to_string();
        assert!(wrong.contains("`true`, `false` or a map"), "{wrong}");
    }
}
