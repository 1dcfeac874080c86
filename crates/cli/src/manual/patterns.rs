//! Enterprise Integration Patterns, and what does them.

use std::fmt::Write;

use crate::manual::Manual;

/// The names that [`Manual::patterns`] may have: those of Hohpe and Woolf, Enterprise Integration Patterns.
pub const PATTERNS: &[&str] = &[
    "aggregator",
    "canonical data model",
    "channel adapter",
    "channel purger",
    "claim check",
    "command message",
    "competing consumers",
    "composed message processor",
    "content enricher",
    "content filter",
    "content-based router",
    "control bus",
    "correlation identifier",
    "datatype channel",
    "dead letter channel",
    "detour",
    "document message",
    "durable subscriber",
    "dynamic router",
    "envelope wrapper",
    "event message",
    "event-driven consumer",
    "file transfer",
    "format indicator",
    "guaranteed delivery",
    "idempotent receiver",
    "invalid message channel",
    "message bus",
    "message channel",
    "message dispatcher",
    "message endpoint",
    "message expiration",
    "message filter",
    "message history",
    "message router",
    "message sequence",
    "message store",
    "message translator",
    "messaging bridge",
    "messaging gateway",
    "messaging mapper",
    "normalizer",
    "pipes and filters",
    "point-to-point channel",
    "polling consumer",
    "process manager",
    "publish-subscribe channel",
    "recipient list",
    "remote procedure invocation",
    "request-reply",
    "resequencer",
    "return address",
    "routing slip",
    "scatter-gather",
    "selective consumer",
    "service activator",
    "shared database",
    "smart proxy",
    "splitter",
    "test message",
    "transactional client",
    "wire tap",
];

/// What the engine itself gives, without an actor.
const ENGINE: &[(&str, &str)] = &[
    ("competing consumers", "`pool: 16` beside any actor"),
    (
        "content enricher",
        "`into: attributes.customer` beside any actor",
    ),
    (
        "correlation identifier",
        "`id` and `meta_id` of each event, which its children keep",
    ),
    (
        "dead letter channel",
        "`dead_letters: PATH` of a flow, and the command `replay`",
    ),
    ("document message", "each event: a payload with attributes"),
    ("format indicator", "the attribute `content_type`"),
    (
        "guaranteed delivery",
        "within a process: each event settles, delivered, kept or failed",
    ),
    ("invalid message channel", "`x.error.malformed -> …`"),
    ("message channel", "`a -> b`: a link, first in, first out"),
    ("message dispatcher", "a `pool`, by its `key` if it has one"),
    ("message endpoint", "each actor"),
    (
        "message expiration",
        "the deadline of a request, `held_for`, and `hops` against endless circles",
    ),
    (
        "message history",
        "what a dead letter tells of its error: actor, inbox, attempts, times",
    ),
    (
        "message router",
        "an actor that names the outbox: `by.eu -> …`",
    ),
    (
        "message sequence",
        "first in, first out on each link; `pool: { size: 16, order: input }`",
    ),
    ("pipes and filters", "a flow"),
    ("point-to-point channel", "`a -> b`"),
    ("publish-subscribe channel", "`a -> b, c`: each gets a copy"),
    ("recipient list", "`a -> b, c`, or several outboxes"),
    ("request-reply", "a door, and `-> reply`"),
    (
        "return address",
        "`reply`: the door that the event came in by",
    ),
    ("scatter-gather", "`http -> a, b, c -> join`"),
    (
        "wire tap",
        "one more outbox; with `best_effort` it cannot slow the others",
    ),
];

/// Returns what the engine gives of the patterns that a text names.
pub(crate) fn of_engine(text: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let text = text.to_lowercase();
    let named = move |(pattern, _): &&(&str, &str)| !text.is_empty() && pattern.contains(&text);
    ENGINE.iter().filter(named).copied()
}

/// Writes the table of all patterns that an actor or the engine does.
pub(crate) fn table(manuals: &[Manual]) -> String {
    let mut patterns: Vec<&str> = ENGINE.iter().map(|(pattern, _)| *pattern).collect();
    let named = manuals.iter().flat_map(|manual| &manual.patterns);
    patterns.extend(named.map(String::as_str));
    patterns.sort_unstable();
    patterns.dedup();
    let mut table = "| pattern | actors | the engine |\n|---|---|---|\n".to_owned();
    for pattern in patterns {
        let own = |manual: &&Manual| manual.patterns.iter().any(|own| own == pattern);
        let actors = manuals.iter().filter(own);
        let actors: Vec<_> = actors
            .map(|manual| super::catalogue::link(manual.name))
            .collect();
        let engine = ENGINE.iter().find(|(own, _)| *own == pattern);
        let engine = engine.map_or("", |(_, how)| how);
        // Writing to a string does not fail.
        let _ = writeln!(table, "| {pattern} | {} | {engine} |", actors.join(", "));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_has_patterns_that_there_are() {
        assert!(PATTERNS.is_sorted());
        for (pattern, _) in ENGINE {
            assert!(PATTERNS.contains(pattern), "{pattern}");
        }
        assert!(ENGINE.is_sorted_by_key(|(pattern, _)| *pattern));
    }
}
