//! The command `actors`.

use std::fmt::Write;
use std::process::ExitCode;

use compysition_core::{Kind, Registry};

use crate::{manual, output};

/// Lists all kinds of actors with the first sentence of their manuals.
pub(crate) fn list(registry: &Registry) -> ExitCode {
    output::say(table(registry));
    ExitCode::SUCCESS
}

/// Shows the manual of one kind.
pub(crate) fn show(registry: &Registry, name: &str) -> ExitCode {
    let Some(kind) = registry.get(name) else {
        let hint = match closest(registry, name) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "the command `actors` lists all kinds".to_owned(),
        };
        output::complain(format_args!(
            "error: unknown kind of actor `{name}`\n  = help: {hint}\n"
        ));
        return ExitCode::FAILURE;
    };
    output::say(manual::of(kind, registry));
    ExitCode::SUCCESS
}

/// Returns the name that was meant, if one is near enough.
fn closest(registry: &Registry, name: &str) -> Option<&'static str> {
    let kinds = registry.kinds().map(Kind::name);
    let known = kinds.chain(registry.aliases().map(|(alias, _)| alias));
    let near = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    let (distance, known) = near.min()?;
    (distance <= 1 + name.chars().count() / 4).then_some(known)
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
