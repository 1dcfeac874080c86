//! A place in a JSON tree that is shared, not copied.

use std::fmt;
use std::sync::Arc;

use compysition_core::Json;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use serde_json::Value as JsonValue;

use crate::scope::Root;

/// An object or a list inside a shared JSON tree, by the steps that lead to it. Scalars become plain
/// values, so that a tree is never copied only to read a field.
pub(crate) struct Tree {
    whole: Whole,
    steps: Vec<Step>,
}

#[derive(Clone)]
pub(crate) enum Whole {
    Payload(Json),
    Attribute(Arc<Root>, Arc<str>),
    Own(Arc<JsonValue>),
}

#[derive(Clone)]
enum Step {
    Field(Arc<str>),
    Item(usize),
}

impl From<Json> for Whole {
    fn from(json: Json) -> Whole {
        Whole::Payload(json)
    }
}

impl From<(Arc<Root>, &str)> for Whole {
    fn from((root, name): (Arc<Root>, &str)) -> Whole {
        Whole::Attribute(root, name.into())
    }
}

impl Tree {
    /// Returns `found`, the root of `whole`, as a value.
    pub(crate) fn value(whole: impl Into<Whole>, found: &JsonValue) -> Value {
        Tree::at(|| (whole.into(), Vec::new()), found)
    }

    /// Returns a tree of its own as a value.
    pub(crate) fn owned(value: JsonValue) -> Value {
        let value = Arc::new(value);
        Tree::at(|| (Whole::Own(value.clone()), Vec::new()), &value)
    }

    fn at(place: impl FnOnce() -> (Whole, Vec<Step>), found: &JsonValue) -> Value {
        match found {
            JsonValue::Null => Value::from(()),
            JsonValue::Bool(value) => Value::from(*value),
            JsonValue::String(text) => Value::from(text.as_str()),
            JsonValue::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Value::from(number),
                (None, Some(number)) => Value::from(number),
                (None, None) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
            },
            JsonValue::Array(_) | JsonValue::Object(_) => {
                let (whole, steps) = place();
                Value::from_object(Tree { whole, steps })
            }
        }
    }

    /// Calls `use_it` with the JSON that stands here.
    pub(crate) fn with<T>(&self, use_it: impl FnOnce(&JsonValue) -> T) -> Option<T> {
        match &self.whole {
            Whole::Payload(json) => self.descend(json.value().ok()?).map(use_it),
            Whole::Own(value) => self.descend(value).map(use_it),
            Whole::Attribute(root, name) => {
                let value = root.event.attribute(name)?;
                self.descend(&value).map(use_it)
            }
        }
    }

    fn descend<'a>(&self, whole: &'a JsonValue) -> Option<&'a JsonValue> {
        self.steps.iter().try_fold(whole, |value, step| match step {
            Step::Field(name) => value.get(&**name),
            Step::Item(index) => value.get(index),
        })
    }

    fn child(&self, step: Step, found: &JsonValue) -> Value {
        let place = || {
            let mut steps = self.steps.clone();
            steps.push(step);
            (self.whole.clone(), steps)
        };
        Tree::at(place, found)
    }
}

impl Object for Tree {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.with(JsonValue::is_array) {
            Some(true) => ObjectRepr::Seq,
            _ => ObjectRepr::Map,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.with(|own| match own {
            JsonValue::Array(items) => {
                let index = key.as_usize()?;
                Some(self.child(Step::Item(index), items.get(index)?))
            }
            own => {
                let name = key.as_str()?;
                Some(self.child(Step::Field(name.into()), own.get(name)?))
            }
        })?
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let enumerator = self.with(|own| match own {
            JsonValue::Array(items) => Enumerator::Seq(items.len()),
            JsonValue::Object(fields) => Enumerator::Values(
                fields
                    .keys()
                    .map(|name| Value::from(name.as_str()))
                    .collect(),
            ),
            _ => Enumerator::Empty,
        });
        enumerator.unwrap_or(Enumerator::Empty)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|own| write!(f, "{own}")).unwrap_or(Ok(()))
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|own| write!(f, "{own}")).unwrap_or(Ok(()))
    }
}
