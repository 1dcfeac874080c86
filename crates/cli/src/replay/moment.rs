//! Moments on the command line.

use std::str::FromStr;
use std::time::SystemTime;

use compysition_core::{TimeSpan, Timestamp};

/// A moment in UTC, or the beginning of one: `2026-11-24`, `2026-11-24T08:30`, or `2h` for two hours ago.
/// Moments of one form compare as their texts do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment(String);

impl Moment {
    /// Returns whether a time as letters have it is before this moment.
    pub(crate) fn is_after(&self, time: &str) -> bool {
        time < &*self.0
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        // A number alone would be seconds; it is more likely a year.
        let has_unit = text.ends_with(|c: char| c.is_ascii_lowercase());
        if has_unit && let Ok(TimeSpan(ago)) = text.parse() {
            let moment = SystemTime::now().checked_sub(ago);
            return moment
                .map(|moment| Moment(Timestamp(moment).to_string()))
                .ok_or_else(|| format!("`{text}` ago there was no time yet"));
        }
        const FORM: &str = "0000-00-00T00:00:00.000";
        let bare = text.strip_suffix('Z').unwrap_or(text);
        let fits = |(one, form): (char, char)| match form {
            '0' => one.is_ascii_digit(),
            other => one == other,
        };
        // A whole date at least, and then whole numbers.
        let is_whole = matches!(bare.len(), 10 | 13 | 16 | 19 | 23);
        match is_whole && bare.chars().zip(FORM.chars()).all(fits) {
            true => Ok(Moment(bare.to_owned())),
            false => Err(format!(
                "`{text}` is no moment; write it in UTC like 2026-11-24 or 2026-11-24T08:30, or like 2h for two hours ago"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_may_be_as_coarse_as_a_day() {
        let time = "2020-11-24T08:30:15.250Z";
        let is_after = |text: &str| text.parse::<Moment>().unwrap().is_after(time);
        for before in ["2020-11-24", "2020-11-24T08:30", "2020-11-24T08:30:15Z"] {
            assert!(!is_after(before), "{before}");
        }
        for after in [
            "2020-11-25",
            "2020-11-24T08:31Z",
            "2020-11-24T08:30:15.251",
            "1s",
        ] {
            assert!(is_after(after), "{after}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "today",
            "2026",
            "2026-11-24 08:30",
            "2026-11-24T08:30+01:00",
            "24.11.2026",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
