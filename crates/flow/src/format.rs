//! Flow files written anew: the same values and comments, with even spaces, quotes and columns.

mod comments;
mod print;
mod text;
mod tree;

use std::fmt;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::node::{Content, Node};
use crate::parse;
use crate::source::Sources;

/// Why a flow file is left as it is.
#[derive(Clone, Debug)]
pub enum NotFormatted {
    /// It is no YAML.
    Broken(Diagnostics),
    /// It has something that could not be kept.
    Kept {
        /// The line of it, from 1, if it is one.
        line: Option<usize>,
        /// What it is.
        reason: &'static str,
    },
}

/// How often a text is written until it stays the same; twice is rare already.
const ROUNDS: usize = 5;

/// Writes a flow file anew. The result has the same values and the same comments, and stays as it is when it
/// is formatted again; `path` is what messages call the file.
///
/// # Errors
/// If the text is no YAML, or has anchors, tags or anything else that could not be kept.
///
/// ```
/// let text = "actors:\n    one:  {discard}\nconnect: [ 'source->one' ]  # all";
/// let formatted = compysition_flow::format("a.yaml", text).unwrap();
/// assert_eq!(formatted, "actors:\n  one: { discard }\nconnect: [source -> one] # all\n");
/// ```
pub fn format(path: &str, text: &str) -> Result<String, NotFormatted> {
    let documents = parsed(path, text)?;
    let said = comments::of(text, &tree::read(text)?);
    let mut written = text.to_owned();
    for _ in 0..ROUNDS {
        let next = print::print(&written, &tree::read(&written)?);
        if next == written {
            // Whatever the writer overlooked: a file is changed in its looks, or not at all.
            let same = parsed(path, &written).is_ok_and(|own| own == documents);
            let kept = comments::of(&written, &tree::read(&written)?) == said;
            return match same && kept {
                true => Ok(written),
                false => Err(kept_for(None, "its values or comments would change")),
            };
        }
        written = next;
    }
    Err(kept_for(None, "it has no form that stays the same"))
}

fn kept_for(line: Option<usize>, reason: &'static str) -> NotFormatted {
    NotFormatted::Kept { line, reason }
}

/// Reads the values of a text, those of `connect` in their own form.
fn parsed(path: &str, text: &str) -> Result<Vec<Node>, NotFormatted> {
    let mut sources = Sources::default();
    let file = sources.add(path.into(), text.into());
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut documents = parse::parse(file, text, &mut found);
    if !found.is_empty() {
        return Err(NotFormatted::Broken(Diagnostics::new(found, sources)));
    }
    documents.iter_mut().for_each(even_lines);
    Ok(documents)
}

fn even_lines(document: &mut Node) {
    let Content::Map(entries) = &mut document.content else {
        return;
    };
    for entry in entries.iter_mut().filter(|entry| &*entry.key == "connect") {
        let Content::List(lines) = &mut entry.value.content else {
            continue;
        };
        for line in lines {
            match &mut line.content {
                Content::Text(text) => *text = text::connection(text).into(),
                Content::Map(entries) => {
                    for entry in entries {
                        entry.key = text::connection(&entry.key).into();
                    }
                }
                _ => {}
            }
        }
    }
}

impl fmt::Display for NotFormatted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotFormatted::Broken(found) => found.fmt(f),
            NotFormatted::Kept {
                line: Some(line),
                reason,
            } => write!(f, "left as it is: {reason} (line {line})"),
            NotFormatted::Kept { line: None, reason } => write!(f, "left as it is: {reason}"),
        }
    }
}

impl std::error::Error for NotFormatted {}
