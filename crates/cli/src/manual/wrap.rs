//! Lines of a width.

/// Breaks a text of several paragraphs into lines of a width, each behind a margin. Lines of lists, tables and
/// code stay as they are.
pub(crate) fn wrap(text: &str, margin: &str, width: usize) -> String {
    let mut wrapped = String::new();
    let mut paragraph = Vec::new();
    for line in text.lines() {
        if line.is_empty() || stands_alone(line) {
            fill(&mut paragraph, margin, margin, width, &mut wrapped);
            wrapped += format!("{margin}{line}").trim_end();
            wrapped.push('\n');
        } else {
            paragraph.extend(words(line));
        }
    }
    fill(&mut paragraph, margin, margin, width, &mut wrapped);
    wrapped
}

/// Breaks a paragraph into lines of a width, of which the first has a margin of its own.
pub(crate) fn hang(text: &str, first: &str, margin: &str, width: usize) -> String {
    let mut wrapped = String::new();
    let mut words = words(text);
    fill(&mut words, first, margin, width, &mut wrapped);
    wrapped
}

/// Splits a line into what may stand on lines of its own: words, and code as a whole if it is short.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let mut is_code = false;
        let end = rest.find(|letter: char| {
            is_code ^= letter == '`';
            !is_code && letter.is_whitespace()
        });
        let whole = end.unwrap_or(rest.len());
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let length = if whole <= LONGEST_CODE { whole } else { word };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    words
}

/// How long code may be that is not broken.
const LONGEST_CODE: usize = 60;

fn stands_alone(line: &str) -> bool {
    ["* ", "- ", "|", "    ", "```"]
        .iter()
        .any(|start| line.starts_with(start))
}

fn fill(words: &mut Vec<&str>, first: &str, margin: &str, width: usize, to: &mut String) {
    let mut words = words.drain(..);
    let Some(word) = words.next() else {
        return;
    };
    let mut line = format!("{first}{word}");
    let mut length = line.chars().count();
    for word in words {
        let more = word.chars().count() + 1;
        if length + more > width {
            *to += &line;
            to.push('\n');
            line = format!("{margin}{word}");
            length = line.chars().count();
        } else {
            line = line + " " + word;
            length += more;
        }
    }
    *to += &line;
    to.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_filled_and_keep_their_margin() {
        let text = "one two\nthree four\n\n* five six seven\neight";
        let expected = "  one two\n  three\n  four\n\n  * five six seven\n  eight\n";
        assert_eq!(wrap(text, "  ", 10), expected);
        assert_eq!(hang("a b c d", "- ", "  ", 5), "- a b\n  c d\n");
        assert_eq!(wrap("äöü äöü", "", 7), "äöü äöü\n");
        assert_eq!(wrap("one `two three`.", "", 8), "one\n`two three`.\n");
    }
}
