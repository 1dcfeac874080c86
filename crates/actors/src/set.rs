//! Values set on the way.

use std::fmt;

use compysition_core::{Actor, Context, Error, Event, Result};
use compysition_expression::ValueTemplate;
use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::set_path::{Paths, SetPath};

/// Sets attributes, the payload or fields of it, the status of the answer and the like, one after the other.
///
/// Each key is a path, each value any value: texts in it are templates, and a text that is one expression as a
/// whole (`"{{ payload.total * 2 }}"`) keeps the type of its value. What is set further up is seen further down.
/// Objects on the way are made as needed. A payload that is set becomes text if the value is a text, nothing if it
/// is `null`, and JSON otherwise. Several maps in a list are carried out in order, so that a path can be set twice.
///
/// A value that is undefined for an event is `unprocessable`; to set a field of a payload that is no JSON is `malformed`.
///
/// Example: `set: { attributes.customer: "{{ payload.customer.id }}", payload: { id: "{{ meta_id }}" }, http.status: 202 }`
///
/// Purpose: shape. Patterns: content enricher, content filter.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(with = "Settings")]
pub struct Set {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    Set(SetPath, ValueTemplate),
    Remove(SetPath),
}

/// The settings as the manual shows them: the names stand for any.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "the paths are read one by one, in their order")]
struct Settings {
    /// An attribute, or a field of one: `attributes.customer.id`.
    #[schemars(rename = "attributes.NAME")]
    attribute: Option<ValueTemplate>,
    /// The payload.
    payload: Option<ValueTemplate>,
    /// A field of the payload, which must be JSON or nothing.
    #[schemars(rename = "payload.NAME")]
    field: Option<ValueTemplate>,
    /// The status of the answer, from 200 to 999.
    #[schemars(rename = "http.status")]
    status: Option<ValueTemplate>,
    /// A header of the answer.
    #[schemars(rename = "http.response_headers.NAME")]
    header: Option<ValueTemplate>,
    /// The service that the event is for.
    service: Option<ValueTemplate>,
    /// The id that logs and traces show.
    meta_id: Option<ValueTemplate>,
    /// What is to go: paths of the payload, of attributes and of `http`.
    remove: Option<Vec<String>>,
}

impl Set {
    /// Makes the actor that sets nothing yet.
    pub fn new() -> Set {
        Set::default()
    }

    /// Sets what stands at a path; texts in the value are templates.
    ///
    /// # Errors
    /// If the path cannot be set, or a template has a mistake.
    pub fn value(mut self, path: &str, value: impl Into<Value>) -> Result<Set> {
        let value = ValueTemplate::new(value.into())?;
        self.add(path.parse()?, value)?;
        Ok(self)
    }

    /// Removes what stands at a path.
    ///
    /// # Errors
    /// If the path cannot be removed.
    pub fn remove(mut self, path: &str) -> Result<Set> {
        self.steps
            .push(Step::Remove(path.parse::<SetPath>()?.removable()?));
        Ok(self)
    }

    fn add(&mut self, path: SetPath, value: ValueTemplate) -> Result {
        if let Some(literal) = value.as_literal() {
            path.check(literal)?;
        }
        self.steps.push(Step::Set(path, value));
        Ok(())
    }
}

impl Step {
    fn carry_out(&self, event: &mut Event, ctx: &Context) -> Result {
        match self {
            Step::Remove(path) => event.remove_path(path.as_str()),
            Step::Set(path, value) => {
                let value = value.evaluate((&*event, ctx))?;
                path.check(&value)?;
                match (path.as_str(), value) {
                    ("payload", Value::Null) => event.set_payload(()),
                    ("payload", Value::String(text)) => event.set_payload(text),
                    ("payload", value) => event.set_payload(value),
                    (path, value) => return set(event, path, value),
                }
                Ok(())
            }
        }
    }
}

fn set(event: &mut Event, path: &str, value: Value) -> Result {
    let kind = event.payload().kind();
    event.set_path(path, value).map_err(|error| {
        let about = if path.starts_with("payload") && !matches!(kind, "json" | "empty") {
            format!("the payload is {kind}: ")
        } else {
            String::new()
        };
        Error::new(error.kind(), format!("cannot set `{path}`: {about}{error}"))
    })
}

impl Actor for Set {
    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        for step in &self.steps {
            step.carry_out(&mut event, ctx)?;
        }
        ctx.send(event)
    }
}

impl<'de> Deserialize<'de> for Set {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Set, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Set;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of paths and values, or a list of such maps")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Set, A::Error> {
                let mut set = Set::default();
                while let Some(path) = entries.next_key::<SetPath>()? {
                    if path.is_remove() {
                        let Paths(paths) = entries.next_value()?;
                        set.steps.extend(paths.into_iter().map(Step::Remove));
                    } else {
                        let value = entries.next_value()?;
                        set.add(path, value).map_err(serde::de::Error::custom)?;
                    }
                }
                Ok(set)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut maps: A) -> Result<Set, A::Error> {
                let mut all = Set::default();
                while let Some(set) = maps.next_element::<Set>()? {
                    all.steps.extend(set.steps);
                }
                Ok(all)
            }
        }

        deserializer.deserialize_any(Read)
    }
}
