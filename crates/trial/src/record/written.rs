//! A recording as the text of a test.

use std::fmt::Write;
use std::path::Path;

use compysition_core::{Error, Event, Failure, Hop, Outcome, Ports, Settled};
use serde_json::{Map, Value, json};

use super::Inner;
use crate::checks::as_expected;
use crate::yaml;

/// Headers that let somebody in.
const SECRET_HEADERS: [&str; 5] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-api-key",
];

/// Returns the test that does once more what was recorded.
pub(super) fn test(recorder: &Inner, hops: &[(Hop, Event)], settled: &Settled) -> String {
    let mut out = String::new();
    let flow = std::path::absolute(&recorder.flow).unwrap_or_else(|_| recorder.flow.clone());
    let flow = relative(&flow, &recorder.directory);
    let name = hops.first().map(|(_, event)| event.meta_id().into_owned());
    let text = |text: &str| yaml::line(&text.into());
    // A string takes all that is written to it.
    let _ = writeln!(out, "# Recorded from the flow `{}`.", recorder.name);
    let _ = writeln!(out, "flow: {}", text(&flow));
    if !recorder.set.is_empty() {
        let set = recorder.set.iter();
        let set: Map<_, _> = set
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        let _ = writeln!(out, "set: {}", yaml::line(&set.into()));
    }
    let _ = writeln!(
        out,
        "tests:\n  - name: {}",
        text(&format!("recorded {}", name.unwrap_or_default()))
    );
    let _ = writeln!(out, "    flow: {}", text(&recorder.name));
    mocks(recorder, hops, &mut out);
    if let Some((hop, event)) = hops.first() {
        let _ = writeln!(out, "    in: {}", yaml::line(&input(hop, event)));
    }
    out.push_str("    expect:\n");
    if let Some(answer) = answer(recorder, hops, settled) {
        let _ = writeln!(out, "      answer: {}", yaml::line(&answer));
    }
    let mut known: Vec<&str> = Vec::new();
    for (hop, _) in hops {
        if known.contains(&&*hop.to) || !yaml::is_plain(&hop.to) {
            continue;
        }
        known.push(&hop.to);
        let _ = writeln!(out, "      {}:", hop.to);
        for (_, event) in hops.iter().filter(|(other, _)| other.to == hop.to) {
            let mut expected = as_expected(event);
            if let Some(failure) = event.error() {
                let kind = failure.error.kind().as_str();
                expected["error"] = json!({ "kind": kind, "actor": &*failure.actor });
            }
            let _ = writeln!(out, "        - {}", yaml::line(&expected));
        }
    }
    // Errors that nobody was connected for.
    for (hop, event) in hops.iter().filter(|(hop, _)| hop.to.is_empty()) {
        // What the dead letters took failed before.
        let is_own = |failure: &&Failure| *failure.actor == *hop.from && yaml::is_plain(&hop.from);
        if let Some(failure) = event.error().filter(is_own) {
            let kind = failure.error.kind().as_str();
            let _ = writeln!(
                out,
                "      {}.error: {{ error: {{ kind: {kind} }} }}",
                hop.from
            );
        }
    }
    recorder.redacted(out)
}

/// Returns what the client was answered, if it asked.
fn answer(recorder: &Inner, hops: &[(Hop, Event)], settled: &Settled) -> Option<Value> {
    let status_of =
        |error: &Error| (recorder.status)(error).map(|status| json!({ "status": status }));
    if let Some(answer) = &settled.answer {
        if let Some(failure) = answer.error() {
            return status_of(&failure.error);
        }
        let http = answer.attribute("http")?;
        let status = http.get("status").cloned().unwrap_or(200.into());
        return Some(json!({ "status": status, "body": as_expected(answer) }));
    }
    let (first, _) = hops.first()?;
    let ports = recorder.ports.get(&*first.from)?;
    let is_asked = ports.is_door() && ports.asks(Some(&first.outbox));
    // It is told of its first error, also when that was kept in the dead letters.
    let failure = hops.iter().find_map(|(_, event)| event.error());
    match &settled.outcome {
        Outcome::Failed(_) | Outcome::Kept if is_asked => status_of(&failure?.error),
        _ => None,
    }
}

/// Writes who plays the actors that reach outside, and what they say.
fn mocks(recorder: &Inner, hops: &[(Hop, Event)], out: &mut String) {
    let mut mocks = Map::new();
    for (hop, _) in hops {
        let is_outside = recorder.ports.get(&*hop.to).is_some_and(is_mocked);
        if !is_outside || mocks.contains_key(&*hop.to) {
            continue;
        }
        let sent: Vec<_> = hops
            .iter()
            .filter(|(other, _)| other.from == hop.to)
            .collect();
        // Copies to other links of an outbox say the same.
        let first = sent
            .iter()
            .find(|(hop, _)| !hop.is_error)
            .map(|(hop, _)| &hop.to);
        let replies = sent.iter().flat_map(|(hop, event)| match event.error() {
            // It failed as often as it was tried.
            Some(failure) if hop.is_error => {
                vec![failed(failure); failure.attempts.max(1) as usize]
            }
            _ if first == Some(&hop.to) => vec![json!({
                "answer": made(recorder.into.get(&*hop.from), event),
                "outbox": hop.outbox.as_str(),
            })],
            _ => Vec::new(),
        });
        let replies: Vec<Value> = replies.collect();
        let mock = if replies.is_empty() {
            "discard".into()
        } else {
            replies.into()
        };
        mocks.insert(hop.to.to_string(), mock);
    }
    // Those that it did not come to are not to be reached by the test either.
    for (name, _) in recorder.ports.iter().filter(|(_, ports)| is_mocked(ports)) {
        mocks
            .entry(name.clone())
            .or_insert_with(|| "discard".into());
    }
    if !mocks.is_empty() {
        // A string takes all that is written to it.
        let _ = writeln!(out, "    mock:");
        for (name, mock) in &mocks {
            let _ = writeln!(
                out,
                "      {}: {}",
                yaml::line(&name.as_str().into()),
                yaml::line(mock)
            );
        }
    }
}

/// Returns whether a test has a mock in the place of an actor: it reaches outside, or works on files that the test does
/// not have. A source outside is silent in a test, and what only writes passes on.
fn is_mocked(ports: &Ports) -> bool {
    let has_files = ports.files().next().is_some();
    match ports.is_outside() {
        true => !ports.is_source(),
        false => has_files && !ports.is_writing(),
    }
}

/// Returns how a mock fails as somebody did.
fn failed(failure: &Failure) -> Value {
    json!({ "error": {
        "kind": failure.error.kind().as_str(),
        "message": failure.error.message(),
        "details": failure.error.details(),
    }})
}

/// Returns what an actor has made of an event: its payload, or what stands where the actor puts it.
fn made(into: Option<&String>, event: &Event) -> Value {
    match into.and_then(|path| event.lookup(path)) {
        Some(value) => json!({ "json": value }),
        None => content(event),
    }
}

/// Returns a payload as what goes in.
fn content(event: &Event) -> Value {
    let mut content = as_expected(event);
    if let Some(members) = content.as_object_mut() {
        members.remove("empty");
    }
    content
}

fn input(hop: &Hop, event: &Event) -> Value {
    let Some(http) = event.attribute("http") else {
        return json!({ "events": { &*hop.from: content(event) } });
    };
    let text = |name: &str| http.get(name).and_then(Value::as_str).unwrap_or_default();
    let headers = http.get("headers").and_then(Value::as_object);
    let headers = headers.into_iter().flatten().filter(|(name, _)| {
        !matches!(
            name.as_str(),
            "host" | "content-length" | "connection" | "transfer-encoding"
        )
    });
    let headers: Map<String, Value> = headers
        .map(
            |(name, value)| match SECRET_HEADERS.contains(&name.as_str()) {
                true => (name.clone(), "REDACTED".into()),
                false => (name.clone(), value.clone()),
            },
        )
        .collect();
    let mut path = text("path").to_owned();
    let query = http.get("query").and_then(Value::as_object);
    for (index, (name, value)) in query.into_iter().flatten().enumerate() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let mark = if index == 0 { '?' } else { '&' };
        path.push_str(&format!("{mark}{}={}", encoded(name), encoded(&value)));
    }
    let body = event.payload().text().unwrap_or_default();
    json!({ "http": {
        "door": &*hop.from,
        "method": text("method"),
        "path": path,
        "headers": headers,
        "body": body,
    }})
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Returns the way from a directory to a file, if the file is below it or beside it; else the whole path.
fn relative(path: &Path, directory: &Path) -> String {
    let from = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    if let Ok(below) = path.strip_prefix(&from) {
        return below.display().to_string();
    }
    match from
        .parent()
        .and_then(|parent| path.strip_prefix(parent).ok())
    {
        Some(beside) => format!("../{}", beside.display()),
        None => path.display().to_string(),
    }
}
