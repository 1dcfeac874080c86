//! A compiled JSON Schema.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use compysition_core::{Error, Result, Spot};
use jsonschema::{ValidationError, Validator};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::files::{Files, uri_of};
use crate::locate::locate;

/// More faults than this are not told.
const MOST: usize = 64;

/// A message with a larger value in it is told without the value.
const LONGEST_MESSAGE: usize = 300;

/// Holds a JSON Schema, compiled once. A clone shares it.
#[derive(Clone)]
pub struct Schema(Arc<Validator>);

/// A draft of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Draft {
    /// Draft 4.
    #[serde(rename = "4")]
    Draft4,
    /// Draft 6.
    #[serde(rename = "6")]
    Draft6,
    /// Draft 7.
    #[serde(rename = "7")]
    Draft7,
    /// Draft 2019-09.
    #[serde(rename = "2019-09")]
    Draft201909,
    /// Draft 2020-12.
    #[serde(rename = "2020-12")]
    Draft202012,
}

/// How a schema is compiled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choices {
    pub(crate) draft: Option<Draft>,
    pub(crate) ignore_formats: bool,
    pub(crate) allow: Vec<PathBuf>,
}

impl Schema {
    /// Compiles a schema; it can refer to no files.
    ///
    /// # Errors
    /// Internal, with what is wrong and where in the schema.
    pub fn new(schema: &Value) -> Result<Schema> {
        Schema::compile(schema, None, Choices::default())
    }

    /// Compiles the schema of a file; it may refer to files in its directory and below.
    ///
    /// # Errors
    /// Internal, if the file cannot be read, or with what is wrong and where in the schema.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Schema> {
        Schema::read(path.as_ref(), Choices::default())
    }

    pub(crate) fn read(path: &Path, mut choices: Choices) -> Result<Schema> {
        let shown = path.display();
        let bytes = std::fs::read(path).map_err(|error| {
            Error::internal(format!("the schema `{shown}` cannot be read: {error}"))
        })?;
        let schema: Value = serde_json::from_slice(&bytes).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Spot {
                path: path.to_owned(),
                line: line as u32,
                column: Some(column as u32),
            }
            .point_at();
            Error::internal(format!(
                "{shown}, line {line}, column {column}: the schema is no JSON: {error}"
            ))
        })?;
        let path = std::path::absolute(path)?;
        choices.allow.extend(path.parent().map(Path::to_owned));
        Schema::compile(&schema, Some((&path, &bytes)), choices)
    }

    /// Compiles a schema; `source` is the file that it is of, and what stands there.
    pub(crate) fn compile(
        schema: &Value,
        source: Option<(&Path, &[u8])>,
        choices: Choices,
    ) -> Result<Schema> {
        let path = source.map(|(path, _)| path);
        let named = path.map_or("the schema".to_owned(), |path| path.display().to_string());
        let mut options = jsonschema::options()
            .should_validate_formats(!choices.ignore_formats)
            .with_retriever(Files::under(choices.allow).map_err(Error::internal)?);
        if let Some(path) = path {
            options = options.with_base_uri(uri_of(path));
        }
        // What the schema says of itself holds.
        if let Some(draft) = choices.draft.filter(|_| schema.get("$schema").is_none()) {
            options = options.with_draft(draft.into());
        }
        let validator = options.build(schema).map_err(|error| {
            let place = error.instance_path().to_string();
            if let Some((path, text)) = source {
                point_at(path, text, &place);
            }
            let place = if place.is_empty() {
                "its top".to_owned()
            } else {
                place
            };
            Error::internal(format!("{named}, at {place}: {}", told(&error)))
        })?;
        Ok(Schema(Arc::new(validator)))
    }

    /// Returns the draft that the schema is of.
    pub fn draft(&self) -> Option<Draft> {
        let drafts = [
            Draft::Draft4,
            Draft::Draft6,
            Draft::Draft7,
            Draft::Draft201909,
            Draft::Draft202012,
        ];
        drafts
            .into_iter()
            .find(|&draft| jsonschema::Draft::from(draft) == self.0.draft())
    }

    /// Checks a value.
    ///
    /// # Errors
    /// Malformed, with the list of faults and their paths, at most 64.
    pub fn check(&self, value: &Value) -> Result {
        let faults: Vec<(String, String)> = self
            .0
            .iter_errors(value)
            .take(MOST)
            .map(|fault| (fault.instance_path().to_string(), told(&fault)))
            .collect();
        let Some(((path, message), more)) = faults.split_first() else {
            return Ok(());
        };
        let place = if path.is_empty() { "the value" } else { path };
        let more = match more.len() {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let violations = faults.iter();
        let violations: Value = violations
            .map(|(path, message)| json!({"path": path, "message": message}))
            .collect();
        Err(Error::malformed(format!("at {place}: {message}{more}"))
            .with_detail("violations", violations)
            .with_detail("path", path.as_str()))
    }
}

/// Returns the message of a fault, without the value if that is large.
/// Points at the part of a schema that an error is about, for who reads the settings that name its file.
fn point_at(path: &Path, text: &[u8], pointer: &str) {
    let text = std::str::from_utf8(text).unwrap_or_default();
    if let Some((line, column)) = locate(text, pointer) {
        let (path, column) = (path.to_owned(), Some(column));
        Spot { path, line, column }.point_at();
    }
}

fn told(fault: &ValidationError<'_>) -> String {
    let message = fault.to_string();
    if message.len() <= LONGEST_MESSAGE {
        return message;
    }
    fault.masked().to_string()
}

impl From<Draft> for jsonschema::Draft {
    fn from(draft: Draft) -> jsonschema::Draft {
        match draft {
            Draft::Draft4 => jsonschema::Draft::Draft4,
            Draft::Draft6 => jsonschema::Draft::Draft6,
            Draft::Draft7 => jsonschema::Draft::Draft7,
            Draft::Draft201909 => jsonschema::Draft::Draft201909,
            Draft::Draft202012 => jsonschema::Draft::Draft202012,
        }
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.draft()).finish()
    }
}
