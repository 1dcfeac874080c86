//! A flow around the example of a manual.

use compysition_core::{Ports, Registry};

use crate::manual::Manual;
use crate::program::Program;

/// Makes the actor of the example, and asks it about its ports.
pub(crate) fn ports(manual: &Manual, program: &Program) -> Option<Ports> {
    let example = manual.example.as_deref()?;
    let Program {
        registry,
        functions,
        ..
    } = program;
    let actor = compysition_flow::testing::actor_with(registry, functions, example);
    actor.ok()?.into_ports().ok()
}

/// Writes a flow in which the actor of the example can be tried, if there are the actors for it: behind a door,
/// so that requests can be sent by hand, or behind a generator if nothing comes of it.
pub(crate) fn flow(manual: &Manual, registry: &Registry) -> Option<String> {
    let example = manual.example.as_deref()?;
    let ports = manual.ports.clone().unwrap_or_default();
    let (before, after) = match (ports.is_door(), ports.is_source(), ports.is_sink()) {
        (true, _, _) => (None, Some("reply")),
        (_, true, _) => (None, Some("out")),
        (_, _, true) => (Some(TICKS), None),
        (_, _, false) => (Some(HTTP), Some("reply")),
    };
    let out = (after == Some("out")).then_some(OUT);
    let mut needed = before.into_iter().chain(out);
    if needed.any(|(_, kind, _)| registry.get(kind).is_none()) {
        return None;
    }
    let actors = [before, out].map(|actor| actor.map_or("", |(_, _, actor)| actor));
    let actor = match example.contains(": ") {
        true => format!("  it:\n    {example}\n"),
        false => format!("  it: {example}\n"),
    };
    let name = before.map(|(name, _, _)| name);
    let into = name.map_or(String::new(), |name| format!("{name} -> "));
    let outboxes = ports.named_outboxes().iter();
    let outboxes: Vec<_> = outboxes.map(|port| format!("it.{port}")).collect();
    let named = match (&manual.connection, after) {
        (Some(line), _) => Some(line.clone()),
        (None, Some(after)) if !outboxes.is_empty() => {
            Some(format!("{} -> {after}", outboxes.join(", ")))
        }
        (None, _) => None,
    };
    let connect = match (named, after) {
        (Some(named), _) if before.is_some() => format!("  - {into}it\n  - {named}\n"),
        (Some(named), _) => format!("  - {named}\n"),
        (None, Some(after)) => format!("  - {into}it -> {after}\n"),
        (None, None) => format!("  - {into}it\n"),
    };
    let [before, out] = actors;
    Some(format!("actors:\n{before}{actor}{out}connect:\n{connect}"))
}

/// What stands around the actor: name, kind, and entry in the file.
type Around = (&'static str, &'static str, &'static str);

const HTTP: Around = ("http", "http_server", "  http: http_server\n");
const OUT: Around = ("out", "stdout", "  out: stdout\n");
const TICKS: Around = (
    "ticks",
    "event_generator",
    "  ticks: { event_generator: { interval: 1s, data: test } }\n",
);
