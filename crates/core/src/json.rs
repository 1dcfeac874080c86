//! JSON that is parsed once, and only when asked.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::{Error, Result, plain};

/// Memory of a parsed tree, as a multiple of its text (measured for trees of small objects).
pub(crate) const TREE_FACTOR: usize = 6;

/// Holds JSON as text, as a tree, or as both; whichever is missing is made when first asked for and
/// kept for the next actor.
#[derive(Clone)]
pub struct Json(Arc<Inner>);

struct Inner {
    text: OnceLock<Arc<str>>,
    tree: OnceLock<Value>,
    size: usize,
}

impl Json {
    /// Takes JSON as text, unparsed and unchecked.
    pub fn from_text(text: impl Into<Arc<str>>) -> Json {
        let text = text.into();
        Json(Arc::new(Inner {
            size: text.len(),
            text: OnceLock::from(text),
            tree: OnceLock::new(),
        }))
    }

    /// Takes JSON as a tree.
    pub fn from_value(value: Value) -> Json {
        Json(Arc::new(Inner {
            size: TREE_FACTOR * estimate(&value),
            text: OnceLock::new(),
            tree: OnceLock::from(value),
        }))
    }

    /// Returns the text.
    ///
    /// # Errors
    /// Internal, if the tree cannot be written out.
    pub fn text(&self) -> Result<&str> {
        if let Some(text) = self.0.text.get() {
            return Ok(text);
        }
        let tree = self.0.tree.get().unwrap_or(&Value::Null);
        let text = serde_json::to_string(tree)?;
        Ok(self.0.text.get_or_init(|| text.into()))
    }

    /// Returns the tree.
    ///
    /// # Errors
    /// Malformed, with the parser's message, line and column.
    pub fn value(&self) -> Result<&Value> {
        if let Some(tree) = self.0.tree.get() {
            return Ok(tree);
        }
        let tree = parse(self.text()?)?;
        Ok(self.0.tree.get_or_init(|| tree))
    }

    /// Takes the tree out, copying it only if another event shares it.
    ///
    /// # Errors
    /// Malformed, with the parser's message, line and column.
    pub fn into_value(self) -> Result<Value> {
        self.value()?;
        Ok(match Arc::try_unwrap(self.0) {
            Ok(inner) => inner.tree.into_inner().unwrap_or_default(),
            Err(shared) => shared.tree.get().cloned().unwrap_or_default(),
        })
    }

    pub(crate) fn size(&self) -> usize {
        self.0.size
    }
}

pub(crate) fn parse(text: &str) -> Result<Value> {
    plain::read(text).map_err(|error| {
        Error::malformed(format!("invalid JSON: {error}"))
            .with_detail("line", error.line())
            .with_detail("column", error.column())
    })
}

/// Estimates the length of the text of a tree without writing it.
fn estimate(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| estimate(item) + 1).sum::<usize>() + 2,
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| name.len() + 4 + estimate(value);
            fields.iter().map(field).sum::<usize>() + 2
        }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().unwrap_or("?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parses_once_and_shares_the_tree() {
        let json = Json::from_text(r#"{"a":1}"#);
        let copy = json.clone();
        assert!(std::ptr::eq(json.value().unwrap(), copy.value().unwrap()));
        assert_eq!(json.into_value().unwrap(), json!({"a": 1}));
        assert_eq!(copy.text().unwrap(), r#"{"a":1}"#);
    }

    #[test]
    fn the_tree_is_what_the_text_says() {
        // The name that serde_json has for its own raw values: what a stranger sends is not one of those.
        let raw = "$serde_json::private::RawValue";
        for inner in ["tru", r#"{"admin":true}"#] {
            let text = format!(r#"{{"a":[{{"{raw}":{inner:?}}}]}}"#);
            let tree = Json::from_text(text.as_str()).into_value().unwrap();
            assert_eq!(tree.to_string(), text);
        }
    }

    #[test]
    fn says_where_it_is_malformed() {
        let error = Json::from_text("{\n\"a\":}").value().unwrap_err();
        assert_eq!(error.detail("line"), Some(&json!(2)));
        assert_eq!(error.detail("column"), Some(&json!(5)));
    }
}
