//! The table of wrong flow files: each with all that is said of it.

use std::path::PathBuf;

use crate::{loader, root};

/// A wrong file, and what is said of it.
pub(crate) struct Case {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) said: String,
}

fn path() -> PathBuf {
    root().join("tests/wrong/table.txt")
}

pub(crate) fn cases() -> Vec<Case> {
    let table = std::fs::read_to_string(path()).unwrap();
    let cases = table.split("\n=== ").skip(1);
    let case = |case: &str| {
        let (title, rest) = case.split_once('\n').unwrap();
        let (text, said) = rest.split_once(">>>\n").unwrap();
        Case {
            title: title.into(),
            text: text.into(),
            said: said.trim_end().into(),
        }
    };
    cases.map(case).collect()
}

/// Returns all that is said of a file, without the directory that the project is in.
fn said(text: &str) -> String {
    let directory = root().join("tests/wrong");
    let found = match loader().load_text(directory.join("flow.yaml"), text) {
        Ok(_) => return "nothing".into(),
        Err(found) => found,
    };
    let mut lines = Vec::new();
    for one in found.iter() {
        let place = match (one.line(), one.column()) {
            (Some(line), Some(column)) => format!("{line}:{column}"),
            _ => "-".into(),
        };
        let other = one.path().filter(|path| !path.ends_with("flow.yaml"));
        let file = other.map_or(String::new(), |path| format!("{}:", path.display()));
        lines.push(format!("{file}{place} {}", one.message()));
        lines.extend(one.help().map(|help| format!("  = {help}")));
    }
    lines
        .join("\n")
        .replace(&format!("{}/", directory.display()), "")
}

#[test]
fn every_mistake_is_told_in_the_words_of_the_table() {
    let cases = cases();
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut blessed = std::fs::read_to_string(path()).unwrap();
    blessed.truncate(blessed.find("\n=== ").unwrap());
    let mut wrong = Vec::new();
    for Case {
        title,
        text,
        said: expected,
    } in cases
    {
        let said = said(&text);
        blessed += &format!("\n=== {title}\n{text}>>>\n{said}\n");
        if said != expected {
            wrong.push(format!(
                "{title}\n  expected:\n{expected}\n  but said was:\n{said}"
            ));
        }
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path(), blessed).unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
