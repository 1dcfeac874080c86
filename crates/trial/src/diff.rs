//! What is different between two texts, line by line.

use std::fmt::Write;

/// Beyond so many lines a text is shown as a whole.
const MOST: usize = 2_000;

/// Returns the lines of both texts: those of the first alone with `-`, those of the second alone with `+`.
pub(crate) fn diff(expected: &str, got: &str, in_colour: bool) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), got.lines().collect());
    let mut out = String::new();
    let mut line = |mark: char, text: &str| {
        let (on, off) = match (in_colour, mark) {
            (true, '-') => ("\x1b[31m", "\x1b[0m"),
            (true, '+') => ("\x1b[32m", "\x1b[0m"),
            _ => ("", ""),
        };
        // A string takes all that is written to it.
        let _ = writeln!(out, "{on}{mark} {text}{off}");
    };
    if a.len().max(b.len()) > MOST {
        a.iter().for_each(|text| line('-', text));
        b.iter().for_each(|text| line('+', text));
        return out;
    }
    let longest = common(&a, &b);
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            line(' ', a[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || i < a.len() && longest[i + 1][j] >= longest[i][j + 1] {
            line('-', a[i]);
            i += 1;
        } else {
            line('+', b[j]);
            j += 1;
        }
    }
    out
}

/// Returns how many lines the rests of both from each place on have in common.
fn common(a: &[&str], b: &[&str]) -> Vec<Vec<u32>> {
    let mut longest = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = match a[i] == b[j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_only_what_differs() {
        assert_eq!(
            diff("a\nb\nc", "a\nx\nc\nd", false),
            "  a\n- b\n+ x\n  c\n+ d\n"
        );
        assert_eq!(diff("", "a", true), "\x1b[32m+ a\x1b[0m\n");
        assert_eq!(diff("a", "", false), "- a\n");
    }
}
