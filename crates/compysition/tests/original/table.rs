//! The table of what has become of the original's parts (`docs/guide/from_the_original.md`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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

/// What nobody who comes from the original should miss: of compysition and its actors, and of wishbone.
const ESSENTIAL: &[&str] = &[
    "Director",
    "register_actor",
    "register_error_actor",
    "register_log_actor",
    "Actor",
    "pre_hook",
    "post_hook",
    "consume",
    "input",
    "output",
    "connect_queue",
    "send_event",
    "send_error",
    "Event",
    "get",
    "lookup",
    "convert",
    "HttpEvent",
    "logger.info",
    "HTTPServer",
    "RESTTranslator",
    "BasicAuth",
    "XSLT",
    "XSD",
    "JSONValidator",
    "DictToXML",
    "XMLToDict",
    "EventAttributeModifier",
    "EventAttributeLookupModifier",
    "HTTPStatusModifier",
    "XpathEventAttributeModifer",
    "EventRouter",
    "EventFilter",
    "EventXMLFilter",
    "EventJSONFilter",
    "HTTPMethodEventRouter",
    "EventJoin",
    "XMLEventJoin",
    "JSONEventJoin",
    "EventGenerator",
    "CronEventGenerator",
    "STDOUT",
    "EventLogger",
    "FileLogger",
    "RedactedFileLogger",
    "Null",
    "ZMQPush",
    "ZMQPull",
    "MDPClient",
    "MDPWorker",
    "MDPBroker",
    "cron",
    "fileout",
    "generator",
    "modify",
    "null",
    "stdout",
    "pack",
    "unpack",
    "queueselect",
    "roundrobin",
    "template",
    "ttl",
    "json",
    "msgpack",
    "plain",
    "start",
    "list",
    "show",
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

fn guide() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide")
}

fn page() -> String {
    std::fs::read_to_string(guide().join("from_the_original.md")).unwrap()
}

/// Returns the files that a cell links to.
fn links(cell: &str) -> Vec<PathBuf> {
    let parts = cell.split("](").skip(1);
    let paths = parts.filter_map(|part| part.split(')').next());
    paths.map(|path| guide().join(path)).collect()
}

/// Returns the words in the pieces of code of a cell that could be names.
fn words(cell: &str) -> BTreeSet<&str> {
    let codes = cell.split('`').skip(1).step_by(2);
    let is_name = |letter: char| letter.is_alphanumeric() || "_.".contains(letter);
    codes
        .flat_map(|code| code.split(move |letter| !is_name(letter)))
        .collect()
}

#[test]
fn every_essential_part_is_shown_by_something_that_is_there() {
    let page = page();
    let program = Program::new(compysition::registry());
    let manuals = program.manuals();
    let (mut shown, mut strange) = (BTreeSet::new(), Vec::new());
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let (old, new, files) = (cells[0], cells[1], links(cells[2]));
        let texts: Vec<String> = files
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap_or_else(|_| panic!("no {path:?}")))
            .collect();
        // Where the new part is an actor, one of the files must have it, by whatever name.
        let code = new.split('`').nth(1).and_then(first_name);
        let manual = manuals.iter().find(|manual| Some(manual.name) == code);
        if let Some(manual) = manual.filter(|_| !files.is_empty()) {
            let names = [manual.name]
                .into_iter()
                .chain(manual.aliases.iter().copied());
            let is_there = names
                .into_iter()
                .any(|name| texts.iter().any(|text| text.contains(name)));
            if !is_there {
                strange.push(format!("none of {} has `{}`", cells[2], manual.name));
            }
        }
        if !files.is_empty() {
            shown.extend(words(old));
        }
    }
    assert_eq!(strange, [""; 0]);
    let missing: Vec<_> = ESSENTIAL
        .iter()
        .filter(|name| !shown.contains(**name))
        .collect();
    assert!(missing.is_empty(), "nothing shows {missing:?}");
}

#[test]
fn every_row_names_what_there_is() {
    let page = page();
    let known = known();
    let (mut rows, mut unknown) = (0, Vec::new());
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let [old, new, _] = cells[..] else {
            panic!("not three cells: {line}");
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
