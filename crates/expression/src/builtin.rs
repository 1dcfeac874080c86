//! The functions that every expression may call.

use compysition_core::{Error, Result, Surroundings, Timestamp};
use serde_json::Value as JsonValue;
use serde_json_path::JsonPath;

use crate::functions::{Call, Functions};

pub(crate) fn add_to(functions: Functions) -> Functions {
    functions
        .with("now", |_| Ok(Some(Timestamp::now().to_string().into())))
        .with("uuid", |_| Ok(Some(uuid()?.into())))
        .with_check("jsonpath", check_path, jsonpath)
}

/// Returns a random UUID (version 4).
fn uuid() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal(format!("no random numbers: {error}")))?;
    let random = u128::from_be_bytes(bytes);
    let bits = random & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    Ok(parts.join("-"))
}

fn parse(path: &str) -> Result<JsonPath> {
    JsonPath::parse(path)
        .map_err(|error| Error::internal(format!("`{path}` is no JSONPath: {error}")))
}

fn check_path(path: &str, _: &Surroundings) -> Result {
    parse(path).map(drop)
}

/// Finds what a path leads to in the payload, or in the second argument.
fn jsonpath(call: &Call<'_>) -> Result<Option<JsonValue>> {
    let text = call.text(0)?;
    let path = parse(text)?;
    let payload;
    let tree = match call.arguments().get(1) {
        Some(tree) => tree,
        None => {
            payload = call.event().json()?;
            &*payload
        }
    };
    let found = path.query(tree);
    if finds_one(text) {
        return Ok(found.first().cloned());
    }
    Ok(Some(found.all().into_iter().cloned().collect()))
}

/// Returns whether a path is singular (RFC 9535 §2.3.5.1): only names and indices, one of each.
fn finds_one(path: &str) -> bool {
    let mut quote = None;
    let mut escaped = false;
    let mut last = ' ';
    for c in path.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => quote = Some(c),
            None if matches!(c, '*' | '?' | ':' | ',') || (c == '.' && last == '.') => {
                return false;
            }
            None => {}
        }
        last = c;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_of_version_4_and_differ() {
        let (one, other) = (uuid().unwrap(), uuid().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), 36);
        assert_eq!(&one[14..15], "4");
        assert!("89ab".contains(&one[19..20]));
    }

    #[test]
    fn only_names_and_indices_find_one() {
        assert!(finds_one("$.a['b, *'][0]"));
        for several in ["$..a", "$.*", "$[1:2]", "$[0,1]", "$[?@.a]"] {
            assert!(!finds_one(several), "{several}");
        }
    }
}
