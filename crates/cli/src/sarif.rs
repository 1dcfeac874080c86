//! What is wrong with flows as SARIF 2.1.0, the format that code hosts show beside the lines of a change.

use std::path::Path;

use compysition_flow::{Diagnostic, Diagnostics, Severity};
use serde_json::{Value, json};

/// Returns a log of one run.
pub(crate) fn log(found: &Diagnostics) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "compysition",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
            } },
            "columnKind": "unicodeCodePoints",
            "results": found.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(found: &Diagnostic) -> Value {
    let level = match found.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    // SARIF has no place of its own for what to do about it.
    let text = match found.help() {
        Some(help) => format!("{}\nhelp: {help}", found.message()),
        None => found.message().to_owned(),
    };
    let place = || {
        let columns = (found.column()?, found.end_column()?);
        Some(location(found.path()?, found.line()?, columns))
    };
    let mut result = json!({
        "level": level,
        "message": { "text": text },
        "locations": place().into_iter().collect::<Vec<_>>(),
    });
    let notes = found.notes().filter_map(|note| {
        let mut place = location(note.path?, note.line, (note.column, note.end_column));
        place["message"] = json!({ "text": note.text });
        Some(place)
    });
    let notes: Vec<Value> = notes.collect();
    if !notes.is_empty() {
        result["relatedLocations"] = notes.into();
    }
    result
}

fn location(path: &Path, line: usize, (column, end): (usize, usize)) -> Value {
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(path) },
        "region": {
            "startLine": line,
            "startColumn": column,
            "endLine": line,
            "endColumn": end,
        },
    } })
}

/// Returns a path as a reference of a URI: relative to where the program runs, as long as the path is.
fn uri(path: &Path) -> String {
    let path = path.to_string_lossy().replace('\\', "/");
    let mut uri = match path.starts_with('/') {
        true => "file://".to_owned(),
        false => String::new(),
    };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_reference() {
        assert_eq!(uri(Path::new("a b/ü.yaml")), "a%20b/%C3%BC.yaml");
        assert_eq!(uri(Path::new("/a/b.yaml")), "file:///a/b.yaml");
    }
}
