//! The names that expressions may use, checked before the first event.

use std::collections::HashSet;

use compysition_core::{Error, Result};
use minijinja::ErrorKind as EngineErrorKind;

use crate::engine::ENGINE;
use crate::functions::Functions;
use crate::scan::{Used, Word, words};

const NAMES: [&str; 9] = [
    "id",
    "meta_id",
    "service",
    "inbox",
    "attributes",
    "payload",
    "text",
    "http",
    "error",
];

/// Checks the names, functions, filters and tests that a source uses.
pub(crate) fn check(
    source: &str,
    is_template: bool,
    undeclared: &HashSet<String>,
    functions: &Functions,
) -> Result {
    let globals: Vec<String> = ENGINE.globals().map(|(name, _)| name.to_owned()).collect();
    let known = || {
        NAMES
            .into_iter()
            .chain(functions.names())
            .chain(globals.iter().map(|g| &**g))
    };
    let mut unknown: Vec<&str> = undeclared.iter().map(|name| &**name).collect();
    unknown.retain(|name| !known().any(|known| known == *name));
    unknown.sort_unstable();
    if let Some(name) = unknown.first() {
        let hint = match closest(name, known()) {
            Some(close) => format!("did you mean `{close}`?"),
            None => {
                let functions: Vec<String> =
                    functions.names().map(|name| format!("{name}()")).collect();
                let (names, functions) = (NAMES.join(", "), functions.join(", "));
                format!("there are {names} and the functions {functions}")
            }
        };
        return Err(Error::internal(format!(
            "`{source}` names the unknown `{name}`; {hint}"
        )));
    }
    for Word {
        used,
        name,
        argument,
    } in words(source, is_template)
    {
        match used {
            Used::Filter if is_unknown_filter(name) => {
                return Err(Error::internal(format!(
                    "`{source}` uses the unknown filter `{name}`"
                )));
            }
            Used::Test if is_unknown_test(name) => {
                return Err(Error::internal(format!(
                    "`{source}` uses the unknown test `{name}`"
                )));
            }
            Used::Call => functions.check(name, argument.unwrap_or_default())?,
            _ => {}
        }
    }
    Ok(())
}

fn is_unknown_filter(name: &str) -> bool {
    let tried = ENGINE.empty_state().apply_filter(name, &[]);
    tried.is_err_and(|error| error.kind() == EngineErrorKind::UnknownFilter)
}

fn is_unknown_test(name: &str) -> bool {
    let tried = ENGINE.empty_state().perform_test(name, &[]);
    tried.is_err_and(|error| error.kind() == EngineErrorKind::UnknownTest)
}

fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    let (distance, known) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + name.len() / 4).then_some(known)
}
