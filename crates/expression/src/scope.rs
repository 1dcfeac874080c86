//! What an expression sees of an event.

use std::fmt;
use std::sync::Arc;

use compysition_core::{Context, Event, Payload};
use minijinja::value::{Enumerator, Object, Value};

use crate::engine;
use crate::functions::{Bound, Functions};
use crate::tree::Tree;

/// What an expression is evaluated on: an event, and the inbox that it came in by if that is known.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub(crate) event: &'a Event,
    pub(crate) inbox: Option<&'a str>,
}

impl<'a> From<&'a Event> for Scope<'a> {
    fn from(event: &'a Event) -> Scope<'a> {
        Scope { event, inbox: None }
    }
}

impl<'a> From<(&'a Event, &'a Context)> for Scope<'a> {
    fn from((event, ctx): (&'a Event, &'a Context)) -> Scope<'a> {
        Scope {
            event,
            inbox: Some(ctx.inbox()),
        }
    }
}

impl<'a> From<(&'a Event, &'a str)> for Scope<'a> {
    fn from((event, inbox): (&'a Event, &'a str)) -> Scope<'a> {
        Scope {
            event,
            inbox: Some(inbox),
        }
    }
}

/// The root of all names. Nothing of the event is turned into a value before it is named.
pub(crate) struct Root {
    pub(crate) event: Event,
    inbox: Option<Arc<str>>,
    functions: Functions,
}

impl Root {
    pub(crate) fn value(scope: Scope<'_>, functions: &Functions) -> Value {
        Value::from_object(Root {
            event: scope.event.clone(),
            inbox: scope.inbox.map(Arc::from),
            functions: functions.clone(),
        })
    }

    fn payload(&self) -> Value {
        match self.event.payload() {
            Payload::Empty => Value::from(()),
            Payload::Json(json) => match json.value() {
                Ok(value) => Tree::value(json.clone(), value),
                Err(error) => engine::invalid(error),
            },
            _ => self.text(),
        }
    }

    fn text(&self) -> Value {
        self.event.text().map_or_else(engine::invalid, Value::from)
    }
}

impl Object for Root {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        let event = &self.event;
        Some(match name.as_str()? {
            "id" => event.id().to_string().into(),
            "meta_id" => Value::from(&*event.meta_id()),
            "service" => event.service().into(),
            "inbox" => Value::from(self.inbox.as_deref()?),
            "attributes" => Value::from_object(Attributes(self.clone())),
            "payload" => self.payload(),
            "text" => self.text(),
            "http" => attribute(self, "http").unwrap_or(Value::from(())),
            "error" => match event.error() {
                Some(failure) => Tree::owned(failure.to_value()),
                None => Value::from(()),
            },
            name => Value::from_object(Bound {
                function: self.functions.get(name)?.clone(),
                functions: self.functions.clone(),
                event: event.clone(),
            }),
        })
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.event.fmt(f)
    }
}

/// The attributes of an event.
pub(crate) struct Attributes(Arc<Root>);

impl Attributes {
    pub(crate) fn to_value(&self) -> serde_json::Value {
        self.0.event.attributes().to_value()
    }
}

impl Object for Attributes {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        attribute(&self.0, name.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self
            .0
            .event
            .attributes()
            .iter()
            .map(|(name, _)| Value::from(name));
        Enumerator::Values(names.collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_value())
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.event.attributes().fmt(f)
    }
}

fn attribute(root: &Arc<Root>, name: &str) -> Option<Value> {
    use std::borrow::Cow;
    Some(match root.event.attribute(name)? {
        Cow::Owned(value) => Tree::owned(value),
        Cow::Borrowed(value) => Tree::value((root.clone(), name), value),
    })
}
