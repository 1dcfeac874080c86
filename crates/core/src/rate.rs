//! Rates as people write them: `50/s`, `100/m`, `2.5/h`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::TimeSpan;

/// How often something happens, in settings: a number a second, or a number a unit of time.
///
/// ```
/// use std::time::Duration;
/// use compysition_core::Rate;
///
/// let rate: Rate = "100/m".parse().unwrap();
/// assert_eq!(rate.period(), Duration::from_millis(600));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(f64);

impl Rate {
    /// Returns the time from one to the next.
    pub fn period(self) -> Duration {
        Duration::try_from_secs_f64(1.0 / self.0).unwrap_or(Duration::MAX)
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        let wrong = || format!("`{text}` is no rate; write it like 50/s, 100/m or 2.5/h");
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let number: f64 = number.trim().parse().map_err(|_| wrong())?;
        let unit = unit.trim();
        if !unit.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(wrong());
        }
        let unit: TimeSpan = format!("1{unit}").parse().map_err(|_| wrong())?;
        let rate = number / unit.0.as_secs_f64();
        if rate.is_finite() && rate > 0.0 {
            Ok(Rate(rate))
        } else {
            Err(wrong())
        }
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Reads a number or a text, which are the same to people.
struct Written;

impl de::Visitor<'_> for Written {
    type Value = Rate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate, such as 50/s")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Rate, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Rate, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Rate, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Rate, E> {
        text.parse().map_err(E::custom)
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "number"],
            "format": "rate",
            "pattern": r"^\s*\d+(\.\d+)?\s*(/\s*(ms|s|m|min|h|d|w))?\s*$"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let rate = |json: &str| serde_json::from_str::<Rate>(json).unwrap().period();
        assert_eq!(rate("50"), Duration::from_millis(20));
        assert_eq!(rate("\"50/s\""), Duration::from_millis(20));
        assert_eq!(rate("\"2 / m\""), Duration::from_secs(30));
        for text in ["", "0", "-1/s", "1/furlong", "1/", "1/2", "/s", "inf"] {
            let says = text.parse::<Rate>().unwrap_err();
            assert!(says.contains("write it like 50/s"), "{text}");
        }
    }
}
