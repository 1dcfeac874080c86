//! Templates and expressions as settings of actors.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

use crate::{Expression, Template};

macro_rules! setting {
    ($type:ident, $what:literal, $article:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                struct Read;
                impl Visitor<'_> for Read {
                    type Value = $type;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("text, ", $article, " ", $what))
                    }

                    fn visit_str<E: Error>(self, source: &str) -> Result<$type, E> {
                        $type::new(source).map_err(E::custom)
                    }

                    // Written without quotes they mean their text. Numbers with a point or exponent do not:
                    // what was written is gone by then (`1e3` would come out as `1000`).
                    fn visit_i64<E: Error>(self, number: i64) -> Result<$type, E> {
                        self.visit_str(&number.to_string())
                    }

                    fn visit_u64<E: Error>(self, number: u64) -> Result<$type, E> {
                        self.visit_str(&number.to_string())
                    }

                    fn visit_bool<E: Error>(self, value: bool) -> Result<$type, E> {
                        self.visit_str(&value.to_string())
                    }
                }
                deserializer.deserialize_string(Read)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.source())
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $what })
            }
        }
    };
}

setting!(Template, "template", "a");
setting!(Expression, "expression", "an");
