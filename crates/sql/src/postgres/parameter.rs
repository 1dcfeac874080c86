//! A value on its way to the server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use compysition_core::{Error, Result};
use serde_json::Value;
use tokio_postgres::types::{Format, IsNull, Kind, ToSql, Type};

use super::array;

/// A value as the text that the server reads it from, whatever type it has there; it is never a part of the statement.
#[derive(Debug)]
pub(super) struct Parameter(Option<String>);

impl Parameter {
    /// Makes it of a value for a parameter of a type.
    ///
    /// # Errors
    /// Malformed, if it cannot be one.
    pub(super) fn new(value: &Value, type_: &Type) -> Result<Parameter> {
        text(value, type_).map(Parameter)
    }
}

/// Returns the text of a value; `NULL` has none.
pub(super) fn text(value: &Value, type_: &Type) -> Result<Option<String>> {
    if let Kind::Domain(inner) = type_.kind() {
        return text(value, inner);
    }
    Ok(Some(match (value, type_.kind()) {
        (Value::Null, _) => return Ok(None),
        (Value::Array(items), Kind::Array(item)) => array::text(items, item)?,
        (Value::String(text), _) if *type_ == Type::BYTEA => {
            let bytes = STANDARD.decode(text);
            let bytes = bytes.map_err(|_| Error::malformed("a value for bytes is not base64"))?;
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            format!("\\x{}", digits.collect::<String>())
        }
        (Value::String(text), _) => text.clone(),
        (value, _) => value.to_string(),
    }))
}

impl ToSql for Parameter {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Some(text) = &self.0 else {
            return Ok(IsNull::Yes);
        };
        out.extend_from_slice(text.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    tokio_postgres::types::to_sql_checked!();
}
