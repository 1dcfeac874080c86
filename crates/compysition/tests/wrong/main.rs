//! Wrong flow files: what is said of each, and that none of a hundred thousand ends in a panic.

// A test may panic; clippy knows tests only by their attribute.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "full")]

mod mutated;
mod schema;
mod table;

use std::path::{Path, PathBuf};

use compysition::flow::Loader;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn loader() -> Loader {
    let loader = Loader::new(compysition::registry())
        .functions(compysition::cli::functions())
        .links(compysition::cli::links());
    loader.environment(|name| match name {
        // What the examples ask for.
        "DB" => Some("sqlite:credit.db".into()),
        "SMTP_PASSWORD" => Some("x".into()),
        _ => None,
    })
}

/// All flow files of the examples and of the tests of whole flows.
fn flows() -> Vec<(PathBuf, String)> {
    let mut open = vec![root().join("examples"), root().join("tests/flows")];
    let mut flows = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|form| form == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            flows.push((path, text));
        }
    }
    flows.sort();
    flows
}
