//! Wrong flows with sub-flows: what is said about each, in which file, and where.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod files;
mod ports;
mod settings;

use std::path::Path;

use common::Directory;
use compysition_flow::{Diagnostic, Loader};

/// A file, line and column, the message and part of what follows it.
type Said = (&'static str, usize, usize, &'static str, &'static str);

/// The files, of which the first is loaded; and all that must be said.
type Case = (&'static [(&'static str, &'static str)], &'static [Said]);

const P: &str = "actors: { x: pass }\nconnect: [inbox -> x -> outbox]\n";

/// Uses `p.yaml` between a source and a sink.
const MAIN: &str =
    "actors:\n  n: numbers\n  p: { flow: p.yaml }\n  s: sink\nconnect: [n -> p -> s]\n";

const USED: &str = "note: used by `p` (main.yaml:3:3)";

/// Returns where a mistake is and its text, with the paths as the files name each other.
fn said(one: &Diagnostic, directory: &Directory) -> (String, usize, usize, String, String) {
    let directory = format!("{}/", directory.0.display());
    let short = |text: String| text.replace(&directory, "");
    let path = one.path().map(Path::display).map(|path| path.to_string());
    (
        short(path.unwrap_or_default()),
        one.line().unwrap_or(0),
        one.column().unwrap_or(0),
        short(one.message().to_owned()),
        short(one.to_string()),
    )
}

#[test]
fn every_mistake_is_found_where_it_is() {
    let mut wrong = Vec::new();
    let cases = [files::CASES, settings::CASES, ports::CASES].concat();
    for (number, (files, expected)) in cases.iter().enumerate() {
        let directory = Directory::new(&format!("wrong-sub-{number}"));
        let paths = files.iter().map(|(name, text)| directory.write(name, text));
        let paths: Vec<_> = paths.collect();
        let mut loader = Loader::new(common::registry()).environment(|name| match name {
            "TOKEN" => Some("s3cret".into()),
            "mine" | "VAR" => Some("of the environment".into()),
            _ => None,
        });
        if files.iter().any(|(_, text)| text.contains("${set}")) {
            loader = loader.set("mine", "of the line").set("set", "of the line");
        }
        let found = match loader.load(&paths[0]) {
            Ok(_) => Vec::new(),
            Err(found) => found.iter().map(|one| said(one, &directory)).collect(),
        };
        let fits = |(found, expected): (&(String, usize, usize, String, String), &Said)| {
            let (file, line, column, message, rest) = *expected;
            (found.0.as_str(), found.1, found.2, found.3.as_str()) == (file, line, column, message)
                && found.4.contains(rest)
        };
        if found.len() != expected.len() || !found.iter().zip(*expected).all(fits) {
            wrong.push(format!(
                "{files:#?}\nexpected {expected:#?}\nfound {found:#?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_multiplies_is_refused() {
    let load = |name: &str, files: &[(String, String)]| {
        let directory = Directory::new(name);
        let paths = files.iter().map(|(name, text)| directory.write(name, text));
        let paths: Vec<_> = paths.collect();
        let loader = Loader::new(common::registry()).environment(|_| None);
        loader.load(&paths[0]).unwrap_err().to_string()
    };
    let chain = |text: &dyn Fn(usize) -> String, last: &str, levels: usize| {
        let file = |level| (format!("{level}.yaml"), text(level));
        let mut files: Vec<_> = (0..levels).map(file).collect();
        files.push((format!("{levels}.yaml"), last.to_owned()));
        files
    };
    let deep = |level: usize| format!("actors: {{ a: {{ flow: {}.yaml }} }}\n", level + 1);
    let deep = load("deep", &chain(&deep, P, 30));
    assert!(deep.contains("nested more than 16 deep"), "{deep}");

    let uses = |level: usize| {
        let one = |name: usize| format!("a{name}: {{ flow: {}.yaml }}", level + 1);
        let uses: Vec<String> = (0..10).map(one).collect();
        format!("actors: {{ {} }}\n", uses.join(", "))
    };
    let uses = load("uses", &chain(&uses, P, 10));
    assert!(
        uses.contains("a flow has at most 1000 sub-flows"),
        "{}",
        uses.len()
    );

    let list = vec!["1"; 10_000].join(", ");
    let large = format!("settings: {{ list: [{list}] }}\n{P}");
    let large = load(
        "large",
        &chain(
            &|_| {
                let one = |name: usize| format!("a{name}: {{ flow: 1.yaml }}");
                let uses: Vec<String> = (0..100).map(one).collect();
                format!("actors: {{ {} }}\n", uses.join(", "))
            },
            &large,
            1,
        ),
    );
    assert!(
        large.contains("have more than 500000 values"),
        "{}",
        large.len()
    );

    let ports: Vec<String> = (0..10).map(|port| format!("p{port}")).collect();
    let all = |of: &str| {
        let ports = ports.iter().map(|port| format!("{of}.{port}"));
        ports.collect::<Vec<_>>().join(", ")
    };
    let wide = |level: usize| {
        let from = if level == 0 {
            "n".to_owned()
        } else {
            all("inbox")
        };
        let actors = format!("n: numbers, a: {{ flow: {}.yaml }}", level + 1);
        format!(
            "actors: {{ {actors} }}\nconnect: [\"{from} -> {}\"]\n",
            all("a")
        )
    };
    let last = format!(
        "actors: {{ x: pass }}\nconnect: [\"{} -> x\"]\n",
        all("inbox")
    );
    let wide = load("wide", &chain(&wide, &last, 12));
    assert!(wide.contains("stand for more than 100000 links"), "{wide}");
}
