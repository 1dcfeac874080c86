//! What is left out of settings to find the next mistake in them.

use std::sync::Arc;

use crate::node::{Content, Entry, Node};
use crate::source::Span;

/// What was left out of a tree of settings.
#[derive(Default)]
pub(crate) struct LeftOut(Vec<Part>);

struct Part {
    /// The place of what it was in.
    within: Span,
    /// None of the parts of a list.
    key: Option<Arc<str>>,
    /// What was to be done about it.
    hint: Option<String>,
}

impl LeftOut {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether a mistake at a place may come of what was left out there: of a list anything, of a map what the message names,
    /// or what was misspelt.
    pub(crate) fn explains(&self, place: Span, message: &str) -> bool {
        let missing = message.strip_prefix("the setting `");
        let missing = missing.and_then(|rest| rest.strip_suffix("` is missing"));
        self.0.iter().any(|part| {
            let is_meant = || Some(names(part.hint.as_deref()?, missing?));
            let is_named = |key| names(message, key) || is_meant() == Some(true);
            part.within == place && part.key.as_deref().is_none_or(is_named)
        })
    }

    /// Takes the innermost part of a tree out that stands at a place, for which this was to be done. Returns whether there is one.
    pub(crate) fn take(&mut self, node: &mut Node, place: Span, hint: Option<&str>) -> bool {
        let below: Vec<&mut Node> = match &mut node.content {
            Content::List(items) => items.iter_mut().collect(),
            Content::Map(entries) => entries.iter_mut().map(|entry| &mut entry.value).collect(),
            _ => return false,
        };
        for part in below {
            if self.take(part, place, hint) {
                // What had only this may be nothing now that can be read.
                if part.is_empty() {
                    self.note(part.span, None, hint);
                }
                return true;
            }
        }
        let Some(key) = node.remove(place) else {
            return false;
        };
        self.note(node.span, key, hint);
        true
    }

    /// Takes all out of a map that a message names. Returns whether there is any.
    pub(crate) fn take_named(&mut self, node: &mut Node, message: &str) -> bool {
        let within = node.span;
        let Content::Map(entries) = &mut node.content else {
            return false;
        };
        let (named, others): (Vec<Entry>, Vec<Entry>) = std::mem::take(entries)
            .into_iter()
            .partition(|entry| names(message, &entry.key));
        *entries = others;
        let is_less = !named.is_empty();
        for entry in named {
            self.note(within, Some(entry.key), None);
        }
        is_less
    }

    fn note(&mut self, within: Span, key: Option<Arc<str>>, hint: Option<&str>) {
        let hint = hint.map(str::to_owned);
        self.0.push(Part { within, key, hint });
    }
}

/// Returns whether a message has a text in it that is no part of a longer word.
pub(crate) fn names(message: &str, text: &str) -> bool {
    let is_part = |letter: Option<char>| {
        letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    };
    message.match_indices(text).any(|(at, _)| {
        let before = message[..at].chars().next_back();
        let after = message[at + text.len()..].chars().next();
        !is_part(before) && !is_part(after)
    })
}
