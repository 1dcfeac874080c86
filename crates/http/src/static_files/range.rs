//! The part of a file that a client wants.

use std::ops::Range;

/// What a header `Range` asks of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    Part(Range<u64>),
    /// Nothing of the file is in the range.
    Nothing,
}

/// Reads a header `Range`. What is no single range of bytes counts as if it were not there, as the
/// standard allows.
pub(super) fn parse(header: Option<&str>, length: u64) -> Wanted {
    let wanted = header.and_then(|header| {
        let (unit, range) = header.split_once('=')?;
        let (first, last) = range.split_once('-')?;
        unit.trim().eq_ignore_ascii_case("bytes").then_some(())?;
        part(first.trim(), last.trim(), length)
    });
    wanted.unwrap_or(Wanted::All)
}

fn part(first: &str, last: &str, length: u64) -> Option<Wanted> {
    if first.is_empty() {
        let count = number(last)?.min(length);
        return Some(match count {
            0 => Wanted::Nothing,
            count => Wanted::Part(length - count..length),
        });
    }
    let start = number(first)?;
    let end = match last {
        "" => length,
        last => {
            let last = number(last)?;
            if last < start {
                return None;
            }
            last.saturating_add(1).min(length)
        }
    };
    Some(match start < length {
        true => Wanted::Part(start..end),
        false => Wanted::Nothing,
    })
}

/// Reads digits; a number that is too large for a file is larger than all files.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use compysition_core::testing::Dice;

    use crate::fuzz::{ROUNDS, text};

    #[test]
    fn any_header_is_within_the_file_or_nothing() {
        let words = [
            "bytes",
            "=",
            "-",
            "0",
            "1",
            "9",
            "99999999999999999999",
            ",",
            " ",
            "+",
            "x",
            "-1",
        ];
        let mut dice = Dice::new(5);
        let mut parts = 0;
        for _ in 0..ROUNDS {
            let header = format!("bytes={}", text(&mut dice, &words, 6));
            let length = dice.roll(100) as u64;
            if let Wanted::Part(part) = parse(Some(&header), length) {
                assert!(part.start < part.end && part.end <= length, "{header}");
                parts += 1;
            }
        }
        assert!(parts > 1000, "{parts}");
    }

    #[test]
    fn single_ranges_are_read() {
        for (header, wanted) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=0-", Wanted::Part(0..10)),
            ("bytes=9-", Wanted::Part(9..10)),
            ("Bytes = 2 - 5", Wanted::Part(2..6)),
            ("bytes=2-999", Wanted::Part(2..10)),
            ("bytes=2-99999999999999999999999", Wanted::Part(2..10)),
            ("bytes=0-18446744073709551615", Wanted::Part(0..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-2", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=", Wanted::All),
            ("bytes=+1-2", Wanted::All),
            ("bytes=1--2", Wanted::All),
            ("bytes=0-1,3-4", Wanted::All),
            ("lines=0-1", Wanted::All),
            ("nonsense", Wanted::All),
            ("", Wanted::All),
        ] {
            assert_eq!(parse(Some(header), 10), wanted, "{header}");
        }
        assert_eq!(parse(None, 10), Wanted::All);
        assert_eq!(parse(Some("bytes=0-"), 0), Wanted::Nothing);
        assert_eq!(parse(Some("bytes=-1"), 0), Wanted::Nothing);
    }
}
