//! The actor that checks JSON.

use compysition_core::{
    Actor, Context, Error, Event, FilePath, Form, Json, Payload, Ports, Result,
};
use schemars::JsonSchema as Described;
use serde::Deserialize;
use serde_json::Value;

use crate::payload::{LARGE, json_of};
use crate::schema::{Choices, Draft, Schema};

/// Checks JSON against a JSON Schema, of draft 4, 6, 7, 2019-09 or 2020-12.
///
/// What does not hold is `malformed`. The error has the list of all faults (the first 64), with their paths in the
/// document (JSON Pointers), under `violations`. A document that is right goes on as it came; text goes on as JSON,
/// so that the next actor need not parse it again.
///
/// A schema that is wrong, or refers to what cannot be read, is found before the flow starts. It may refer to
/// files by `$ref`; nothing is fetched from a network.
///
/// Example: `json_schema: { inline: { type: object, required: [id], properties: { id: { type: integer } } } }`
///
/// Purpose: check. Patterns: invalid message channel.
#[derive(Clone, Debug, Deserialize, Described)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct JsonSchema {
    schema: Schema,
}

#[derive(Deserialize, Described)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The file of the schema, in JSON. It may refer to files of its directory and below. Give either this or
    /// `inline`.
    schema: Option<FilePath>,
    /// The schema itself, as a map, or as a text in JSON.
    inline: Option<Value>,
    /// The draft of a schema that does not say it itself with `$schema`; 2020-12 if left out.
    draft: Option<Draft>,
    /// Whether a `format` (`date-time`, `email`, …) is checked too.
    #[serde(default = "yes")]
    formats: bool,
    /// Further directories under which the schema may refer to files.
    #[serde(default)]
    allow: Vec<FilePath>,
}

fn yes() -> bool {
    true
}

impl JsonSchema {
    /// Makes the actor with a compiled schema.
    pub fn new(schema: Schema) -> JsonSchema {
        JsonSchema { schema }
    }

    fn check(&self, payload: &Payload) -> Result<Json> {
        let json = json_of(payload)?;
        self.schema.check(json.value()?)?;
        Ok(json)
    }
}

impl TryFrom<Settings> for JsonSchema {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<JsonSchema> {
        let allow = settings.allow.iter().map(|path| path.as_path().to_owned());
        let choices = Choices {
            draft: settings.draft,
            ignore_formats: !settings.formats,
            allow: allow.collect(),
        };
        let schema = match (settings.schema, settings.inline) {
            (Some(path), None) => Schema::read(path.as_path(), choices)?,
            (None, Some(Value::String(text))) => {
                let schema = serde_json::from_str(&text)
                    .map_err(|error| Error::internal(format!("the schema is no JSON: {error}")))?;
                Schema::compile(&schema, None, choices)?
            }
            (None, Some(schema)) => Schema::compile(&schema, None, choices)?,
            _ => {
                let message = "give either `schema`, a file, or `inline`, the schema itself";
                return Err(Error::internal(message));
            }
        };
        Ok(JsonSchema { schema })
    }
}

impl Actor for JsonSchema {
    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let json = if event.payload().size() > LARGE {
            let (own, payload) = (self.clone(), event.payload().clone());
            ctx.blocking(move || own.check(&payload)).await?
        } else {
            self.check(event.payload())
        }?;
        // What is JSON already has its tree now.
        if !matches!(event.payload(), Payload::Json(_) | Payload::Empty) {
            event.set_payload(json);
        }
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().takes(Form::Json)
    }
}
