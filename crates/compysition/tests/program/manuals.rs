//! The manuals of all actors.

use std::fs;

use compysition::cli::functions;
use compysition_cli::{Manual, PATTERNS, PURPOSES, Program};

use crate::support::{Files, compysition, examples, root};

fn program() -> Program {
    Program::new(compysition::registry()).with_functions(functions())
}

/// Returns what the program prints.
fn printed(args: &[&str]) -> String {
    let output = compysition(args.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_manual_says_what_the_actor_is_for() {
    for manual in program().manuals() {
        let Manual {
            name,
            purpose,
            patterns,
            text,
            ..
        } = manual;
        let purpose = purpose.unwrap_or_else(|| {
            panic!("the doc comment of {name} does not end with `Purpose: P. Patterns: A, B.`")
        });
        let known = PURPOSES.contains(&&*purpose);
        assert!(
            known,
            "{name} is for {purpose}, and not for one of {PURPOSES:?}"
        );
        for pattern in &patterns {
            let known = PATTERNS.contains(&&**pattern);
            assert!(
                known,
                "{name} does {pattern}, which is not one of {PATTERNS:?}"
            );
        }
        assert!(
            !text.contains("Purpose:") && !text.contains("Example:"),
            "{name}: {text}"
        );
    }
}

#[test]
fn every_manual_tells_all_settings() {
    for manual in program().manuals() {
        for setting in &manual.settings {
            assert!(
                !setting.text.is_empty(),
                "{}: {}",
                manual.name,
                setting.name
            );
            assert_ne!(setting.kind, "", "{}: {}", manual.name, setting.name);
        }
    }
}

#[test]
fn every_example_is_a_flow_that_is_right() {
    let files = Files::new();
    // What the examples name.
    files.copy(&examples().join("xml_gateway"));
    files.copy(&root().join("tests/flows/checked"));
    let stylesheet =
        "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'/>";
    files.write("order.xsl", stylesheet);

    for manual in program().manuals() {
        let name = manual.name;
        assert!(manual.example.is_some(), "{name} has no example");
        let shown = printed(&["actors", name]);
        // What it says of the ports is right also where the files of the example are not there.
        let at_files = compysition(["actors", name])
            .current_dir(files.path())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(at_files.stdout).unwrap(), shown);
        let flow = shown.split_once("Example, as a whole flow file\n\n");
        let (_, flow) = flow.unwrap_or_else(|| panic!("{name} has no flow: {shown}"));
        let flow: String = flow
            .lines()
            .map(|line| format!("{}\n", &line[2..]))
            .collect();
        let path = files.write("flow.yaml", &flow);
        let output = compysition(["check"]).arg(path).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        // Their errors need no connection, of which there are notes; and what drops is told to.
        let mut warnings = errors.lines().filter(|line| line.starts_with("warning: "));
        let is_right = warnings.all(|line| line.ends_with("`it` may drop it"));
        assert!(
            output.status.success() && is_right,
            "{name}:\n{flow}\n{errors}"
        );
    }
}

#[test]
fn the_catalogue_is_what_the_code_gives() {
    let page = fs::read_to_string(root().join("docs/guide/actors.md")).unwrap();
    let given = printed(&["actors", "--format", "markdown"]);
    let differs = page
        .lines()
        .zip(given.lines())
        .find(|(old, new)| old != new);
    assert!(
        page == given,
        "docs/guide/actors.md is not what the doc comments say; `make catalogue` writes it anew: {differs:?}"
    );
}
