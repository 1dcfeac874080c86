//! The template engine as it is set up here, and what goes in and out of it.

use std::sync::LazyLock;

use compysition_core::{Error, Result};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{
    AutoEscape, Environment, Error as EngineError, ErrorKind as EngineErrorKind, UndefinedBehavior,
};
use serde_json::Value as JsonValue;

use crate::escape;
use crate::fault::Fault;
use crate::scope::Attributes;
use crate::tree::Tree;

/// How many steps an evaluation may take: a second or so of work, in which nothing else gets its turn. A step is an instruction, or
/// 64 bytes that are made.
pub(crate) const STEPS: u64 = 50_000_000;

/// The filters and tests of the language. It never changes, so sharing it surprises nobody.
pub(crate) static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_fuel(Some(STEPS));
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| AutoEscape::None);
    engine.set_formatter(escape::write);
    engine.remove_global("debug");
    // Errors name what is undefined; it costs only where something is.
    engine.set_debug(true);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        engine.set_syntax(syntax);
    }
    engine
});

/// Turns a value of the engine into JSON, keeping its type.
pub(crate) fn to_json(value: &Value) -> Result<JsonValue> {
    if let Some(tree) = value.downcast_object_ref::<Tree>() {
        return Ok(tree.with(JsonValue::clone).unwrap_or_default());
    }
    if let Some(attributes) = value.downcast_object_ref::<Attributes>() {
        return Ok(attributes.to_value());
    }
    if let Some(text) = value.as_str() {
        return Ok(text.into());
    }
    if let Some(bytes) = value.as_bytes() {
        return Ok(String::from_utf8_lossy(bytes).into());
    }
    serde_json::to_value(value)
        .map_err(|error| Error::internal(format!("the value cannot be written as JSON: {error}")))
}

/// Carries an error of ours through the engine.
pub(crate) fn fault(error: Error) -> EngineError {
    EngineError::new(
        EngineErrorKind::InvalidOperation,
        error.message().to_owned(),
    )
    .with_source(Fault(error))
}

/// Returns a value that fails with an error of ours when it is used.
pub(crate) fn invalid(error: Error) -> Value {
    Value::from(fault(error))
}
