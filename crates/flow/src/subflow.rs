//! Sub-flows as the files that use them have them.

use std::path::Path;
use std::sync::Arc;

use compysition_core::Registry;

use crate::actors;
use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::node::{Content, Entry};
use crate::options;
use crate::source::Span;
use crate::suggest;
use crate::values::Values;

/// The key that stands where an actor has its kind.
pub(crate) const KEY: &str = "flow";

/// The only key beside it that says nothing of how an actor runs.
const DESCRIPTION: &str = "description";

/// One use of a sub-flow.
pub(crate) struct Use {
    pub(crate) name: Arc<str>,
    /// Where the name stands.
    pub(crate) span: Span,
    /// The file, and where it is named; none if that is wrong.
    pub(crate) file: Option<(String, Span)>,
    pub(crate) with: Vec<Entry>,
}

/// Takes the sub-flows out of `actors`.
pub(crate) fn take(
    entries: &mut Vec<Entry>,
    registry: &Registry,
    found: &mut Vec<Diagnostic>,
) -> Vec<Use> {
    let is_use = |entry: &Entry| match &entry.value.content {
        Content::Map(keys) => keys.iter().any(|entry| &*entry.key == KEY),
        Content::Text(text) => &**text == KEY,
        _ => false,
    };
    let (uses, actors) = std::mem::take(entries).into_iter().partition(is_use);
    *entries = actors;
    let uses: Vec<Entry> = uses;
    uses.into_iter()
        .map(|entry| Use::read(entry, registry, found))
        .collect()
}

impl Use {
    fn read(entry: Entry, registry: &Registry, found: &mut Vec<Diagnostic>) -> Use {
        let Entry {
            key: name,
            key_span: span,
            value,
        } = entry;
        actors::check_name(&name, span, found);
        let mut used = Use {
            name,
            span,
            file: None,
            with: Vec::new(),
        };
        let mut keys = match value.content {
            Content::Map(keys) => keys,
            _ => Vec::new(),
        };
        let flow = fields::take(&mut keys, KEY);
        used.check_neighbours(keys, registry, found);
        let place = flow.as_ref().map_or(value.span, |flow| flow.key_span);
        let file = match flow {
            Some(flow) if !matches!(flow.value.content, Content::Map(_)) => Some(flow.value),
            Some(flow) => {
                let mut keys = fields::entries(flow.value, "a sub-flow", found);
                let file = fields::take(&mut keys, "file");
                if let Some(with) = fields::take(&mut keys, "with") {
                    used.with = fields::entries(with.value, "`with`", found);
                }
                fields::unknown(&keys, &["file", "with"], found);
                file.map(|entry| entry.value)
            }
            None => None,
        };
        let Some(file) = file.filter(|file| !file.is_null()) else {
            let message = format!("the sub-flow `{}` has no file", used.name);
            let hint = format!("write `{}: {{ flow: {{ file: … }} }}`", used.name);
            Diagnostic::new(place, message).hint(hint).report(found);
            return used;
        };
        let path = fields::text(&file, "the file of a sub-flow", found);
        used.file = path.map(|path| (path, file.span));
        used
    }

    /// Refuses what is meant for an actor: a sub-flow is expanded, and does not run as one.
    fn check_neighbours(&self, keys: Vec<Entry>, registry: &Registry, found: &mut Vec<Diagnostic>) {
        for Entry {
            key,
            key_span,
            value,
        } in keys
        {
            let (message, hint) = if &*key == DESCRIPTION {
                fields::text(&value, "a description", found);
                continue;
            } else if options::KEYS.contains(&&*key) {
                let message = format!("`{key}` cannot stand beside `flow`, which is no actor");
                (
                    message,
                    "put it to the actors in the sub-flow's file".into(),
                )
            } else if registry.get(&key).is_some() {
                let message = format!(
                    "the actor `{}` has two kinds, `flow` and `{key}`",
                    self.name
                );
                (message, "an actor is exactly one kind".into())
            } else {
                let hint = match suggest::closest(&key, ["file", "with", DESCRIPTION]) {
                    Some(DESCRIPTION) => format!("did you mean `{DESCRIPTION}`?"),
                    Some(inside) => format!("write `flow: {{ {inside}: … }}`"),
                    None => "settings of the sub-flow stand in `with`".into(),
                };
                (format!("unknown key `{key}` beside `flow`"), hint)
            };
            found.push(Diagnostic::new(key_span, message).hint(hint));
        }
    }

    /// Compares what is given with the settings that the sub-flow has; returns none if one is missing.
    pub(crate) fn check_settings(
        &self,
        path: &Path,
        values: &Values<'_>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<()> {
        let known = || values.settings.iter().map(|entry| &*entry.key);
        for entry in &self.with {
            if !known().any(|name| name == &*entry.key) {
                let message = format!("`{}` has no setting `{}`", path.display(), entry.key);
                let hint = suggest::hint(&entry.key, known());
                found.push(Diagnostic::new(entry.key_span, message).hint(hint));
            }
        }
        let mut is_complete = true;
        for needed in values.needed() {
            let name = &needed.key;
            let message = format!("the sub-flow `{}` needs the setting `{name}`", self.name);
            let diagnostic = Diagnostic::new(self.span, message)
                .note(needed.key_span, "it has no value of its own")
                .hint(format!("give it: `with: {{ {name}: … }}`"));
            found.push(diagnostic);
            is_complete = false;
        }
        is_complete.then_some(())
    }
}
