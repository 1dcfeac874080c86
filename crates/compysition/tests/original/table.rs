//! The table of what has become of the original's parts (`docs/guide/from_the_original.md`).

use std::collections::BTreeSet;
use std::path::Path;

use compysition_cli::{Choice, Program, Setting};

/// Words of the table that are no actor and no setting of one: keys of flow files, names in templates, calls in Rust.
const OTHERS: &[&str] = &[
    "actor",
    "actors",
    "and",
    "attempts",
    "attribute",
    "attributes",
    "backoff",
    "block",
    "clone",
    "connect",
    "delay",
    "error",
    "errors",
    "events",
    "false",
    "hops",
    "http",
    "id",
    "into",
    "jsonified_envelope",
    "limits",
    "log",
    "lookup",
    "lower",
    "malformed",
    "meta_id",
    "name",
    "pool",
    "register",
    "retry",
    "run",
    "set_attribute",
    "set_errors",
    "start",
    "stop",
    "time",
    "unprocessable",
    "upper",
    "violations",
];

/// Returns the names of all actors, their settings, and what these offer.
fn known() -> BTreeSet<String> {
    let mut known: BTreeSet<String> = OTHERS.iter().map(|name| (*name).to_owned()).collect();
    let program = Program::new(compysition::registry());
    for manual in program.manuals() {
        known.insert(manual.name.to_owned());
        known.extend(manual.aliases.iter().map(|alias| (*alias).to_owned()));
        add(&manual.settings, &mut known);
    }
    known
}

fn add(settings: &[Setting], known: &mut BTreeSet<String>) {
    for setting in settings {
        known.insert(setting.name.clone());
        add(&setting.settings, known);
        for Choice { name, settings, .. } in &setting.choices {
            known.insert(name.clone());
            add(settings, known);
        }
    }
}

/// Returns the name that a piece of code begins with, if it is one alone or a key.
fn first_name(code: &str) -> Option<&str> {
    let (name, rest) = code.split_at(
        code.find(|letter: char| !is_letter(letter))
            .unwrap_or(code.len()),
    );
    (!name.is_empty() && (rest.is_empty() || rest.starts_with(": "))).then_some(name)
}

fn is_letter(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter == '_'
}

#[test]
fn every_row_names_what_there_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/from_the_original.md");
    let page = std::fs::read_to_string(path).unwrap();
    let known = known();
    let (mut rows, mut unknown) = (0, Vec::new());
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let [old, new] = cells[..] else {
            panic!("not two cells: {line}");
        };
        assert!(!new.trim().is_empty(), "{old} has become nothing");
        rows += 1;
        // The first piece of code is the actor or the setting; those behind it may be anything.
        let code = new.split('`').nth(1).and_then(first_name);
        let name = code.filter(|name| !known.contains(*name) && !old.contains(name));
        unknown.extend(name.map(|name| format!("`{name}` in: {line}")));
    }
    assert_eq!(unknown, [""; 0], "no actor and no setting is named so");
    assert!(rows > 80, "{rows}");
}
