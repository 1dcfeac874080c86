//! Reads settings: those of actors, and those that flow files themselves define.

use std::collections::BTreeSet;

use compysition_core::{Built, Error, Kind, Spot, Surroundings};
use compysition_expression::Functions;
use serde::de::DeserializeOwned;

use crate::diagnostics::Diagnostic;
use crate::fault::Tracker;
use crate::left_out::{LeftOut, names};
use crate::node::{Content, Entry, Node};
use crate::read::Read;
use crate::source::Span;

/// How many mistakes in one actor's settings are looked for.
const MAX_MISTAKES: usize = 20;

/// Makes an actor.
pub(crate) fn build(
    kind: &Kind,
    settings: &Node,
    secrets: &BTreeSet<String>,
    found: &mut Vec<Diagnostic>,
) -> Option<Built> {
    read_with(settings, secrets, found, |from| kind.build(from))
}

/// What it takes to make an actor again from its settings.
pub(crate) struct Again {
    kind: Kind,
    settings: Node,
    secrets: BTreeSet<String>,
    surroundings: Surroundings,
    functions: Functions,
}

impl Again {
    /// Remembers the settings of an actor that was made just now, in the present surroundings.
    pub(crate) fn new(
        kind: &Kind,
        settings: Node,
        secrets: &BTreeSet<String>,
        functions: Functions,
    ) -> Again {
        Again {
            kind: kind.clone(),
            settings,
            secrets: secrets.clone(),
            surroundings: Surroundings::current(),
            functions,
        }
    }

    /// Makes the actor again.
    ///
    /// # Errors
    /// What is wrong now, such as a file that has gone.
    pub(crate) fn build(&self) -> Result<Built, Error> {
        let tracker = Tracker::default();
        let place = Read {
            node: &self.settings,
            tracker: &tracker,
        };
        let mut erased = <dyn erased_serde::Deserializer<'_>>::erase(place);
        let build = || self.functions.enter(|| self.kind.build(&mut erased));
        let built = self.surroundings.clone().enter(build);
        built.map_err(|error| Error::internal(redact(error.to_string(), &self.secrets)))
    }
}

/// Reads a value of any type.
pub(crate) fn read<T: DeserializeOwned>(settings: &Node, found: &mut Vec<Diagnostic>) -> Option<T> {
    read_with(settings, &BTreeSet::new(), found, |from| {
        erased_serde::deserialize(from)
    })
}

/// Reads a value and reports all mistakes. A deserializer stops at the first; to find the next ones, what the mistake is in is left
/// out and the rest is read again.
fn read_with<T>(
    settings: &Node,
    secrets: &BTreeSet<String>,
    found: &mut Vec<Diagnostic>,
    read: impl Fn(&mut dyn erased_serde::Deserializer<'_>) -> Result<T, erased_serde::Error>,
) -> Option<T> {
    let mut rest = settings.clone();
    let mut left_out = LeftOut::default();
    for _ in 0..MAX_MISTAKES {
        let tracker = Tracker::default();
        let place = Read {
            node: &rest,
            tracker: &tracker,
        };
        let mut erased = <dyn erased_serde::Deserializer<'_>>::erase(place);
        // What an earlier reader left behind is not ours.
        Spot::take();
        let error = match read(&mut erased) {
            Ok(value) => return Some(value).filter(|_| left_out.is_empty()),
            Err(error) => error.to_string(),
        };
        let tracked = tracker.take(&error);
        let (span, hint) = match tracked {
            Some(tracked) => (tracked.span, tracked.hint),
            None => (settings.span, None),
        };
        let whole = span == settings.span;
        // What finds out when all is read knows no place, but names the setting or its value.
        let place = match whole {
            true => about(&rest, &error).unwrap_or(span),
            false => span,
        };
        // What was left out is missing now; that is no mistake of the file.
        if !left_out.explains(span, &error) {
            Diagnostic::new(place, redact(error.clone(), secrets))
                .hint_if(hint.clone())
                .beyond(Spot::take())
                .report(found);
        }
        let is_less = match whole {
            true => left_out.take_named(&mut rest, &error),
            false => left_out.take(&mut rest, span, hint.as_deref()),
        };
        if !is_less {
            return None;
        }
    }
    None
}

/// Returns the place of what a message is about: of the setting that it begins with, or of a value in that; else of a value
/// in any, or of the only setting that it names.
fn about(settings: &Node, message: &str) -> Option<Span> {
    let rest = message.strip_prefix('`');
    let first = rest.and_then(|rest| rest.split_once(['`', ':']));
    if let (Content::Map(entries), Some((first, rest))) = (&settings.content, first)
        && let Some(setting) = entries.iter().find(|entry| &*entry.key == first)
    {
        return quoted(&setting.value, rest).or(Some(setting.key_span));
    }
    quoted(settings, message).or_else(|| named(settings, message))
}

/// Returns the place of the longest text among settings that a message names as a word of its own.
fn quoted(settings: &Node, message: &str) -> Option<Span> {
    let mut best: Option<(usize, Span)> = None;
    let mut open = vec![settings];
    while let Some(node) = open.pop() {
        match &node.content {
            Content::List(items) => open.extend(items),
            Content::Map(entries) => open.extend(entries.iter().map(|entry| &entry.value)),
            Content::Text(text) if !node.secret && text.len() > 2 => {
                let longest = best.map_or(0, |(length, _)| length);
                if text.len() > longest && names(message, text) {
                    best = Some((text.len(), node.span));
                }
            }
            _ => {}
        }
    }
    best.map(|(_, span)| span)
}

/// Returns the place of the setting that a message names, if it is only one.
fn named(settings: &Node, message: &str) -> Option<Span> {
    let Content::Map(entries) = &settings.content else {
        return None;
    };
    let is_named = |entry: &&Entry| {
        let key = format!("`{}", entry.key);
        let mut found = message.match_indices(&key);
        found.any(|(at, _)| names(&message[at + 1..], &entry.key))
    };
    let mut named = entries.iter().filter(is_named);
    let only = named.next().filter(|_| named.next().is_none())?;
    Some(only.key_span)
}

/// Takes secrets out of a message that an actor wrote.
pub(crate) fn redact(message: String, secrets: &BTreeSet<String>) -> String {
    let shown = secrets
        .iter()
        .filter(|secret| secret.len() > 2 && message.contains(&***secret));
    shown.fold(message.clone(), |message, secret| {
        message.replace(&**secret, "***")
    })
}
