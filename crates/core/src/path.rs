//! Paths into an event, as flow files write them: `attributes.customer.id`, `payload.total`, `http.status`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::attributes::Attributes;
use crate::payload::{Json, Payload};
use crate::{Error, Event, Result};

impl Event {
    /// Returns what stands at a path: `id`, `meta_id`, `service`, `text`, `payload…`, `attributes…`,
    /// `http…` (short for `attributes.http…`) or `error…`; list items by their number.
    pub fn lookup(&self, path: &str) -> Option<Value> {
        let (first, rest) = split(path);
        match first {
            "id" => Some(self.id().to_string().into()),
            "meta_id" => Some(self.meta_id().into()),
            "service" => Some(self.service().into()),
            "text" => self.text().ok().map(Value::from),
            "payload" if rest.is_empty() => Some(self.payload().to_value()),
            "payload" => descend(self.json().ok()?.as_ref(), rest).cloned(),
            "error" => descend(&self.error()?.to_value(), rest).cloned(),
            "attributes" if rest.is_empty() => Some(self.attributes().to_value()),
            "attributes" => {
                let (name, rest) = split(rest);
                descend(self.attribute(name)?.as_ref(), rest).cloned()
            }
            "http" => descend(self.attribute("http")?.as_ref(), rest).cloned(),
            _ => None,
        }
    }

    /// Sets what stands at a path; objects on the way are made as needed.
    ///
    /// # Errors
    /// Internal, if the path cannot be set; malformed, if a field of a payload that is not JSON is named.
    pub fn set_path(&mut self, path: &str, value: impl Into<Value>) -> Result {
        let value = value.into();
        let (first, rest) = split(path);
        match first {
            "meta_id" => self.set_meta_id(plain_text(&value)),
            "service" => self.set_service(plain_text(&value)),
            "payload" if rest.is_empty() => self.set_payload(value),
            "payload" => {
                let mut tree = self.take_tree()?;
                *reach(&mut tree, rest)? = value;
                self.set_payload(Json::from_value(tree));
            }
            "attributes" if !rest.is_empty() => {
                let (name, rest) = split(rest);
                self.attributes_mut().set_path(name, rest, value)?;
            }
            "http" => self.attributes_mut().set_path("http", rest, value)?,
            _ => {
                return Err(Error::internal(format!(
                    "`{path}` cannot be set; there are meta_id, service, payload, attributes.NAME and http.NAME"
                )));
            }
        }
        Ok(())
    }

    /// Removes what stands at a path: `payload…`, `attributes.NAME…` or `http.NAME…`. That nothing stands
    /// there is no mistake.
    ///
    /// # Errors
    /// Internal, if the path cannot be removed; malformed, if a field of a payload that is not JSON is named.
    pub fn remove_path(&mut self, path: &str) -> Result {
        let (first, rest) = split(path);
        let (attribute, rest) = match first {
            "payload" if rest.is_empty() => {
                self.set_payload(());
                return Ok(());
            }
            "payload" => {
                let mut tree = self.take_tree()?;
                remove(&mut tree, rest);
                self.set_payload(Json::from_value(tree));
                return Ok(());
            }
            "attributes" if !rest.is_empty() => split(rest),
            "http" => ("http", rest),
            _ => {
                return Err(Error::internal(format!(
                    "`{path}` cannot be removed; there are payload, attributes.NAME and http.NAME"
                )));
            }
        };
        if rest.is_empty() {
            self.remove_attribute(attribute);
        } else if self.attribute(attribute).is_some() {
            remove(self.attributes_mut().value_mut(attribute), rest);
        }
        Ok(())
    }

    /// Takes the payload out as a tree whose fields can be changed.
    fn take_tree(&mut self) -> Result<Value> {
        match self.take_payload() {
            Payload::Empty => Ok(Value::Object(Map::new())),
            Payload::Json(json) => json.into_value(),
            other => other.json().map(Cow::into_owned),
        }
    }
}

impl Attributes {
    fn set_path(&mut self, name: &str, path: &str, value: Value) -> Result {
        if !self.set_field(name, path, &value) {
            *reach(self.value_mut(name), path)? = value;
        }
        Ok(())
    }
}

/// Returns text as it is and any other value as JSON.
fn plain_text(value: &Value) -> Cow<'_, str> {
    match value.as_str() {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(value.to_string()),
    }
}

fn split(path: &str) -> (&str, &str) {
    path.split_once('.').unwrap_or((path, ""))
}

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('.').filter(|step| !step.is_empty())
}

fn descend<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    steps(path).try_fold(value, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    })
}

fn remove(value: &mut Value, path: &str) {
    let (way, last) = path.rsplit_once('.').unwrap_or(("", path));
    let parent = steps(way).try_fold(value, |value, step| match value {
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        other => other.get_mut(step),
    });
    match parent {
        Some(Value::Object(fields)) => _ = fields.shift_remove(last),
        Some(Value::Array(items)) => match last.parse::<usize>() {
            Ok(index) if index < items.len() => _ = items.remove(index),
            _ => {}
        },
        _ => {}
    }
}

fn reach<'a>(value: &'a mut Value, path: &str) -> Result<&'a mut Value> {
    steps(path).try_fold(value, |value, step| {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        match value {
            Value::Object(fields) => Ok(fields.entry(step).or_insert(Value::Null)),
            Value::Array(items) => step
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get_mut(index))
                .ok_or_else(|| Error::internal(format!("the list has no item `{step}`"))),
            _ => Err(Error::internal(format!(
                "`{step}` cannot be set in a value that is no object"
            ))),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sets_and_finds() {
        let mut event = Event::new(());
        event.set_path("attributes.customer.id", 7).unwrap();
        event.set_path("http.status", 202).unwrap();
        event.set_path("payload.total.net", 1.5).unwrap();
        assert_eq!(event.lookup("attributes.customer.id"), Some(json!(7)));
        assert_eq!(event.lookup("attributes.http.status"), Some(json!(202)));
        assert_eq!(
            event.lookup("payload"),
            Some(json!({"total": {"net": 1.5}}))
        );
        assert_eq!(event.lookup("payload.none"), None);
        assert_eq!(event.lookup("nonsense"), None);
    }

    #[test]
    fn removes() {
        let mut event = Event::new(json!({"a": {"b": 1, "c": [1, 2]}})).with_attribute("x", 1);
        event.set_attribute("y", json!({"z": 1, "w": 2}));
        for path in [
            "payload.a.b",
            "payload.a.c.0",
            "payload.a.c.7",
            "payload.none.at.all",
            "attributes.x",
            "attributes.y.z",
            "attributes.none.z",
            "http.status",
        ] {
            event.remove_path(path).unwrap();
        }
        assert_eq!(*event.json().unwrap(), json!({"a": {"c": [2]}}));
        assert_eq!(event.attributes().to_value(), json!({"y": {"w": 2}}));
        event.remove_path("payload").unwrap();
        assert_eq!(event.payload().kind(), "empty");
        assert!(event.remove_path("service").is_err());
        assert!(event.remove_path("attributes").is_err());
    }

    #[test]
    fn says_what_cannot_be_set() {
        let mut event = Event::new(json!([1]));
        assert!(event.set_path("id", 1).is_err());
        assert!(event.set_path("payload.4", 1).is_err());
    }
}
