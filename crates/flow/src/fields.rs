//! The keys of a map that flow files define, as opposed to those of actors.

use crate::diagnostics::Diagnostic;
use crate::node::{Content, Entry, Node};
use crate::suggest;

/// Returns the entries of a map; nothing counts as an empty one.
pub(crate) fn entries(node: Node, what: &str, found: &mut Vec<Diagnostic>) -> Vec<Entry> {
    match node.content {
        Content::Map(entries) => entries,
        Content::Null => Vec::new(),
        _ => {
            let message = format!("{what} must be a map, not {}", node.describe());
            Diagnostic::new(node.span, message).report(found);
            Vec::new()
        }
    }
}

/// Takes an entry out of a map.
pub(crate) fn take(entries: &mut Vec<Entry>, key: &str) -> Option<Entry> {
    let index = entries.iter().position(|entry| &*entry.key == key)?;
    Some(entries.remove(index))
}

/// Returns a text, or reports that it is none.
pub(crate) fn text(node: &Node, what: &str, found: &mut Vec<Diagnostic>) -> Option<String> {
    match (node.text(), node.is_null()) {
        (Some(text), false) => Some(text.to_string()),
        _ => {
            let message = format!("{what} must be text, not {}", node.describe());
            Diagnostic::new(node.span, message).report(found);
            None
        }
    }
}

/// Reports keys that mean nothing.
pub(crate) fn unknown(rest: &[Entry], known: &[&str], found: &mut Vec<Diagnostic>) {
    for entry in rest {
        let message = format!("unknown key `{}`", entry.key);
        let hint = suggest::hint(&entry.key, known.iter().copied());
        found.push(Diagnostic::new(entry.key_span, message).hint(hint));
    }
}
