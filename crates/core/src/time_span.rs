//! Lengths of time as people write them: `250ms`, `1m30s`, `5`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const UNITS: &[(&str, f64)] = &[
    ("ms", 0.001),
    ("s", 1.0),
    ("m", 60.0),
    ("min", 60.0),
    ("h", 3600.0),
    ("d", 86_400.0),
    ("w", 604_800.0),
];

/// A length of time in settings, written as numbers with units (`250ms`, `30s`, `1m30s`, `1.5h`), or as a
/// bare number of seconds. The units are `ms`, `s`, `m` or `min`, `h`, `d` and `w`.
///
/// ```
/// use std::time::Duration;
/// use compysition_core::TimeSpan;
///
/// let span: TimeSpan = "1m30s".parse().unwrap();
/// assert_eq!(span.0, Duration::from_secs(90));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(pub Duration);

impl TimeSpan {
    /// Makes a time of so many seconds.
    pub const fn seconds(seconds: u64) -> TimeSpan {
        TimeSpan(Duration::from_secs(seconds))
    }
}

impl From<Duration> for TimeSpan {
    fn from(duration: Duration) -> TimeSpan {
        TimeSpan(duration)
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Tells that a text is no length of time, and how to write one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTimeSpanError(String);

impl fmt::Display for ParseTimeSpanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no time; write it like 250ms, 30s, 1m30s or 1h",
            self.0
        )
    }
}

impl std::error::Error for ParseTimeSpanError {}

impl FromStr for TimeSpan {
    type Err = ParseTimeSpanError;

    fn from_str(text: &str) -> Result<TimeSpan, ParseTimeSpanError> {
        let seconds = seconds(text.trim());
        let span = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        span.map(TimeSpan)
            .ok_or_else(|| ParseTimeSpanError(text.to_owned()))
    }
}

fn seconds(text: &str) -> Option<f64> {
    if text.is_empty() {
        return None;
    }
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let mut seconds = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = split_at(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, after) = split_at(after.trim_start(), |c| !c.is_ascii_alphabetic());
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds += number.parse::<f64>().ok()? * factor;
        rest = after.trim_start();
    }
    Some(seconds)
}

fn split_at(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

impl<'de> Deserialize<'de> for TimeSpan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TimeSpan, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Reads a number or a text, which are the same to people.
struct Written;

impl de::Visitor<'_> for Written {
    type Value = TimeSpan;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time, such as 250ms, 30s or 1h")
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<TimeSpan, E> {
        self.visit_str(&seconds.to_string())
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<TimeSpan, E> {
        self.visit_str(&seconds.to_string())
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<TimeSpan, E> {
        self.visit_str(&seconds.to_string())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<TimeSpan, E> {
        text.parse().map_err(E::custom)
    }
}

/// Writes it the way that people do, so that a manual shows defaults.
impl Serialize for TimeSpan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for TimeSpan {
    fn schema_name() -> Cow<'static, str> {
        "TimeSpan".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "number"],
            "format": "time span",
            "pattern": r"^\s*(\d+(\.\d+)?\s*(ms|s|m|min|h|d|w)?\s*)+$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let span = |json: &str| serde_json::from_str::<TimeSpan>(json).unwrap().0;
        assert_eq!(span("5"), Duration::from_secs(5));
        assert_eq!(span("0.25"), Duration::from_millis(250));
        assert_eq!(span("\"250ms\""), Duration::from_millis(250));
        assert_eq!(span("\"1m 30s\""), Duration::from_secs(90));
        assert_eq!(span("\"1.5 h\""), Duration::from_secs(5400));
    }

    #[test]
    fn says_how_to_write_it() {
        for text in [
            "",
            " ",
            "-1",
            "soon",
            "1 furlong",
            "1e400",
            "s",
            "1s x",
            "..s",
            "inf",
            "NaN",
            "99999999999999999999w",
        ] {
            let says = text.parse::<TimeSpan>().unwrap_err().to_string();
            assert!(says.contains("write it like 250ms"), "{text}");
        }
    }
}
