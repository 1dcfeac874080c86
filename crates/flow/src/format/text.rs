//! How a scalar is written: with quotes only where they are needed, on one line where it can be.

use saphyr_parser::ScalarStyle;

use crate::connect::is_name;
use crate::node::Content;
use crate::scalar;

/// Returns a scalar on one line, if it can stand there.
pub(crate) fn on_one_line(style: ScalarStyle, value: &str, raw: &str) -> Option<String> {
    match style {
        ScalarStyle::Literal | ScalarStyle::Folded => None,
        ScalarStyle::Plain if raw.contains('\n') => {
            (!value.contains('\n')).then(|| value.to_owned())
        }
        ScalarStyle::Plain => Some(raw.to_owned()),
        _ if is_plain(value) => Some(value.to_owned()),
        ScalarStyle::SingleQuoted
            if !value.contains(['"', '\\']) && !value.contains(char::is_control) =>
        {
            Some(format!("\"{value}\""))
        }
        _ => (!raw.contains('\n')).then(|| raw.to_owned()),
    }
}

/// Returns whether a text is the same without quotes, for this YAML and older ones, and for whoever reads it.
fn is_plain(text: &str) -> bool {
    let begins = text.starts_with(|letter: char| letter.is_alphabetic() || "_/".contains(letter));
    let harmless = |letter: char| letter.is_alphanumeric() || "_-./ ".contains(letter);
    let is_text = matches!(scalar::resolve(text), Content::Text(_));
    let old = ["yes", "no", "on", "off", "y", "n"].contains(&&*text.to_lowercase());
    let ends = !text.ends_with(' ') && !text.contains("  ");
    begins && ends && is_text && !old && text.chars().all(harmless)
}

/// Writes the line of a connection with one space around arrows and behind commas.
pub(crate) fn connection(line: &str) -> String {
    let member = |member: &str| member.trim().split('.').all(is_name);
    let group = |group: &str| group.split(',').all(member);
    let is_connection = line.contains("->") && line.split("->").all(group);
    if !is_connection {
        return line.to_owned();
    }
    let even = |group: &str| {
        group
            .split(',')
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(", ")
    };
    line.split("->").map(even).collect::<Vec<_>>().join(" -> ")
}

/// Writes the line of a connection, if the scalar is one.
pub(crate) fn line(value: &str, in_brackets: bool) -> Option<String> {
    let line = connection(value);
    let known = line.contains(" -> ") && line.split(" -> ").all(|group| !group.contains("->"));
    let begins = line.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
    let quoted = (in_brackets && line.contains(',')) || !begins;
    known.then(|| match quoted {
        true => format!("\"{line}\""),
        false => line,
    })
}
