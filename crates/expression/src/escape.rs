//! What a template does to the values that it puts into text.

use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Error as EngineError, HtmlEscape, Output, escape_formatter};
use minijinja::{ErrorKind as EngineErrorKind, State};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as JsonValue;

use crate::engine::{fault, to_json};

/// Says what a [`Template`](crate::Template) does to the values that it puts into text, so that they cannot be
/// taken for its own. What went through the filter `safe` stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Escape {
    /// Texts are as they are, lists and objects are JSON, and `none` is no text.
    #[default]
    None,
    /// As without, but with `<`, `>`, `&` and quotes as references.
    Xml,
    /// Values are JSON: texts have their quotes.
    Json,
}

impl Escape {
    pub(crate) fn engines(self) -> AutoEscape {
        match self {
            Escape::None => AutoEscape::None,
            Escape::Xml => AutoEscape::Html,
            Escape::Json => AutoEscape::Json,
        }
    }
}

/// Writes a value into text.
pub(crate) fn write(out: &mut Output, state: &mut State, value: &Value) -> Result<(), EngineError> {
    let is_safe = value.is_safe() && value.as_str().is_some();
    let escape = match is_safe {
        true => AutoEscape::None,
        false => state.auto_escape().clone(),
    };
    let done = match (escape, value.kind()) {
        (AutoEscape::Json, kind) if kind != ValueKind::Undefined => {
            out.write_str(&to_json(value).map_err(fault)?.to_string())
        }
        (_, ValueKind::None) => Ok(()),
        (escape, ValueKind::Seq | ValueKind::Map | ValueKind::Iterable | ValueKind::Bytes) => {
            let text = match to_json(value).map_err(fault)? {
                JsonValue::String(text) => text,
                other => other.to_string(),
            };
            match escape {
                AutoEscape::Html => write!(out, "{}", HtmlEscape(&text)),
                _ => out.write_str(&text),
            }
        }
        _ => return escape_formatter(out, state, value),
    };
    done.map_err(|_| EngineErrorKind::WriteFailure.into())
}
