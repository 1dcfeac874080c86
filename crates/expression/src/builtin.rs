//! The functions that every expression may call.

use std::time::{SystemTime, UNIX_EPOCH};

use compysition_core::{Error, Result, Surroundings};
use serde_json::Value as JsonValue;
use serde_json_path::JsonPath;

use crate::functions::{Call, Functions};

pub(crate) fn add_to(functions: Functions) -> Functions {
    functions
        .with("now", |_| Ok(Some(now().into())))
        .with("uuid", |_| Ok(Some(uuid()?.into())))
        .with_check("jsonpath", check_path, jsonpath)
}

/// Returns the time in UTC as RFC 3339 writes it, in milliseconds.
fn now() -> String {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Turns days since 1970 into a date; years are counted from March, so that leap days come last.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
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
    fn dates_are_right_around_leap_days() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
        assert_eq!(date(11_017), (2000, 3, 1));
        assert_eq!(date(20_780), (2026, 11, 23));
    }

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
