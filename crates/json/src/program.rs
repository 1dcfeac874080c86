//! A compiled program of jq.

use std::fmt;
use std::sync::Arc;

use compysition_core::{Error, Event, Result};
use jaq_core::data::JustLut;
use jaq_core::load::{Arena, Error as LoadError, File, Loader, span};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use jaq_json::Val;
use serde_json::Value;

use crate::value::{from_jq, to_jq};

/// What programs may know of the event beside its payload.
const VARIABLES: [&str; 4] = ["$attributes", "$id", "$meta_id", "$service"];

/// Holds a program of jq, compiled once. A clone shares it.
///
/// ```
/// use compysition_core::Event;
/// use compysition_json::Program;
/// use serde_json::json;
///
/// let program = Program::new("{ total: map(.price) | add, by: $attributes.user }")?;
/// let event = Event::new(()).with_attribute("user", "ann");
/// let made = program.run(&event, &json!([{"price": 1}, {"price": 2}]))?;
/// assert_eq!(made, [json!({"total": 3, "by": "ann"})]);
/// # Ok::<(), compysition_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Program(Arc<Inner>);

struct Inner {
    source: String,
    filter: Filter<JustLut<Val>>,
    /// Which of the variables it may name; to make the others would be in vain.
    named: [bool; VARIABLES.len()],
}

impl Program {
    /// Compiles a program.
    ///
    /// # Errors
    /// Internal, with what is wrong with it, and line and column.
    pub fn new(source: impl Into<String>) -> Result<Program> {
        let source = source.into();
        let filter = compile(&source).map_err(|reason| {
            Error::internal(format!("`{source}` is no program of jq: {reason}"))
        })?;
        Ok(Program(Arc::new(Inner {
            named: VARIABLES.map(|name| source.contains(name)),
            source,
            filter,
        })))
    }

    /// Runs the program on a value; returns all that it gives.
    ///
    /// # Errors
    /// Unprocessable, if the program fails on this value.
    pub fn run(&self, event: &Event, value: &Value) -> Result<Vec<Value>> {
        let Inner { filter, named, .. } = &*self.0;
        let variables = VARIABLES.iter().zip(named);
        let variables = variables.map(|(name, named)| match named {
            true => to_jq(&variable(event, name)),
            false => Ok(Val::Null),
        });
        let variables = Vars::new(variables.collect::<Result<Vec<_>>>()?);
        let context = Ctx::<JustLut<Val>>::new(&filter.lut, variables);
        let given = filter.id.run((context, to_jq(value)?));
        given
            .map(|value| match value {
                Ok(value) => from_jq(&value),
                Err(exception) => Err(match exception.get_err() {
                    Ok(error) => failed(error),
                    Err(_) => Error::unprocessable("jq: the program halted"),
                }),
            })
            .collect()
    }

    /// Returns the program as it was written.
    pub fn source(&self) -> &str {
        &self.0.source
    }
}

/// Says what went wrong; a text given to `error` is the message.
fn failed(error: jaq_core::Error<Val>) -> Error {
    let shown = error.to_string();
    let message = match from_jq(&error.into_val()) {
        Ok(Value::String(message)) => message,
        _ => shown,
    };
    Error::unprocessable(format!("jq: {message}"))
}

fn variable(event: &Event, name: &str) -> Value {
    event
        .lookup(name.trim_start_matches('$'))
        .unwrap_or_default()
}

fn compile(source: &str) -> Result<Filter<JustLut<Val>>, String> {
    let definitions = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let functions = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let arena = Arena::default();
    let program = File {
        code: source,
        path: (),
    };
    let modules = Loader::new(definitions)
        .load(&arena, program)
        .map_err(|errors| {
            let first = errors.first().map(|(_, error)| misread(source, error));
            first.unwrap_or_default()
        })?;
    Compiler::default()
        .with_funs(functions)
        .with_global_vars(VARIABLES)
        .compile(modules)
        .map_err(|errors| {
            let undefined = errors.iter().flat_map(|(_, errors)| errors).next();
            let undefined = undefined.map(|(name, what)| {
                format!(
                    "{}the {} `{name}` is unknown",
                    at(source, name),
                    what.as_str()
                )
            });
            undefined.unwrap_or_default()
        })
}

fn misread(source: &str, error: &LoadError<&str>) -> String {
    let expected = |what: &str, found: &str| {
        let found = match found.chars().next() {
            Some(c) => format!("`{}`", c.escape_debug()),
            None => "the end".to_owned(),
        };
        format!("expected {what}, but found {found}")
    };
    match error {
        LoadError::Io(errors) => {
            let path = errors.first().map_or("", |(path, _)| path);
            format!("{}the module `{path}` cannot be loaded", at(source, path))
        }
        LoadError::Lex(errors) => match errors.first() {
            Some((what, found)) => at(source, found) + &expected(what.as_str(), found),
            None => String::new(),
        },
        LoadError::Parse(errors) => match errors.first() {
            Some((what, found)) => at(source, found) + &expected(what.as_str(), found),
            None => String::new(),
        },
    }
}

/// Says where in the program a part of it stands.
fn at(source: &str, part: &str) -> String {
    let whole = source.as_bytes().as_ptr_range();
    if !(whole.start..=whole.end).contains(&part.as_ptr()) {
        return String::new();
    }
    let before = &source[..span(source, part).start];
    let line = 1 + before.matches('\n').count();
    let column = 1 + before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count();
    format!("line {line}, column {column}: ")
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.source()).finish()
    }
}
