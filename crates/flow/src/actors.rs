//! The actors of a flow file: each exactly one kind, and the keys that all kinds have.

use std::sync::Arc;

use compysition_core::Registry;

use crate::connect::is_name;
use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::node::{Content, Entry, Node};
use crate::options::{self, Options};
use crate::source::Span;
use crate::{subflow, suggest};

/// An actor as the file has it.
pub(crate) struct Entered {
    pub(crate) name: Arc<str>,
    pub(crate) span: Span,
    /// The kind's name and settings; none if the entry is too wrong to tell.
    pub(crate) kind: Option<(&'static str, Node)>,
    pub(crate) options: Options,
}

/// What holds for all actors, and for all of a kind.
#[derive(Default)]
pub(crate) struct Defaults {
    options: Options,
    kinds: Vec<(&'static str, Vec<Entry>)>,
}

impl Defaults {
    /// Reads `defaults`; what is there already wins.
    pub(crate) fn add(&mut self, node: Node, registry: &Registry, found: &mut Vec<Diagnostic>) {
        let mut entries = fields::entries(node, "`defaults`", found);
        let options = Options::take(&mut entries, found);
        self.options = std::mem::take(&mut self.options).or(&options);
        for entry in entries {
            let Some(kind) = registry.get(&entry.key) else {
                let known = options::KEYS.into_iter().chain(kind_names(registry));
                let hint = suggest::closest(&entry.key, known);
                let message = format!("unknown kind of actor `{}`", entry.key);
                let hint = hint.map(|hint| format!("did you mean `{hint}`?"));
                found.push(Diagnostic::new(entry.key_span, message).hint_if(hint));
                continue;
            };
            let what = format!("the defaults of `{}`", entry.key);
            let settings = fields::entries(entry.value, &what, found);
            self.kinds.push((kind.name(), settings));
        }
    }

    fn complete(&self, kind: &str, settings: &mut Node) {
        let Content::Map(entries) = &mut settings.content else {
            return;
        };
        for (_, defaults) in self.kinds.iter().filter(|(name, _)| *name == kind) {
            for default in defaults {
                if !entries.iter().any(|entry| entry.key == default.key) {
                    entries.push(default.clone());
                }
            }
        }
    }
}

/// Reads `actors`.
pub(crate) fn read(
    entries: Vec<Entry>,
    defaults: &Defaults,
    registry: &Registry,
    found: &mut Vec<Diagnostic>,
) -> Vec<Entered> {
    entries
        .into_iter()
        .map(|entry| actor(entry, defaults, registry, found))
        .collect()
}

/// Reads `dead_letters`: the path of a file, or all settings of the actor of this kind, which it makes.
pub(crate) fn dead_letters(
    entry: Entry,
    defaults: &Defaults,
    registry: &Registry,
    found: &mut Vec<Diagnostic>,
) -> Option<Entered> {
    let Some(kind) = registry.get(DEAD_LETTERS) else {
        let message = format!("this program has no kind of actor `{DEAD_LETTERS}`");
        found.push(Diagnostic::new(entry.key_span, message));
        return None;
    };
    let mut settings = entry.value;
    if !matches!(settings.content, Content::Map(_)) {
        let span = settings.span;
        let path = Entry {
            key: "path".into(),
            key_span: span,
            value: settings,
        };
        settings = Node::new(Content::Map(vec![path]), span);
    }
    defaults.complete(kind.name(), &mut settings);
    Some(Entered {
        name: DEAD_LETTERS.into(),
        span: entry.key_span,
        kind: Some((kind.name(), settings)),
        options: Options::default(),
    })
}

/// The key, the kind and the actor.
pub(crate) const DEAD_LETTERS: &str = "dead_letters";

fn actor(
    entry: Entry,
    defaults: &Defaults,
    registry: &Registry,
    found: &mut Vec<Diagnostic>,
) -> Entered {
    let Entry {
        key: name,
        key_span: span,
        value,
    } = entry;
    check_name(&name, span, found);
    let mut options = Options::default();
    let kind = match value.content {
        Content::Map(mut entries) => {
            options = Options::take(&mut entries, found);
            the_kind(&name, span, entries, registry, found)
        }
        Content::List(_) => {
            let message = format!("an actor is a kind with settings, not {}", value.describe());
            found.push(Diagnostic::new(value.span, message));
            None
        }
        _ => match value.text().filter(|text| !text.is_empty()) {
            Some(text) => known_kind(&text, value.span, registry, found)
                .map(|kind| (kind, Node::new(Content::Map(Vec::new()), value.span))),
            None => {
                let message = format!("the actor `{name}` has no kind");
                let hint = format!("write `{name}: KIND` or `{name}: {{ KIND: {{ … }} }}`");
                found.push(Diagnostic::new(span, message).hint(hint));
                None
            }
        },
    };
    let kind = kind.map(|(kind, mut settings)| {
        defaults.complete(kind, &mut settings);
        (kind, settings)
    });
    let options = options.or(&defaults.options);
    Entered {
        name,
        span,
        kind,
        options,
    }
}

/// Reports what cannot be the name of an actor.
pub(crate) fn check_name(name: &str, span: Span, found: &mut Vec<Diagnostic>) {
    if name == "reply" {
        let message =
            "`reply` stands for the door that an event came in by; no actor can be named so";
        found.push(Diagnostic::new(span, message));
    } else if !is_name(name) {
        let message = format!("`{name}` cannot be the name of an actor");
        found.push(Diagnostic::new(span, message).hint("names have letters, digits, `_` and `-`"));
    }
}

/// Finds the one kind among the keys of an actor.
fn the_kind(
    name: &str,
    span: Span,
    entries: Vec<Entry>,
    registry: &Registry,
    found: &mut Vec<Diagnostic>,
) -> Option<(&'static str, Node)> {
    let (mut kinds, unknown): (Vec<Entry>, Vec<Entry>) = entries
        .into_iter()
        .partition(|entry| registry.get(&entry.key).is_some());
    if kinds.len() > 1 {
        let (first, second) = (&kinds[0].key, &kinds[1]);
        let message = format!(
            "the actor `{name}` has two kinds, `{first}` and `{}`",
            second.key
        );
        found.push(Diagnostic::new(second.key_span, message).hint("an actor is exactly one kind"));
        return None;
    }
    match (kinds.pop(), unknown.first()) {
        (Some(entry), _) => {
            for other in &unknown {
                let message = format!(
                    "unknown key `{}` beside the kind `{}`",
                    other.key, entry.key
                );
                let hint = match suggest::closest(&other.key, options::KEYS) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!(
                        "settings of the kind stand in it: {{ {}: {{ … }} }}",
                        entry.key
                    ),
                };
                found.push(Diagnostic::new(other.key_span, message).hint(hint));
            }
            let kind = registry.get(&entry.key)?.name();
            let mut settings = entry.value;
            if settings.is_null() {
                settings.content = Content::Map(Vec::new());
                settings.raw = None;
            }
            // What is missing is missing from the kind, not from its first setting.
            settings.span = match settings.content {
                Content::Map(_) => entry.key_span,
                _ => settings.span,
            };
            Some((kind, settings))
        }
        (None, Some(_)) => {
            let (options, kinds): (Vec<&Entry>, Vec<&Entry>) = unknown
                .iter()
                .partition(|entry| is_misspelt_option(&entry.key, registry));
            for option in options {
                let message = format!("unknown key `{}`", option.key);
                let hint = suggest::hint(&option.key, options::KEYS);
                found.push(Diagnostic::new(option.key_span, message).hint(hint));
            }
            match kinds.first() {
                Some(kind) => _ = known_kind(&kind.key, kind.key_span, registry, found),
                None => found.push(without_kind(name, span)),
            }
            None
        }
        (None, None) => {
            found.push(without_kind(name, span));
            None
        }
    }
}

fn without_kind(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(span, format!("the actor `{name}` has no kind"))
}

/// Tells whether what is no kind is rather one of the keys that stand beside it.
fn is_misspelt_option(key: &str, registry: &Registry) -> bool {
    let is_near_a_kind = suggest::closest(key, kind_names(registry)).is_some();
    !is_near_a_kind && suggest::closest(key, options::KEYS).is_some()
}

fn known_kind(
    name: &str,
    span: Span,
    registry: &Registry,
    found: &mut Vec<Diagnostic>,
) -> Option<&'static str> {
    if let Some(kind) = registry.get(name) {
        return Some(kind.name());
    }
    let message = format!("unknown kind of actor `{name}`");
    let hint = match suggest::closest(name, kind_names(registry).chain([subflow::KEY])) {
        Some(close) => format!("did you mean `{close}`?"),
        None => "the command `actors` lists all kinds".into(),
    };
    found.push(Diagnostic::new(span, message).hint(hint));
    None
}

fn kind_names(registry: &Registry) -> impl Iterator<Item = &'static str> {
    let names = registry.kinds().map(|kind| kind.name());
    names.chain(registry.aliases().map(|(alias, _)| alias))
}
