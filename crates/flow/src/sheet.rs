//! What one file says of a flow, with the values put in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use compysition_core::Surroundings;

use crate::actors::{self, Defaults, Entered};
use crate::bounds::{self, Bounds};
use crate::connect::{self, Link};
use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::include::Parts;
use crate::load::Loader;
use crate::node::{Entry, Node};
use crate::placing::Given;
use crate::source::Span;
use crate::subflow::{self, Use};
use crate::values::{Shared, Values};

/// What `compysition test` reads.
pub(crate) const TESTS: &str = "tests";

/// The keys of a file that says what a flow, or a part of one, does.
const KEYS: [&str; 10] = [
    "name",
    "description",
    "include",
    "settings",
    "defaults",
    "namespaces",
    "actors",
    "connect",
    "errors",
    TESTS,
];

/// What is said of a flow as a whole, beside its bounds.
const WHOLE: [&str; 4] = ["log", actors::DEAD_LETTERS, "nodes", "place"];

/// A file of a flow, or of a sub-flow.
pub(crate) struct Sheet {
    pub(crate) span: Span,
    pub(crate) path: PathBuf,
    pub(crate) name: Option<String>,
    pub(crate) actors: Vec<Entered>,
    pub(crate) uses: Vec<Use>,
    pub(crate) links: Vec<Link>,
    /// Whether every line of `connect` could be read.
    pub(crate) is_whole: bool,
    pub(crate) errors: Option<Node>,
    pub(crate) log: Option<Node>,
    pub(crate) dead_letters: Option<Entered>,
    pub(crate) bounds: Bounds,
    pub(crate) placing: Given,
    pub(crate) surroundings: Surroundings,
}

impl Sheet {
    /// Reads a file of a flow, or that of a sub-flow for one use of it; returns none if it is too wrong to look at its wiring.
    pub(crate) fn read(
        document: Node,
        path: &Path,
        used: Option<&Use>,
        loader: &Loader,
        shared: &Shared,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Sheet> {
        let base = path.parent().unwrap_or(Path::new(""));
        let span = document.span;
        let mut entries = fields::entries(document, "a flow file", found);
        let has = |key: &str| entries.iter().any(|entry| &*entry.key == key);
        if has(TESTS) && !has("actors") {
            let message = "this file has tests of a flow, and no flow";
            let hint = "run them with `compysition test`";
            found.push(Diagnostic::new(span, message).hint(hint));
            return None;
        }
        let given = used.map(|used| used.with.clone());
        let environment = &*loader.environment;
        let mut values = Values::new(&loader.set, environment, base.to_owned(), given, shared);
        let mut parts = Parts::of(path);
        parts.take(&mut entries, base, &mut values, shared, found);
        if let Some(used) = used {
            used.check_settings(path, &values, found)?;
            refuse_whole(&mut entries, found);
            std::mem::take(&mut parts.placing).refuse(found);
        }
        let mut placing = std::mem::take(&mut parts.placing);
        placing.each(|node| values.replace(node, found));
        let bounds = Bounds::take(&mut entries, &mut values, found);
        let mut taken = |key: &str, values: &mut Values<'_>, found: &mut Vec<Diagnostic>| {
            let mut entry = fields::take(&mut entries, key)?;
            values.replace(&mut entry.value, found);
            Some(entry)
        };
        let name = taken("name", &mut values, found);
        let description = taken("description", &mut values, found);
        let errors = taken("errors", &mut values, found);
        let log = taken("log", &mut values, found);
        let dead_letters = taken(actors::DEAD_LETTERS, &mut values, found);
        let actors = taken("actors", &mut values, found);
        let mut connect = fields::take(&mut entries, "connect");
        fields::take(&mut entries, TESTS);
        if let Some(entry) = &mut connect {
            connect::replace_values(&mut entry.value, &mut values, found);
        }
        let known = KEYS.into_iter();
        let known: Vec<&str> = match used {
            None => known.chain(WHOLE).chain(bounds::KEYS).collect(),
            Some(_) => known.collect(),
        };
        fields::unknown(&entries, &known, found);
        // A misspelt `connect` is not also many actors that nothing reaches.
        let is_all_known = entries.is_empty() || connect.is_some();
        if let Some(entry) = description {
            fields::text(&entry.value, "a description", found);
        }
        let name = name.and_then(|entry| fields::text(&entry.value, "the name of a flow", found));
        let mut defaults = Defaults::default();
        for mut node in parts.defaults {
            values.replace(&mut node, found);
            defaults.add(node, &loader.registry, found);
        }
        let mut namespaces = BTreeMap::new();
        for mut entry in parts.namespaces {
            values.replace(&mut entry.value, found);
            if let Some(uri) = fields::text(&entry.value, "a namespace", found) {
                namespaces.entry(entry.key.to_string()).or_insert(uri);
            }
        }
        let Some(actors) = actors else {
            Diagnostic::new(span, "the flow has no `actors`").report(found);
            return None;
        };
        let mut actors = fields::entries(actors.value, "`actors`", found);
        let uses = subflow::take(&mut actors, &loader.registry, found);
        let actors = actors::read(actors, &defaults, &loader.registry, found);
        let dead_letters = dead_letters
            .and_then(|entry| actors::dead_letters(entry, &defaults, &loader.registry, found));
        let before = found.len();
        let links =
            connect.map(|entry| connect::links(&entry.value, &shared.sources.borrow(), found));
        Some(Sheet {
            span,
            path: path.to_owned(),
            name,
            actors,
            uses,
            links: links.unwrap_or_default(),
            is_whole: is_all_known && found.len() == before,
            errors: errors.map(|entry| entry.value),
            log: log.map(|entry| entry.value),
            dead_letters,
            bounds,
            placing,
            surroundings: Surroundings {
                base: base.to_owned(),
                namespaces: Arc::new(namespaces),
            },
        })
    }
}

/// Refuses what a sub-flow cannot say, since there is only one of it in a flow.
fn refuse_whole(entries: &mut Vec<Entry>, found: &mut Vec<Diagnostic>) {
    for key in WHOLE.into_iter().chain(bounds::KEYS) {
        if let Some(entry) = fields::take(entries, key) {
            let message = format!("a sub-flow has no `{key}`: that is for the flow as a whole");
            let hint = "put it into the file of the flow that uses this one";
            found.push(Diagnostic::new(entry.key_span, message).hint(hint));
        }
    }
}
