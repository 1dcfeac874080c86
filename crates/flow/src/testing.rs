//! Tests of actors from their settings in YAML.

use compysition_core::testing::{Harness, Plan};
use compysition_core::{Built, Registry, Surroundings};
use compysition_expression::Functions;
use serde_json::Value;

use crate::actors::{self, Defaults};
use crate::diagnostics::Diagnostics;
use crate::node::{Content, Entry, Node};
use crate::parse;
use crate::settings;
use crate::source::{Sources, Span};

/// Makes an actor from what would stand behind its name in a flow file: `stdout`, or
/// `stdout: { prefix: "> " }`.
///
/// # Errors
/// What is wrong with it, with the lines.
pub fn actor(registry: &Registry, yaml: &str) -> Result<Built, Diagnostics> {
    actor_with(registry, &Functions::default(), yaml)
}

/// Makes an actor whose expressions may call these functions.
///
/// # Errors
/// What is wrong with it, with the lines.
pub fn actor_with(
    registry: &Registry,
    functions: &Functions,
    yaml: &str,
) -> Result<Built, Diagnostics> {
    let mut sources = Sources::default();
    let file = sources.add("actor.yaml".into(), yaml.into());
    let mut found = Vec::new();
    let document = parse::parse(file, yaml, &mut found).into_iter().next();
    let span = Span {
        file,
        line: 1,
        column: 1,
        length: 1,
    };
    let entry = Entry {
        key: "actor".into(),
        key_span: span,
        value: document.unwrap_or(Node::new(Content::Null, span)),
    };
    let entered = actors::read(vec![entry], &Defaults::default(), registry, &mut found).pop();
    let built = entered.and_then(|entered| {
        let (kind, node) = entered.kind?;
        let kind = registry.get(kind)?;
        let build = || settings::build(kind, &node, &Default::default(), &mut found);
        Surroundings::default().enter(|| functions.enter(build))
    });
    match built.filter(|_| found.is_empty()) {
        Some(built) => Ok(built),
        None => Err(Diagnostics::new(found, sources)),
    }
}

/// Prepares a harness around an actor that is written in YAML.
///
/// # Panics
/// If something is wrong with it.
pub fn plan(registry: &Registry, yaml: &str) -> Plan {
    match actor(registry, yaml) {
        Ok(actor) => Harness::of(actor),
        Err(diagnostics) => panic!("{diagnostics}"),
    }
}

/// Starts a harness around an actor that is written in YAML.
///
/// # Panics
/// If something is wrong with it.
pub fn harness(registry: &Registry, yaml: &str) -> Harness {
    plan(registry, yaml).start()
}

/// Reads YAML as values without places, as editors and schemas see it; nothing of what is no YAML.
pub fn values(yaml: &str) -> Option<Vec<Value>> {
    let mut found = Vec::new();
    let documents = parse::parse(0, yaml, &mut found);
    found
        .is_empty()
        .then(|| documents.iter().map(value).collect())
}

fn value(node: &Node) -> Value {
    match &node.content {
        Content::Null => Value::Null,
        Content::Bool(value) => (*value).into(),
        Content::Int(value) => (*value).into(),
        Content::Big(value) => (*value).into(),
        Content::Float(value) => (*value).into(),
        Content::Text(text) => (&**text).into(),
        Content::List(items) => items.iter().map(value).collect(),
        Content::Map(entries) => {
            let pair = |entry: &Entry| (entry.key.to_string(), value(&entry.value));
            Value::Object(entries.iter().map(pair).collect())
        }
    }
}
