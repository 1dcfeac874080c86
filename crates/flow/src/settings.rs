//! Makes actors from their settings.

use std::collections::BTreeSet;

use compysition_core::{Built, Kind};

use crate::diagnostics::Diagnostic;
use crate::fault::Tracker;
use crate::node::{Content, Node};
use crate::read::Read;

/// How many mistakes in one actor's settings are looked for.
const MAX_MISTAKES: usize = 20;

/// Makes an actor. A deserializer stops at the first mistake; to find the next ones, the setting with the
/// mistake is left out and the rest is read again.
pub(crate) fn build(
    kind: &Kind,
    settings: &Node,
    secrets: &BTreeSet<String>,
    found: &mut Vec<Diagnostic>,
) -> Option<Built> {
    let mut rest = settings.clone();
    let mut left_out = false;
    for _ in 0..MAX_MISTAKES {
        let tracker = Tracker::default();
        let read = Read {
            node: &rest,
            tracker: &tracker,
        };
        let mut erased = <dyn erased_serde::Deserializer<'_>>::erase(read);
        let error = match kind.build(&mut erased) {
            Ok(built) => return Some(built).filter(|_| !left_out),
            Err(error) => error.to_string(),
        };
        let tracked = tracker.take(&error);
        let (span, hint) = match tracked {
            Some(tracked) => (tracked.span, tracked.hint),
            None => (settings.span, None),
        };
        let whole = span == settings.span;
        // What was left out is missing now; that is no mistake of the file.
        if whole && left_out {
            return None;
        }
        Diagnostic::new(span, redact(error, secrets))
            .hint_if(hint)
            .report(found);
        let Content::Map(entries) = &mut rest.content else {
            return None;
        };
        let before = entries.len();
        entries.retain(|entry| entry.key_span != span && !entry.value.covers(span));
        if whole || entries.len() == before {
            return None;
        }
        left_out = true;
    }
    None
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
