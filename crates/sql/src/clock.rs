//! Dates and times as ISO 8601 writes them.

/// Microseconds of a second, a day.
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Writes a day, counted from 2000-01-01.
pub(crate) fn date(days: i64) -> String {
    // The civil calendar, counted from 0000-03-01 so that a leap day is the last of its year.
    let days = days + 730_425;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    match year {
        0..=9999 => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:+07}-{month:02}-{day:02}"),
    }
}

/// Writes a time of the day, counted in microseconds.
pub(crate) fn time(micros: i64) -> String {
    let seconds = micros.div_euclid(SECOND);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!(
        "{hour:02}:{minute:02}:{second:02}{}",
        fraction(micros.rem_euclid(SECOND))
    )
}

/// Writes a moment, counted in microseconds from 2000-01-01.
pub(crate) fn moment(micros: i64) -> String {
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    format!("{}T{}", date(days), time(rest))
}

/// Writes the distance of a time zone from UTC, in seconds to the east.
pub(crate) fn offset(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// Writes a span of months, days and microseconds, each of which has its own sign.
pub(crate) fn span(months: i64, days: i64, micros: i64) -> String {
    let mut text = String::from("P");
    let mut part = |value: i64, unit: char| {
        if value != 0 {
            text.push_str(&format!("{value}{unit}"));
        }
    };
    part(months / 12, 'Y');
    part(months % 12, 'M');
    part(days, 'D');
    if micros == 0 && text.len() > 1 {
        return text;
    }
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs() as i128;
    let (minutes, rest) = (micros / 60_000_000, micros % 60_000_000);
    text.push('T');
    for (value, unit) in [(minutes / 60, 'H'), (minutes % 60, 'M')] {
        if value != 0 {
            text.push_str(&format!("{sign}{value}{unit}"));
        }
    }
    if rest != 0 || text.ends_with('T') {
        let fraction = fraction((rest % 1_000_000) as i64);
        text.push_str(&format!("{sign}{}{fraction}S", rest / 1_000_000));
    }
    text
}

fn fraction(micros: i64) -> String {
    match micros {
        0 => String::new(),
        _ if micros % 1000 == 0 => format!(".{:03}", micros / 1000),
        _ => format!(".{micros:06}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(date(0), "2000-01-01");
        assert_eq!(date(59), "2000-02-29");
        assert_eq!(date(60), "2000-03-01");
        assert_eq!(date(-1), "1999-12-31");
        assert_eq!(date(-10_957), "1970-01-01");
        assert_eq!(date(9_527), "2026-01-31");
        assert_eq!(date(2_921_939), "9999-12-31");
        assert_eq!(date(2_921_940), "+010000-01-01");
        assert_eq!(date(-730_486), "-000001-12-31");
    }

    #[test]
    fn moments_have_the_digits_that_they_need() {
        assert_eq!(moment(0), "2000-01-01T00:00:00");
        assert_eq!(moment(-1), "1999-12-31T23:59:59.999999");
        assert_eq!(moment(1_500_000), "2000-01-01T00:00:01.500");
        assert_eq!(offset(-19_800), "-05:30");
    }

    #[test]
    fn spans_leave_out_what_is_nothing() {
        assert_eq!(span(14, 3, 0), "P1Y2M3D");
        assert_eq!(span(0, 0, 0), "PT0S");
        assert_eq!(span(0, 0, 3_661_500_000), "PT1H1M1.500S");
        assert_eq!(span(0, -1, -60_000_000), "P-1DT-1M");
    }
}
