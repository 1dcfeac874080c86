//! The command `check`.

use std::process::ExitCode;

use compysition_flow::{Diagnostic, Diagnostics, Loaded, Severity};
use serde_json::{Value, json};

use crate::args::{Files, Report};
use crate::{Program, files, output, sarif};

/// Says of each flow that it is fine and what else is known of it, or all that is wrong with any of them.
pub(crate) fn check(program: &Program, files: &Files, strict: bool, format: Report) -> ExitCode {
    let (flows, mut found) = match files::try_load(program, files, true) {
        Ok(flows) => (flows, Diagnostics::default()),
        Err(found) => (Vec::new(), found),
    };
    for flow in &flows {
        found.append(flow.findings());
    }
    match format {
        Report::Text => say(&flows, &found),
        Report::Json => output::say(format_args!("{:#}\n", report(&flows, &found))),
        Report::Sarif => output::say(format_args!("{:#}\n", sarif::log(&found))),
    }
    match found.gravest() {
        Some(Severity::Error) => ExitCode::FAILURE,
        Some(Severity::Warning) if strict => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

fn say(flows: &[Loaded], found: &Diagnostics) {
    if !found.is_empty() {
        let gap = if flows.is_empty() { "" } else { "\n" };
        output::complain(format_args!("{found}\n{gap}"));
    }
    for flow in flows {
        output::say(format_args!("flow `{}` is ok\n", flow.name()));
    }
}

/// Returns what was found as one JSON object; what is not known is `null`.
fn report(flows: &[Loaded], found: &Diagnostics) -> Value {
    let count = |severity| {
        let list = found.iter();
        list.filter(|one| one.severity() == severity).count()
    };
    json!({
        "flows": flows.iter().map(Loaded::name).collect::<Vec<_>>(),
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "diagnostics": found.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn entry(found: &Diagnostic) -> Value {
    let notes = found.notes().map(|note| {
        json!({
            "message": note.text,
            "path": note.path,
            "line": note.line,
            "column": note.column,
            "end_column": note.end_column,
        })
    });
    json!({
        "severity": found.severity().to_string(),
        "message": found.message(),
        "help": found.help(),
        "path": found.path(),
        "line": found.line(),
        "column": found.column(),
        "end_column": found.end_column(),
        "notes": notes.collect::<Vec<_>>(),
    })
}
