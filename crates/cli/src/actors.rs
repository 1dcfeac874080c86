//! The command `actors`.

use std::fmt::Write;
use std::process::ExitCode;

use compysition_core::{Kind, Registry};

use crate::output;

/// Lists all kinds of actors with the first sentence of their manuals.
pub(crate) fn list(registry: &Registry) -> ExitCode {
    output::say(table(registry));
    ExitCode::SUCCESS
}

fn table(registry: &Registry) -> String {
    let rows: Vec<_> = registry
        .kinds()
        .map(|kind| (names(registry, kind), kind.summary()))
        .collect();
    let width = rows.iter().map(|(names, _)| names.len()).max().unwrap_or(0);
    let mut table = String::new();
    for (names, summary) in rows {
        // Writing to a string does not fail.
        let _ = writeln!(table, "{}", format!("{names:width$}  {summary}").trim_end());
    }
    table
}

/// Returns the name of a kind, and in parentheses its other names.
fn names(registry: &Registry, kind: &Kind) -> String {
    let aliases = registry.aliases().filter(|(_, name)| *name == kind.name());
    let aliases: Vec<_> = aliases.map(|(alias, _)| alias).collect();
    match aliases.is_empty() {
        true => kind.name().to_owned(),
        false => format!("{} ({})", kind.name(), aliases.join(", ")),
    }
}
