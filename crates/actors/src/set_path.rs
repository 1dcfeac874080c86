//! Paths that can be set.

use std::fmt;
use std::str::FromStr;

use compysition_core::{Error, Result};
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use serde_json::Value;

/// The key under which stand the paths to remove.
const REMOVE: &str = "remove";

/// A path into an event that can be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetPath(String);

/// One path of what can go, or several.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct Paths(pub(crate) Vec<SetPath>);

impl SetPath {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this is no path, but the key under which stand the paths to remove.
    pub(crate) fn is_remove(&self) -> bool {
        self.0 == REMOVE
    }

    /// Returns the path if what stands there can be removed.
    pub(crate) fn removable(self) -> Result<SetPath> {
        let (first, _) = split(&self.0);
        match first {
            "payload" | "attributes" | "http" => Ok(self),
            _ => Err(Error::internal(format!(
                "`{}` is always there; what can go is payload, payload.NAME, attributes.NAME and http.NAME",
                self.0
            ))),
        }
    }

    /// Checks what is to be set.
    ///
    /// # Errors
    /// Internal, if a status is none: the door would take it for 200.
    pub(crate) fn check(&self, value: &Value) -> Result {
        if !matches!(&*self.0, "http.status" | "attributes.http.status") {
            return Ok(());
        }
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
        match number {
            Some(200..=999) => Ok(()),
            _ => Err(Error::internal(format!(
                "`{}` cannot be {value}; a status of an answer is a number from 200 to 999",
                self.0
            ))),
        }
    }
}

fn split(path: &str) -> (&str, &str) {
    path.split_once('.').unwrap_or((path, ""))
}

impl FromStr for SetPath {
    type Err = Error;

    fn from_str(path: &str) -> Result<SetPath> {
        let (first, rest) = split(path);
        let fits = match first {
            REMOVE | "meta_id" | "service" => rest.is_empty() && !path.contains('.'),
            "payload" => true,
            "attributes" | "http" => !rest.is_empty(),
            _ => false,
        };
        if fits && path.split('.').all(|step| !step.is_empty()) {
            return Ok(SetPath(path.to_owned()));
        }
        Err(Error::internal(format!(
            "`{path}` is no path that can be set; there are attributes.NAME, payload, payload.NAME, http.NAME, \
             service and meta_id, and `remove` for what is to go"
        )))
    }
}

impl<'de> Deserialize<'de> for SetPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SetPath, D::Error> {
        struct Read;

        // What a visitor finds wrong has the position of the key.
        impl Visitor<'_> for Read {
            type Value = SetPath;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a path")
            }

            fn visit_str<E: serde::de::Error>(self, path: &str) -> Result<SetPath, E> {
                path.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Read)
    }
}

impl TryFrom<Value> for Paths {
    type Error = Error;

    fn try_from(value: Value) -> Result<Paths> {
        let paths = match value {
            Value::Array(paths) => paths,
            one => vec![one],
        };
        let path = |value: Value| match value.as_str() {
            Some(path) => path.parse::<SetPath>()?.removable(),
            None => Err(Error::internal(format!("`{value}` is no path"))),
        };
        paths
            .into_iter()
            .map(path)
            .collect::<Result<_>>()
            .map(Paths)
    }
}
