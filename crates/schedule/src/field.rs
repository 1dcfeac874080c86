//! One field of a cron expression.

use std::fmt;

/// Tells what is wrong with a cron expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCronError {
    pub(crate) expression: String,
    /// Where in the expression it is, in characters from 1.
    pub(crate) column: usize,
    pub(crate) wrong: String,
}

impl fmt::Display for ParseCronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ParseCronError {
            expression,
            column,
            wrong,
        } = self;
        write!(
            f,
            "`{expression}` is no schedule: {wrong} (column {column})"
        )
    }
}

impl std::error::Error for ParseCronError {}

/// What a field may say.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) least: u8,
    pub(crate) most: u8,
    /// Names of the numbers from `least` on.
    pub(crate) names: &'static [&'static str],
}

pub(crate) const SECOND: Kind = plain("second", 0, 59);
pub(crate) const MINUTE: Kind = plain("minute", 0, 59);
pub(crate) const HOUR: Kind = plain("hour", 0, 23);
pub(crate) const DAY: Kind = plain("day", 1, 31);
pub(crate) const MONTH: Kind = Kind {
    name: "month",
    least: 1,
    most: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
/// Sunday is 0 and 7.
pub(crate) const WEEKDAY: Kind = Kind {
    name: "weekday",
    least: 0,
    most: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

const fn plain(name: &'static str, least: u8, most: u8) -> Kind {
    Kind {
        name,
        least,
        most,
        names: &[],
    }
}

/// The numbers that a field allows, one bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    bits: u64,
    /// Whether it begins with `*`, and so does not choose by itself.
    pub(crate) is_open: bool,
    /// Whether it has an `L`: the last day of the month.
    pub(crate) has_last: bool,
}

impl Field {
    pub(crate) fn has(self, number: i8) -> bool {
        self.next(number) == Some(number)
    }

    /// Returns the first number that is at least this one.
    pub(crate) fn next(self, least: i8) -> Option<i8> {
        let rest = self.bits.checked_shr(least.try_into().ok()?)?;
        // Of 64 bits at most: the sum is a small number.
        (rest != 0).then(|| least + rest.trailing_zeros() as i8)
    }

    /// Reads a field.
    ///
    /// # Errors
    /// What is wrong, and the place in the text, in characters from 0.
    pub(crate) fn parse(text: &str, kind: &Kind) -> Result<Field, (usize, String)> {
        let mut field = Field {
            is_open: text.starts_with(['*', '?']),
            ..Field::default()
        };
        let mut at = 0;
        for part in text.split(',') {
            let wrong = |wrong: String| (at, wrong);
            if kind.name == DAY.name && part.eq_ignore_ascii_case("l") {
                field.has_last = true;
            } else {
                field.bits |= numbers(part, kind).map_err(wrong)?;
            }
            at += part.chars().count() + 1;
        }
        if kind.name == WEEKDAY.name && field.bits & (1 << 7) != 0 {
            field.bits = field.bits & !(1 << 7) | 1;
        }
        Ok(field)
    }
}

/// Reads `*`, `7`, `1-5`, each with `/2` behind it or not.
fn numbers(part: &str, kind: &Kind) -> Result<u64, String> {
    let (range, step) = match part.split_once('/') {
        None => (part, None),
        Some((range, step)) => (range, Some(step)),
    };
    let step_by = match step.map(str::parse::<u8>) {
        None => 1,
        Some(Ok(step)) if step > 0 => step,
        Some(_) => return Err(format!("the step of `{part}` must be a number from 1 on")),
    };
    let (from, to) = match range.split_once('-') {
        _ if matches!(range, "*" | "?") => {
            let is_week = kind.name == WEEKDAY.name;
            (kind.least, kind.most - u8::from(is_week))
        }
        Some((from, to)) => (number(from, kind)?, number(to, kind)?),
        None => {
            let from = number(range, kind)?;
            (from, if step.is_some() { kind.most } else { from })
        }
    };
    // `fri-sun` ends with the week.
    let to = match kind.name == WEEKDAY.name && to == 0 && from > 0 {
        true => 7,
        false => to,
    };
    if from > to {
        return Err(format!("`{part}` ends before it begins"));
    }
    let numbers = (from..=to).step_by(step_by.into());
    Ok(numbers.fold(0, |bits, number| bits | 1 << number))
}

fn number(text: &str, kind: &Kind) -> Result<u8, String> {
    let Kind {
        name, least, most, ..
    } = kind;
    let named = kind
        .names
        .iter()
        .position(|name| name.eq_ignore_ascii_case(text));
    if let Some(named) = named {
        return Ok(least + named as u8);
    }
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u8>() {
        Ok(number) if is_number && (*least..=*most).contains(&number) => Ok(number),
        _ if text.is_empty() => Err(format!("a {name} is missing")),
        _ => Err(format!(
            "the {name} `{text}` is not within {least} to {most}"
        )),
    }
}
