//! Who may come in: a file, a list, or what a function says.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use compysition_core::{FilePath, Result};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::{Deserialize, Deserializer, de};

use super::htpasswd::Htpasswd;

/// Tells whether a password is a user's.
pub(crate) type Check = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// Knows whose password is whose.
#[derive(Clone)]
pub(crate) enum Users {
    /// Passwords as they are.
    Plain(BTreeMap<String, String>),
    /// A file of slow hashes, or a function that may have to ask somebody.
    Slow(Check),
}

impl Users {
    pub(crate) fn file(path: FilePath) -> Result<Users> {
        let file = Htpasswd::read(path.as_path())?;
        Ok(Users::Slow(Arc::new(move |user, password| {
            file.verify(user, password)
        })))
    }
}

/// Users as a flow file gives them: the path of a file, or a map.
pub(crate) enum UsersSetting {
    File(FilePath),
    Plain(BTreeMap<String, String>),
}

impl<'de> Deserialize<'de> for UsersSetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<UsersSetting, D::Error> {
        // Not an untagged enum, whose errors would not say which password is no text.
        deserializer.deserialize_any(UsersVisitor)
    }
}

struct UsersVisitor;

impl<'de> de::Visitor<'de> for UsersVisitor {
    type Value = UsersSetting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the path of an htpasswd file, or a map of users and their passwords")
    }

    fn visit_str<E: de::Error>(self, path: &str) -> Result<UsersSetting, E> {
        FilePath::deserialize(StrDeserializer::new(path)).map(UsersSetting::File)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<UsersSetting, A::Error> {
        BTreeMap::deserialize(MapAccessDeserializer::new(map)).map(UsersSetting::Plain)
    }
}

impl JsonSchema for UsersSetting {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Users".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "string", "format": "path" },
            { "type": "object", "additionalProperties": { "type": "string" } }
        ]})
    }
}
