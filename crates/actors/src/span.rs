//! Times and rates as people write them: `250ms`, `1m30s`, `5`; `50/s`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

const SECONDS: &[(&str, f64)] = &[
    ("ms", 0.001),
    ("s", 1.0),
    ("m", 60.0),
    ("min", 60.0),
    ("h", 3600.0),
    ("d", 86_400.0),
    ("w", 604_800.0),
];

/// A length of time: a number of seconds, or numbers with units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Span(pub(crate) Duration);

/// How often something happens: a number a second, or a number a unit of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rate(pub(crate) f64);

impl Rate {
    /// Returns the time from one to the next.
    pub(crate) fn period(self) -> Duration {
        Duration::try_from_secs_f64(1.0 / self.0).unwrap_or(Duration::MAX)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Span, String> {
        let wrong = || format!("`{text}` is no time; write it like 250ms, 30s, 1m30s or 1h");
        let mut seconds = 0.0;
        let mut rest = text.trim();
        if let Ok(number) = rest.parse() {
            return Span::seconds(number).ok_or_else(wrong);
        }
        while !rest.is_empty() {
            let (number, after) = split_at(rest, |c| !c.is_ascii_digit() && c != '.');
            let (unit, after) = split_at(after.trim_start(), |c| !c.is_ascii_alphabetic());
            let number: f64 = number.parse().map_err(|_| wrong())?;
            seconds += number * unit_of(unit).ok_or_else(wrong)?;
            rest = after.trim_start();
        }
        if text.trim().is_empty() {
            Err(wrong())
        } else {
            Span::seconds(seconds).ok_or_else(wrong)
        }
    }
}

impl Span {
    fn seconds(seconds: f64) -> Option<Span> {
        Duration::try_from_secs_f64(seconds).ok().map(Span)
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        let wrong = || format!("`{text}` is no rate; write it like 50/s, 100/m or 2.5/h");
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        let rate = number / unit_of(unit.trim()).ok_or_else(wrong)?;
        if rate.is_finite() && rate > 0.0 {
            Ok(Rate(rate))
        } else {
            Err(wrong())
        }
    }
}

fn unit_of(unit: &str) -> Option<f64> {
    SECONDS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, seconds)| *seconds)
}

fn split_at(text: &str, end: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(end).unwrap_or(text.len()))
}

/// Reads a number or a text, which are the same to people.
struct Written<T>(&'static str, std::marker::PhantomData<T>);

impl<T: FromStr<Err = String>> de::Visitor<'_> for Written<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! written {
    ($type:ident $expecting:literal $pattern:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                deserializer.deserialize_any(Written($expecting, std::marker::PhantomData))
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": ["string", "number"], "pattern": $pattern })
            }
        }
    };
}

written!(Span "a time, such as 250ms, 30s or 1h" r"^\s*(\d+(\.\d+)?\s*(ms|s|m|min|h|d|w)?\s*)+$");
written!(Rate "a rate, such as 50/s" r"^\s*\d+(\.\d+)?\s*(/\s*(ms|s|m|min|h|d|w))?\s*$");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let span = |json: &str| serde_json::from_str::<Span>(json).unwrap().0;
        assert_eq!(span("5"), Duration::from_secs(5));
        assert_eq!(span("0.25"), Duration::from_millis(250));
        assert_eq!(span("\"250ms\""), Duration::from_millis(250));
        assert_eq!(span("\"1m 30s\""), Duration::from_secs(90));
        assert_eq!(span("\"1.5 h\""), Duration::from_secs(5400));
        let rate = |json: &str| serde_json::from_str::<Rate>(json).unwrap().period();
        assert_eq!(rate("50"), Duration::from_millis(20));
        assert_eq!(rate("\"50/s\""), Duration::from_millis(20));
        assert_eq!(rate("\"2 / m\""), Duration::from_secs(30));
    }

    #[test]
    fn says_how_to_write_it() {
        for text in ["", "-1", "soon", "1 furlong", "1e400", "s", "1s x"] {
            let says = text.parse::<Span>().unwrap_err();
            assert!(says.contains("write it like 250ms"), "{text}");
        }
        for text in ["", "0", "-1/s", "1/furlong", "/s", "inf"] {
            let says = text.parse::<Rate>().unwrap_err();
            assert!(says.contains("write it like 50/s"), "{text}");
        }
    }
}
