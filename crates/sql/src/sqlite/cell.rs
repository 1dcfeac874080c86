//! Values of SQLite and of JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use compysition_core::{Error, Result};
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use serde_json::{Number, Value};

use crate::job::Job;

/// A column of the rows that a statement gives.
pub(super) struct Column {
    pub(super) name: String,
    form: Form,
}

/// What a column was declared to hold, where SQLite itself makes no difference.
#[derive(PartialEq)]
enum Form {
    Boolean,
    Json,
    Any,
}

/// Returns the columns of a statement.
///
/// # Errors
/// Internal, if two have the same name.
pub(super) fn columns(statement: &rusqlite::Statement<'_>) -> Result<Vec<Column>> {
    let columns = statement.columns().into_iter().map(|column| Column {
        name: column.name().to_owned(),
        form: match column.decl_type().unwrap_or_default() {
            declared if declared.eq_ignore_ascii_case("json") => Form::Json,
            declared
                if declared.eq_ignore_ascii_case("boolean")
                    || declared.eq_ignore_ascii_case("bool") =>
            {
                Form::Boolean
            }
            _ => Form::Any,
        },
    });
    let columns: Vec<Column> = columns.collect();
    Job::check_columns(columns.iter().map(|column| &*column.name))?;
    Ok(columns)
}

impl Column {
    /// Returns a value as JSON.
    ///
    /// # Errors
    /// Malformed, if a text is none.
    pub(super) fn value(&self, value: ValueRef<'_>) -> Result<Value> {
        Ok(match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) if self.form == Form::Boolean => (number != 0).into(),
            ValueRef::Integer(number) => number.into(),
            ValueRef::Real(number) => match Number::from_f64(number) {
                Some(number) => number.into(),
                None if number > 0.0 => "Infinity".into(),
                None => "-Infinity".into(),
            },
            ValueRef::Text(text) => {
                let text = std::str::from_utf8(text).map_err(|_| {
                    let name = &self.name;
                    Error::malformed(format!(
                        "the text in column `{name}` is not UTF-8: ask for `cast({name} as blob)`"
                    ))
                })?;
                let parsed = match self.form {
                    Form::Json => serde_json::from_str(text).ok(),
                    _ => None,
                };
                parsed.unwrap_or_else(|| text.into())
            }
            ValueRef::Blob(bytes) => STANDARD.encode(bytes).into(),
        })
    }
}

/// Returns the value that is bound to a parameter.
///
/// # Errors
/// Malformed, if a whole number is too large.
pub(super) fn bound(value: &Value) -> Result<ToSqlOutput<'_>> {
    Ok(ToSqlOutput::Owned(match value {
        Value::Null => Owned::Null,
        Value::Bool(value) => Owned::Integer((*value).into()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Owned::Integer(whole),
            (None, Some(float)) if !number.is_u64() => Owned::Real(float),
            _ => {
                return Err(Error::malformed(format!(
                    "{number} is too large for the database"
                )));
            }
        },
        Value::String(text) => return Ok(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes()))),
        tree => Owned::Text(tree.to_string()),
    }))
}
