//! The actor that reshapes JSON.

use std::fmt;

use compysition_core::{Actor, Context, Error, Event, FilePath, Form, Ports, Result};
use schemars::JsonSchema;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::payload::{LARGE, json_of};
use crate::program::Program;

/// Reshapes JSON with a program in the language of jq.
///
/// The program gets the payload, and knows `$attributes`, `$id`, `$meta_id` and `$service`. What it gives becomes the
/// payload. A text instead of settings is the program itself.
///
/// A program that is wrong is found before the flow starts; one that fails on an event, also by `error("…")`, is
/// `unprocessable`. Nothing bounds how long one works, not even the actor's `timeout`, and meanwhile it has a thread for itself: check what a client sends
/// before it says how often something is done, as in `range(.count)`.
///
/// Example: `jq: { program: "{ id: .order.id, total: [.lines[].price] | add, by: $attributes.user }" }`
///
/// Purpose: shape. Patterns: message translator, content filter.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(with = "Settings")]
pub struct Jq {
    program: Program,
    outputs: Outputs,
}

/// Says what becomes of the values that a program gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outputs {
    /// There must be one, which is the payload; none or several are an error.
    #[default]
    One,
    /// They are the payload as a list; `split` makes an event of each.
    List,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The program. Give either this or `file`.
    program: Option<String>,
    /// The file of the program.
    file: Option<FilePath>,
    /// What becomes of the values that the program gives.
    #[serde(default)]
    outputs: Outputs,
}

impl Jq {
    /// Makes the actor with a program.
    ///
    /// # Errors
    /// What is wrong with the program.
    pub fn new(program: impl Into<String>) -> Result<Jq> {
        Ok(Jq {
            program: Program::new(program)?,
            outputs: Outputs::One,
        })
    }

    /// Sets what becomes of the values that the program gives.
    #[must_use]
    pub fn outputs(mut self, outputs: Outputs) -> Jq {
        self.outputs = outputs;
        self
    }

    fn run(&self, event: &Event) -> Result<Vec<Value>> {
        let json = json_of(event.payload())?;
        self.program.run(event, json.value()?)
    }
}

impl TryFrom<Settings> for Jq {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<Jq> {
        let program = match (settings.program, settings.file) {
            (Some(program), None) => program,
            (None, Some(path)) => {
                let path = path.as_path();
                std::fs::read_to_string(path).map_err(|error| {
                    let path = path.display();
                    Error::internal(format!("the program `{path}` cannot be read: {error}"))
                })?
            }
            _ => return Err(Error::internal("give either `program` or `file`")),
        };
        Ok(Jq::new(program)?.outputs(settings.outputs))
    }
}

impl Actor for Jq {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let mut values = if event.payload().size() > LARGE {
            let (own, event) = (self.clone(), event.clone());
            ctx.blocking(move || own.run(&event)).await?
        } else {
            self.run(&event)
        }?;
        match (self.outputs, values.len()) {
            (Outputs::One, 1) => ctx.send(event.with(values.remove(0))),
            (Outputs::One, count) => Err(Error::unprocessable(format!(
                "the program gave {count} values instead of one; collect them with `[…]`, or say so in `outputs`"
            ))),
            (Outputs::List, _) => ctx.send(event.with(Value::from(values))),
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().takes(Form::Json)
    }
}

impl<'de> Deserialize<'de> for Jq {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Jq, D::Error> {
        struct Read;

        impl<'de> Visitor<'de> for Read {
            type Value = Jq;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a program, or a map of settings")
            }

            fn visit_str<E: serde::de::Error>(self, program: &str) -> Result<Jq, E> {
                Jq::new(program).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, settings: A) -> Result<Jq, A::Error> {
                let settings = Settings::deserialize(MapAccessDeserializer::new(settings))?;
                Jq::try_from(settings).map_err(serde::de::Error::custom)
            }
        }

        deserializer.deserialize_any(Read)
    }
}
