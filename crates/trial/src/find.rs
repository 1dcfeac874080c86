//! Finds tests: in files beside flows, and in flows.

use std::path::{Path, PathBuf};

use compysition_flow::{Document, Step};
use serde::de::IgnoredAny;

use crate::case::{Case, TestFile};
use crate::one_or_many::{OneOrMany, Pairs};

/// The tests of one flow.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) document: std::sync::Arc<Document>,
    pub(crate) file: TestFile,
    /// The flow file.
    pub(crate) flow: PathBuf,
}

/// What test files are called.
const ENDING: &str = ".test.yaml";

/// Finds the tests of files, and those below directories.
///
/// # Errors
/// What is wrong with any of them, all together.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Vec<Found>, String> {
    let mut files = Vec::new();
    let mut mistakes = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => walk(path, &mut files, &mut mistakes),
            false => files.push((path.clone(), true)),
        }
    }
    let mut found: Vec<Found> = Vec::new();
    for (path, is_named) in files {
        match tests_of(&path, is_named) {
            Ok(tests) => {
                // A file may be named, and be in a directory that is.
                let is_new = |one: &Found| {
                    !found
                        .iter()
                        .any(|known| known.document.path() == one.document.path())
                };
                let new: Vec<Found> = tests.into_iter().filter(is_new).collect();
                found.extend(new);
            }
            Err(message) => mistakes.push(message),
        }
    }
    match mistakes.is_empty() {
        true => Ok(found),
        false => Err(mistakes.join("\n\n")),
    }
}

fn walk(directory: &Path, files: &mut Vec<(PathBuf, bool)>, mistakes: &mut Vec<String>) {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => return mistakes.push(unreadable(directory, &error)),
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if !name.starts_with('.') {
                walk(&path, files, mistakes);
            }
        } else if name.ends_with(".yaml") || name.ends_with(".yml") {
            files.push((path, false));
        }
    }
}

/// Reads the tests of a file: itself, if it is one of tests, else those in it and beside it.
fn tests_of(path: &Path, is_named: bool) -> Result<Vec<Found>, String> {
    if path.to_string_lossy().ends_with(ENDING) {
        return Ok(vec![beside(path)?]);
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    // What is no flow, or is wrong, is told by who runs it; here it only has no tests.
    let documents = Document::read_all(path, &text);
    let Ok(documents) = documents else {
        return match is_named {
            true => Err(documents.err().map(|e| e.to_string()).unwrap_or_default()),
            false => Ok(Vec::new()),
        };
    };
    let tests = Step::from("tests");
    let mut found = Vec::new();
    let is_flow = |document: &Document| document.has(&["actors".into()]);
    for document in documents {
        let at = std::slice::from_ref(&tests);
        if !is_flow(&document) || !document.has(at) {
            continue;
        }
        let count: Vec<IgnoredAny> = document.read(at).map_err(|e| e.to_string())?;
        let mut tests = cases(&document, count.len())?;
        let name: Option<String> = document.read(&["name".into()]).ok();
        for case in &mut tests {
            case.flow = case.flow.take().or_else(|| name.clone());
        }
        found.push(Found {
            document: document.into(),
            file: TestFile {
                flow: None,
                set: Pairs::default(),
                environment: Pairs::default(),
                mock: Pairs::default(),
                real: OneOrMany::default(),
                tests,
            },
            flow: path.to_owned(),
        });
    }
    if is_named {
        let beside_it = path.with_extension("test.yaml");
        if beside_it.is_file() {
            found.push(beside(&beside_it)?);
        } else if found.is_empty() {
            return Err(format!(
                "`{}` has no tests: write `tests:` in it, or `{}` beside it",
                path.display(),
                beside_it.file_name().unwrap_or_default().to_string_lossy()
            ));
        }
    }
    Ok(found)
}

fn beside(path: &Path) -> Result<Found, String> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let documents = Document::read_all(path, &text).map_err(|error| error.to_string())?;
    let document = documents.into_iter().next();
    let document = document.ok_or_else(|| format!("`{}` is empty", path.display()))?;
    let file: TestFile<IgnoredAny> = document.read(&[]).map_err(|error| error.to_string())?;
    let tests = cases(&document, file.tests.len())?;
    let file = file.with(tests);
    let directory = path.parent().unwrap_or(Path::new(""));
    let flow = match &file.flow {
        Some(flow) => directory.join(flow),
        None => {
            let name = path.to_string_lossy();
            PathBuf::from(format!("{}.yaml", name.trim_end_matches(ENDING)))
        }
    };
    Ok(Found {
        document: document.into(),
        file,
        flow,
    })
}

/// Reads each test for itself, so that what is wrong with several is told at once.
fn cases(document: &Document, count: usize) -> Result<Vec<Case>, String> {
    let mut mistakes = Vec::new();
    let mut cases = Vec::new();
    for number in 0..count {
        let at = |key: Option<&str>| {
            let steps = ["tests".into(), number.into()].into_iter();
            steps.chain(key.map(Step::from)).collect::<Vec<Step>>()
        };
        match document.read::<Case>(&at(None)) {
            Ok(case) if case.can_fail() => cases.push(case),
            Ok(_) => {
                let message = "the test expects nothing, so it cannot fail: write `expect:`";
                let mistake = document.mistake(&at(Some("name")), message.into(), None);
                mistakes.push(mistake.to_string());
            }
            Err(mistake) => mistakes.push(mistake.to_string()),
        }
    }
    match mistakes.is_empty() {
        true => Ok(cases),
        false => Err(mistakes.join("\n\n")),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("`{}` cannot be read: {error}", path.display())
}
