//! What an XPath expression gives.

use std::ffi::CStr;

use serde_json::Value as JsonValue;

use crate::XmlError;
use crate::sys::{self, Object};
use crate::text::Written;

/// Up to here each whole number has a floating point number of its own.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Holds the result of an XPath evaluation.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A truth value.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Nodes in the order of the document, each as its markup if it is an element with elements in
    /// it, else as its text.
    Nodes(Vec<String>),
}

impl Value {
    /// Returns the value as XPath's `string()` would, save that of several nodes or an element the
    /// first one's text or markup is taken.
    pub fn to_text(&self) -> String {
        match self {
            Value::Boolean(value) => value.to_string(),
            Value::Number(value) if value.is_infinite() => if *value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }
            .to_owned(),
            Value::Number(value) => value.to_string(),
            Value::Text(value) => value.clone(),
            Value::Nodes(nodes) => nodes.first().cloned().unwrap_or_default(),
        }
    }

    /// Returns the value as JSON: no node is `None`, one node a text, several a list of texts; what is
    /// no JSON number is `null`.
    pub fn to_json(&self) -> Option<JsonValue> {
        match self {
            Value::Boolean(value) => Some((*value).into()),
            // Counts and sums of whole numbers look like whole numbers.
            Value::Number(value) if value.fract() == 0.0 && value.abs() < LARGEST_EXACT => {
                Some((*value as i64).into())
            }
            Value::Number(value) => Some((*value).into()),
            Value::Text(value) => Some(value.as_str().into()),
            Value::Nodes(nodes) => match nodes.as_slice() {
                [] => None,
                [node] => Some(node.as_str().into()),
                nodes => Some(nodes.into()),
            },
        }
    }

    /// Returns what XPath's `boolean()` would.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Boolean(value) => *value,
            Value::Number(value) => *value != 0.0 && !value.is_nan(),
            Value::Text(value) => !value.is_empty(),
            Value::Nodes(nodes) => !nodes.is_empty(),
        }
    }

    /// Copies a result of libxml2.
    ///
    /// # Safety
    /// `object` is a result whose document still lives and is ours alone.
    pub(crate) unsafe fn take(object: *mut Object) -> Result<Value, XmlError> {
        // SAFETY: as promised; texts are copied before anything is freed.
        unsafe {
            match sys::shim_object_kind(object) {
                sys::NODES => (0..sys::shim_object_length(object))
                    .map(|i| {
                        Written::by(|text| sys::shim_object_node(object, i, text))
                            .ok_or_else(|| XmlError::new("a node cannot be written"))?
                            .str()
                            .map(str::to_owned)
                    })
                    .collect::<Result<_, _>>()
                    .map(Value::Nodes),
                sys::BOOLEAN => Ok(Value::Boolean(sys::shim_object_boolean(object) != 0)),
                sys::NUMBER => Ok(Value::Number(sys::shim_object_number(object))),
                sys::STRING => {
                    let text = CStr::from_ptr(sys::shim_object_string(object));
                    Ok(Value::Text(text.to_string_lossy().into_owned()))
                }
                _ => Err(XmlError::new(
                    "the expression gives neither nodes nor a value",
                )),
            }
        }
    }
}
