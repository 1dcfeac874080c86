//! Outboxes and the conditions of the events that they take, in the order of the file.

use std::borrow::Cow;
use std::fmt;

use compysition_core::Error;
use compysition_expression::Expression;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

/// Outboxes, each with a condition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes(Vec<(String, Expression)>);

impl Routes {
    /// Adds one, which is looked at after those that are there.
    ///
    /// # Errors
    /// Internal, if there is one of this name or it is no name for an outbox.
    pub(crate) fn add(&mut self, outbox: String, condition: Expression) -> Result<(), Error> {
        check_outbox(&outbox)?;
        if self.outboxes().any(|known| known == outbox) {
            let message = format!("there are two routes `{outbox}`; join their conditions by `or`");
            return Err(Error::internal(message));
        }
        self.0.push((outbox, condition));
        Ok(())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Expression)> {
        self.0
            .iter()
            .map(|(outbox, condition)| (&**outbox, condition))
    }

    pub(crate) fn outboxes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(outbox, _)| outbox.as_str())
    }
}

/// Says why a name is none for an outbox, if it is not.
pub(crate) fn check_outbox(name: &str) -> Result<(), Error> {
    match name {
        "" => Err(Error::internal("an outbox has a name")),
        "error" => Err(Error::internal(
            "`error` is the error outbox; no route can be named so",
        )),
        _ => Ok(()),
    }
}

impl<'de> Deserialize<'de> for Routes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Routes, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Routes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of outboxes and conditions")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Routes, A::Error> {
                let mut routes = Routes::default();
                while let Some(outbox) = entries.next_key::<String>()? {
                    let condition = entries.next_value()?;
                    routes.add(outbox, condition).map_err(de::Error::custom)?;
                }
                Ok(routes)
            }
        }

        deserializer.deserialize_map(Read)
    }
}

impl JsonSchema for Routes {
    fn schema_name() -> Cow<'static, str> {
        "Routes".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let condition = generator.subschema_for::<Expression>();
        json_schema!({ "type": "object", "additionalProperties": condition })
    }
}
