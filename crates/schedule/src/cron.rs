//! Local times in cron's notation.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::field::{self, Field, ParseCronError};

/// Local times in cron's notation: minute, hour, day, month and weekday, or six fields with the second first.
///
/// A field is `*`, a number, a range (`1-5`), each with a step (`*/5`, `8-18/2`) or without, or a list of those. Months
/// and weekdays may be named (`jan`, `mon-fri`); Sunday is 0 and 7; `L` is the last day of a month. A day must be of the
/// month and of the week; if neither field begins with `*`, one of the two is enough. `@hourly`, `@daily`, `@weekly`,
/// `@monthly` and `@yearly` are short for the first moment of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    source: String,
    seconds: Field,
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
}

/// A 29 February may be eight years off (1896 to 1904, 2096 to 2104).
const YEARS: i16 = 9;

const SHORT: &[(&str, &str)] = &[
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
];

impl Cron {
    /// Returns whether it runs through all hours, and so follows the time that passes and not the clock on the wall.
    pub(crate) fn takes_any_hour(&self) -> bool {
        self.hours.is_open && (0..24).all(|hour| self.hours.has(hour))
    }

    /// Returns the first time that is not before this one.
    pub(crate) fn first_from(&self, from: DateTime) -> Option<DateTime> {
        let mut date = from.date();
        let mut least = (from.hour(), from.minute(), from.second());
        let last = date.year() + YEARS;
        while date.year() <= last {
            if !self.months.has(date.month()) {
                date = date.last_of_month().tomorrow().ok()?;
                least = (0, 0, 0);
                continue;
            }
            if self.has_day(date)
                && let Some((hour, minute, second)) = self.first_time(least)
            {
                return Some(date.at(hour, minute, second, 0));
            }
            date = date.tomorrow().ok()?;
            least = (0, 0, 0);
        }
        None
    }

    fn has_day(&self, date: Date) -> bool {
        let is_last = self.days.has_last && date == date.last_of_month();
        let of_month = is_last || self.days.has(date.day());
        let of_week = self.weekdays.has(date.weekday().to_sunday_zero_offset());
        match self.days.is_open || self.weekdays.is_open {
            true => of_month && of_week,
            false => of_month || of_week,
        }
    }

    fn first_time(&self, (hour, minute, second): (i8, i8, i8)) -> Option<(i8, i8, i8)> {
        let first_second = self.seconds.next(0)?;
        if self.hours.has(hour) {
            if self.minutes.has(minute)
                && let Some(second) = self.seconds.next(second)
            {
                return Some((hour, minute, second));
            }
            if let Some(minute) = self.minutes.next(minute + 1) {
                return Some((hour, minute, first_second));
            }
        }
        Some((
            self.hours.next(hour + 1)?,
            self.minutes.next(0)?,
            first_second,
        ))
    }
}

impl FromStr for Cron {
    type Err = ParseCronError;

    fn from_str(source: &str) -> Result<Cron, ParseCronError> {
        let wrong = |at: usize, wrong: String| ParseCronError {
            expression: source.to_owned(),
            column: at + 1,
            wrong,
        };
        let short = SHORT.iter().find(|(name, _)| *name == source.trim());
        let text = short.map_or(source, |(_, long)| long);
        let texts = words(text);
        let kinds = [
            field::SECOND,
            field::MINUTE,
            field::HOUR,
            field::DAY,
            field::MONTH,
            field::WEEKDAY,
        ];
        let texts = match texts.len() {
            5 => [vec![(0, "0")], texts].concat(),
            6 => texts,
            count => {
                let end = texts.get(6).map_or(text.chars().count(), |(at, _)| *at);
                return Err(wrong(
                    end,
                    format!(
                        "it has {count} fields, and not five (minute, hour, day, month, weekday) or six (the second before them)"
                    ),
                ));
            }
        };
        let mut fields = [Field::default(); 6];
        for (field, ((at, text), kind)) in fields.iter_mut().zip(texts.iter().zip(&kinds)) {
            *field = Field::parse(text, kind).map_err(|(place, it)| wrong(at + place, it))?;
        }
        let [seconds, minutes, hours, days, months, weekdays] = fields;
        let cron = Cron {
            source: source.to_owned(),
            seconds,
            minutes,
            hours,
            days,
            months,
            weekdays,
        };
        // Any 400 years have the same days; a whole leap cycle is enough for what has a date at all.
        match cron.first_from(jiff::civil::date(2000, 1, 1).at(0, 0, 0, 0)) {
            Some(_) => Ok(cron),
            None => Err(wrong(
                texts[3].0,
                "no month that it names has such a day, so it never comes".into(),
            )),
        }
    }
}

/// Splits a text at its blanks; each word comes with its place, in characters.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut at = 0;
    for word in text.split(char::is_whitespace) {
        if !word.is_empty() {
            words.push((at, word));
        }
        at += word.chars().count() + 1;
    }
    words
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Cron {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Cron, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Cron {
    fn schema_name() -> Cow<'static, str> {
        "Cron".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "cron" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(cron: &str, from: &str, count: usize) -> Vec<String> {
        let cron: Cron = cron.parse().unwrap();
        let mut from: DateTime = from.parse().unwrap();
        let mut times = Vec::new();
        for _ in 0..count {
            let next = cron.first_from(from).unwrap();
            times.push(next.to_string());
            from = next + jiff::ToSpan::second(1);
        }
        times
    }

    #[test]
    fn tells_the_times_that_are_meant() {
        let cases: &[(&str, &[&str])] = &[
            (
                "*/5 * * * *",
                &[
                    "2026-01-31T23:55:00",
                    "2026-02-01T00:00:00",
                    "2026-02-01T00:05:00",
                ],
            ),
            (
                "*/20 * * * * *",
                &[
                    "2026-01-31T23:54:20",
                    "2026-01-31T23:54:40",
                    "2026-01-31T23:55:00",
                ],
            ),
            (
                "30 4 1,15 * *",
                &[
                    "2026-02-01T04:30:00",
                    "2026-02-15T04:30:00",
                    "2026-03-01T04:30:00",
                ],
            ),
            (
                "0 8-18/4 * * Mon-Fri",
                &[
                    "2026-02-02T08:00:00",
                    "2026-02-02T12:00:00",
                    "2026-02-02T16:00:00",
                ],
            ),
            (
                "0 0 13 * FRI",
                &[
                    "2026-02-06T00:00:00",
                    "2026-02-13T00:00:00",
                    "2026-02-20T00:00:00",
                ],
            ),
            (
                "0 0 */2 * 1",
                &[
                    "2026-02-09T00:00:00",
                    "2026-02-23T00:00:00",
                    "2026-03-09T00:00:00",
                ],
            ),
            (
                "0 0 L * *",
                &[
                    "2026-02-28T00:00:00",
                    "2026-03-31T00:00:00",
                    "2026-04-30T00:00:00",
                ],
            ),
            (
                "0 12 29 feb *",
                &["2028-02-29T12:00:00", "2032-02-29T12:00:00"],
            ),
            ("0 0 * * 7", &["2026-02-01T00:00:00", "2026-02-08T00:00:00"]),
            (
                "0 0 * * fri-sun",
                &[
                    "2026-02-01T00:00:00",
                    "2026-02-06T00:00:00",
                    "2026-02-07T00:00:00",
                ],
            ),
            (
                "5/25 0 1 1 ?",
                &[
                    "2027-01-01T00:05:00",
                    "2027-01-01T00:30:00",
                    "2027-01-01T00:55:00",
                ],
            ),
            ("@monthly", &["2026-02-01T00:00:00", "2026-03-01T00:00:00"]),
        ];
        for (cron, wanted) in cases {
            let times = times(cron, "2026-01-31T23:54:01", wanted.len());
            assert_eq!(times, *wanted, "{cron}");
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let cases = [
            ("* * * *", "it has 4 fields", 8),
            ("* * * * * * *", "it has 7 fields", 13),
            ("*/5 * * 13 *", "the month `13` is not within 1 to 12", 9),
            (
                "0 0  * *  mon,xyz",
                "the weekday `xyz` is not within 0 to 7",
                15,
            ),
            ("0-70 * * * *", "the minute `70` is not within 0 to 59", 1),
            (
                "*/0 * * * *",
                "the step of `*/0` must be a number from 1 on",
                1,
            ),
            ("0 18-8 * * *", "`18-8` ends before it begins", 3),
            ("1,,2 * * * *", "a minute is missing", 3),
            ("+1 * * * *", "the minute `+1` is not", 1),
            ("0 0 30 2 *", "it never comes", 5),
            ("0 0 L/2 * *", "the day `L` is not", 5),
            ("", "it has 0 fields", 1),
        ];
        for (cron, wanted, column) in cases {
            let error = cron.parse::<Cron>().unwrap_err();
            assert!(error.wrong.contains(wanted), "{cron}: {error}");
            assert_eq!(error.column, column, "{cron}: {error}");
        }
    }

    #[test]
    fn any_text_is_a_schedule_or_is_refused() {
        let words = [
            "*", "/", "-", ",", " ", " ", "0", "5", "31", "L", "mon", "jan", "?", "ü", "@",
        ];
        let mut dice: u64 = 7;
        let mut roll = |sides: usize| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            (dice % sides as u64) as usize
        };
        let from = "2026-01-31T23:54:01".parse().unwrap();
        let mut good = 0;
        for _ in 0..100_000 {
            let mut text = String::from("* * * * *");
            for _ in 0..roll(6) {
                let at = roll(text.chars().count() + 1);
                let at = text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
                match roll(4) {
                    0 if at < text.len() => _ = text.remove(at),
                    _ => text.insert_str(at, words[roll(words.len())]),
                }
            }
            match text.parse::<Cron>() {
                Ok(cron) => {
                    assert!(cron.first_from(from).is_some(), "{text}");
                    good += 1;
                }
                Err(error) => assert!(error.column <= text.chars().count() + 1, "{error}"),
            }
        }
        assert!(good > 10_000, "{good}");
    }
}
