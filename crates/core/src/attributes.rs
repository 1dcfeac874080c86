//! What an event knows beside its payload.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// A typed value kept as an attribute and turned into JSON only when a template, a transport or a log
/// asks for it, such as the request that an event stands for.
pub trait Extension: Any + Send + Sync {
    /// Returns the value as JSON.
    fn to_value(&self) -> Value;

    /// Returns the value with one of its fields set, if it can hold that; else it becomes JSON.
    fn with_field(&self, path: &str, value: &Value) -> Option<Arc<dyn Extension>> {
        let _ = (path, value);
        None
    }
}

/// The attributes of an event: names and JSON values, in the order in which they were set.
///
/// Events have few attributes, so a search from the front is faster than hashing the name.
#[derive(Clone, Default)]
pub struct Attributes(Vec<(Arc<str>, Attribute)>);

#[derive(Clone)]
enum Attribute {
    Value(Value),
    Extension(Arc<dyn Extension>),
}

impl Attributes {
    pub(crate) const NONE: Attributes = Attributes(Vec::new());

    /// Returns an attribute as JSON.
    pub fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.slot(name).map(Attribute::to_value)
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: impl Into<Arc<str>>, value: impl Into<Value>) {
        self.put(name.into(), Attribute::Value(value.into()));
    }

    /// Removes an attribute.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(own, _)| &**own != name);
    }

    /// Returns the typed value of an attribute, if it was set as one of type `T`.
    pub fn extension<T: Extension>(&self, name: &str) -> Option<&T> {
        match self.slot(name)? {
            Attribute::Value(_) => None,
            Attribute::Extension(value) => (&**value as &dyn Any).downcast_ref(),
        }
    }

    /// Sets an attribute to a typed value.
    pub fn set_extension<T: Extension>(&mut self, name: impl Into<Arc<str>>, value: Arc<T>) {
        self.put(name.into(), Attribute::Extension(value));
    }

    /// Returns the names and values in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Cow<'_, Value>)> {
        self.0.iter().map(|(name, slot)| (&**name, slot.to_value()))
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the attributes as one JSON object.
    pub fn to_value(&self) -> Value {
        let field = |(name, value): (&str, Cow<'_, Value>)| (name.to_owned(), value.into_owned());
        Value::Object(self.iter().map(field).collect::<Map<_, _>>())
    }

    /// Sets a field of a typed value; returns whether there is one that can hold it.
    pub(crate) fn set_field(&mut self, name: &str, path: &str, value: &Value) -> bool {
        let slot = self.0.iter_mut().find(|(own, _)| &**own == name);
        let Some((_, Attribute::Extension(typed))) = slot else {
            return false;
        };
        let changed = typed.with_field(path, value);
        changed.map(|changed| *typed = changed).is_some()
    }

    /// Returns an attribute for changing in place, as JSON.
    pub(crate) fn value_mut(&mut self, name: &str) -> &mut Value {
        let index = match self.0.iter().position(|(own, _)| &**own == name) {
            Some(index) => index,
            None => {
                self.0.push((name.into(), Attribute::Value(Value::Null)));
                self.0.len() - 1
            }
        };
        let slot = &mut self.0[index].1;
        if let Attribute::Extension(value) = slot {
            *slot = Attribute::Value(value.to_value());
        }
        match slot {
            Attribute::Value(value) => value,
            Attribute::Extension(_) => unreachable!("replaced by a value above"),
        }
    }

    fn slot(&self, name: &str) -> Option<&Attribute> {
        let found = self.0.iter().find(|(own, _)| &**own == name);
        found.map(|(_, slot)| slot)
    }

    fn put(&mut self, name: Arc<str>, slot: Attribute) {
        match self.0.iter_mut().find(|(own, _)| *own == name) {
            Some((_, old)) => *old = slot,
            None => self.0.push((name, slot)),
        }
    }
}

impl Attribute {
    fn to_value(&self) -> Cow<'_, Value> {
        match self {
            Attribute::Value(value) => Cow::Borrowed(value),
            Attribute::Extension(value) => Cow::Owned(value.to_value()),
        }
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Request(u16);
    impl Extension for Request {
        fn to_value(&self) -> Value {
            json!({ "status": self.0 })
        }

        fn with_field(&self, path: &str, value: &Value) -> Option<Arc<dyn Extension>> {
            let status = value.as_u64().filter(|_| path == "status")?;
            Some(Arc::new(Request(u16::try_from(status).ok()?)))
        }
    }

    #[test]
    fn a_field_is_set_where_the_type_can_hold_it() {
        let mut attributes = Attributes::default();
        attributes.set_extension("http", Arc::new(Request(200)));
        assert!(attributes.set_field("http", "status", &json!(404)));
        assert_eq!(attributes.extension::<Request>("http").unwrap().0, 404);
        assert!(!attributes.set_field("http", "other", &json!(404)));
        assert!(!attributes.set_field("none", "status", &json!(404)));
    }

    #[test]
    fn an_extension_is_typed_and_json() {
        let mut attributes = Attributes::default();
        attributes.set_extension("http", Arc::new(Request(200)));
        assert_eq!(attributes.extension::<Request>("http").unwrap().0, 200);
        assert_eq!(*attributes.get("http").unwrap(), json!({"status": 200}));
        attributes.value_mut("http")["status"] = json!(404);
        assert_eq!(*attributes.get("http").unwrap(), json!({"status": 404}));
        attributes.remove("http");
        assert!(attributes.is_empty());
    }
}
