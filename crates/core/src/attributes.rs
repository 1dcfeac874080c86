//! What an event knows beside its payload.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::written::Written;

/// A typed value kept as an attribute and turned into JSON only when a template, a transport or a log
/// asks for it, such as the request that an event stands for.
pub trait Extension: Any + Send + Sync {
    /// Returns the value as JSON.
    fn to_value(&self) -> Value;

    /// Writes the value out as JSON.
    fn write_json(&self, out: &mut Vec<u8>) {
        write(&self.to_value(), out);
    }

    /// Returns the value with one of its fields set, if it can hold that; else it becomes JSON.
    fn with_field(&self, path: &str, value: &Value) -> Option<Arc<dyn Extension>> {
        let _ = (path, value);
        None
    }
}

/// The attributes of an event: names and JSON values, in the order in which they were set.
///
/// Events have few attributes, so a search from the front is faster than hashing the name.
#[derive(Clone)]
pub struct Attributes(Content);

#[derive(Clone)]
enum Content {
    Own(Slots),
    /// As another process wrote them, until one is changed.
    Written(Arc<Written>),
}

#[derive(Clone, Default)]
pub(crate) struct Slots(Vec<(Arc<str>, Attribute)>);

#[derive(Clone)]
enum Attribute {
    Value(Value),
    Extension(Arc<dyn Extension>),
}

impl Attributes {
    pub(crate) const NONE: Attributes = Attributes(Content::Own(Slots(Vec::new())));

    /// Takes the text of a JSON object, as [`write_json`](Attributes::write_json) makes it. Its values are made when one is
    /// asked for.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn from_json(text: &str) -> serde_json::Result<Attributes> {
        let written = Written::new(text)?;
        Ok(written.map_or(Attributes::NONE, |written| {
            Attributes(Content::Written(Arc::new(written)))
        }))
    }

    /// Returns the text that they were made from, if none of them was changed since.
    pub fn as_json(&self) -> Option<&str> {
        match &self.0 {
            Content::Own(_) => None,
            Content::Written(written) => Some(written.text()),
        }
    }

    /// Writes them out as one JSON object.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        if let Some(text) = self.as_json() {
            return out.extend_from_slice(text.as_bytes());
        }
        out.push(b'{');
        for (number, (name, value)) in self.slots().0.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            write(&**name, out);
            out.push(b':');
            match value {
                Attribute::Value(value) => write(value, out),
                Attribute::Extension(value) => value.write_json(out),
            }
        }
        out.push(b'}');
    }

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
        // What does not change goes on as it came.
        if self.slot(name).is_some() {
            self.slots_mut().0.retain(|(own, _)| &**own != name);
        }
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
        let slots = self.slots().0.iter();
        slots.map(|(name, slot)| (&**name, slot.to_value()))
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Content::Own(slots) => slots.0.is_empty(),
            // There would be no text.
            Content::Written(_) => false,
        }
    }

    /// Returns the attributes as one JSON object.
    pub fn to_value(&self) -> Value {
        let field = |(name, value): (&str, Cow<'_, Value>)| (name.to_owned(), value.into_owned());
        Value::Object(self.iter().map(field).collect::<Map<_, _>>())
    }

    /// Sets a field of a typed value; returns whether there is one that can hold it.
    pub(crate) fn set_field(&mut self, name: &str, path: &str, value: &Value) -> bool {
        let Content::Own(Slots(slots)) = &mut self.0 else {
            // What came written out has no typed values.
            return false;
        };
        let slot = slots.iter_mut().find(|(own, _)| &**own == name);
        let Some((_, Attribute::Extension(typed))) = slot else {
            return false;
        };
        let changed = typed.with_field(path, value);
        changed.map(|changed| *typed = changed).is_some()
    }

    /// Returns an attribute for changing in place, as JSON.
    pub(crate) fn value_mut(&mut self, name: &str) -> &mut Value {
        let slots = &mut self.slots_mut().0;
        let index = match slots.iter().position(|(own, _)| &**own == name) {
            Some(index) => index,
            None => {
                slots.push((name.into(), Attribute::Value(Value::Null)));
                slots.len() - 1
            }
        };
        let slot = &mut slots[index].1;
        if let Attribute::Extension(value) = slot {
            *slot = Attribute::Value(value.to_value());
        }
        match slot {
            Attribute::Value(value) => value,
            Attribute::Extension(_) => unreachable!("replaced by a value above"),
        }
    }

    fn slot(&self, name: &str) -> Option<&Attribute> {
        let found = self.slots().0.iter().find(|(own, _)| &**own == name);
        found.map(|(_, slot)| slot)
    }

    fn put(&mut self, name: Arc<str>, slot: Attribute) {
        let slots = &mut self.slots_mut().0;
        match slots.iter_mut().find(|(own, _)| *own == name) {
            Some((_, old)) => *old = slot,
            None => slots.push((name, slot)),
        }
    }

    fn slots(&self) -> &Slots {
        match &self.0 {
            Content::Own(slots) => slots,
            Content::Written(written) => written.slots(),
        }
    }

    fn slots_mut(&mut self) -> &mut Slots {
        if let Content::Written(written) = &self.0 {
            self.0 = Content::Own(written.slots().clone());
        }
        match &mut self.0 {
            Content::Own(slots) => slots,
            Content::Written(_) => unreachable!("replaced by its slots above"),
        }
    }
}

impl Default for Attributes {
    fn default() -> Attributes {
        Attributes::NONE
    }
}

impl FromIterator<(String, Value)> for Slots {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Slots {
        let slot = |(name, value): (String, Value)| (name.into(), Attribute::Value(value));
        Slots(values.into_iter().map(slot).collect())
    }
}

/// Writes a value out as JSON.
fn write(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    // JSON values are always JSON, and memory takes all of it.
    let _ = serde_json::to_writer(out, value);
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
    fn what_was_written_is_read_when_asked_for_and_goes_on_as_it_came() {
        let text = r#"{ "a": {"b": [1, 2.5, null]}, "c": "\u00e9" }"#;
        let mut attributes = Attributes::from_json(text).unwrap();
        assert_eq!(*attributes.get("c").unwrap(), json!("é"));
        assert_eq!(attributes.as_json(), Some(text));
        let copy = attributes.clone();
        attributes.set("c", 7);
        attributes.set_extension("http", Arc::new(Request(200)));
        assert_eq!(attributes.as_json(), None);
        let mut written = Vec::new();
        attributes.write_json(&mut written);
        let wanted = json!({"a": {"b": [1, 2.5, null]}, "c": 7, "http": {"status": 200}});
        assert_eq!(String::from_utf8(written).unwrap(), wanted.to_string());
        assert_eq!(copy.as_json(), Some(text));
        assert!(Attributes::from_json(" {} ").unwrap().is_empty());
    }

    #[test]
    fn what_could_not_be_read_later_is_not_taken() {
        let deep = |depth| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(Attributes::from_json(&deep(126)).is_ok());
        let deep = deep(127);
        // A name that serde_json has for its own raw values, which a client may give a parameter of its query.
        let raw = "$serde_json::private::RawValue";
        for text in ["tru", "{\"admin\":true}"] {
            let query = json!({ "user": "ann", "query": { raw: text } });
            let read = Attributes::from_json(&query.to_string()).unwrap();
            assert_eq!(read.to_value(), query);
        }
        for wrong in [
            &deep,
            "[]",
            "7",
            "{\"a\":1e999}",
            "{\"a\":1}x",
            "{\"a\":tru}",
            "{1:2}",
        ] {
            let is_read = serde_json::from_str::<Map<String, Value>>(wrong).is_ok();
            assert!(Attributes::from_json(wrong).is_err() && !is_read, "{wrong}");
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
