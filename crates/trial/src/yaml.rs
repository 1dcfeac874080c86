//! Values as YAML.

use std::fmt::Write;

use serde_json::Value;

/// Writes a value on one line, which may stand in braces.
pub(crate) fn line(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) if members.is_empty() => out.push_str("{}"),
        Value::Object(members) => {
            out.push_str("{ ");
            for (index, (name, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                match is_plain(name) {
                    true => out.push_str(name),
                    false => write(&Value::String(name.clone()), out),
                }
                out.push_str(": ");
                write(value, out);
            }
            out.push_str(" }");
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(item, out);
            }
            out.push(']');
        }
        // What is text in JSON is text in YAML. A string takes all that is written to it.
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

/// Writes a value where a block may stand: text of several lines as such, indented by so much.
pub(crate) fn block(value: &Value, indent: usize) -> String {
    let Value::String(text) = value else {
        return line(value);
    };
    let is_writable = text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && text.chars().all(|c| !c.is_control() || c == '\n');
    if !is_writable {
        return line(value);
    }
    let margin = " ".repeat(indent);
    let chomping = if text.ends_with('\n') { "" } else { "-" };
    let lines = text.trim_end_matches('\n').lines().map(|line| match line {
        "" => String::new(),
        line => format!("{margin}{line}"),
    });
    let lines: Vec<String> = lines.collect();
    format!("|{chomping}\n{}", lines.join("\n"))
}

/// Returns whether a text can stand as a key without quotes.
pub(crate) fn is_plain(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let means_more = ["true", "false", "null", "yes", "no", "on", "off"];
    begins && text.chars().all(is_word) && !means_more.contains(&text.to_lowercase().as_str())
}
