//! What a flow file takes from other files.

use std::path::Path;

use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::files::{self, Chain};
use crate::node::{Content, Entry, Node};
use crate::placing::Given;
use crate::values::{Shared, Values};

/// How many files one flow may include, counting repetitions.
const MAX_FILES: usize = 200;

const KEYS: [&str; 6] = [
    "include",
    "settings",
    "defaults",
    "namespaces",
    "nodes",
    "place",
];

/// The shared parts of a flow: its own, and those of the files that it includes, nearest first.
pub(crate) struct Parts {
    pub(crate) defaults: Vec<Node>,
    pub(crate) namespaces: Vec<Entry>,
    pub(crate) placing: Given,
    open: Chain,
    count: usize,
}

impl Parts {
    /// Makes the parts of a file, none of them read yet.
    pub(crate) fn of(path: &Path) -> Parts {
        Parts {
            defaults: Vec::new(),
            namespaces: Vec::new(),
            placing: Given::default(),
            open: Chain::of(path),
            count: 0,
        }
    }

    /// Takes the shared parts out of the top of a file, and reads the files that it includes.
    pub(crate) fn take(
        &mut self,
        entries: &mut Vec<Entry>,
        base: &Path,
        values: &mut Values<'_>,
        shared: &Shared,
        found: &mut Vec<Diagnostic>,
    ) {
        if let Some(entry) = fields::take(entries, "settings") {
            values.add_settings(fields::entries(entry.value, "`settings`", found));
        }
        self.defaults
            .extend(fields::take(entries, "defaults").map(|entry| entry.value));
        if let Some(entry) = fields::take(entries, "namespaces") {
            self.namespaces
                .extend(fields::entries(entry.value, "`namespaces`", found));
        }
        self.placing.take(entries);
        let Some(mut include) = fields::take(entries, "include").map(|entry| entry.value) else {
            return;
        };
        values.replace(&mut include, found);
        let files = match include.content {
            Content::List(items) => items,
            Content::Null => Vec::new(),
            _ => vec![include],
        };
        for file in files {
            self.include(&file, base, values, shared, found);
        }
    }

    fn include(
        &mut self,
        file: &Node,
        base: &Path,
        values: &mut Values<'_>,
        shared: &Shared,
        found: &mut Vec<Diagnostic>,
    ) {
        let Some(name) = fields::text(file, "the name of a file to include", found) else {
            return;
        };
        let path = base.join(name);
        self.count += 1;
        let mut fail = |message: String| found.push(Diagnostic::new(file.span, message));
        if self.count > MAX_FILES {
            return fail(format!("more than {MAX_FILES} files are included"));
        }
        if let Err(chain) = self.open.enter(&path) {
            return fail(format!("files include each other without end: {chain}"));
        }
        match files::open(&path, shared, found) {
            Ok(file) => self.take_from(&file.documents, &path, values, shared, found),
            Err(message) => found.push(Diagnostic::new(file.span, message)),
        }
        self.open.leave();
    }

    fn take_from(
        &mut self,
        documents: &[Node],
        path: &Path,
        values: &mut Values<'_>,
        shared: &Shared,
        found: &mut Vec<Diagnostic>,
    ) {
        if let Some(second) = documents.get(1) {
            found.push(Diagnostic::new(
                second.span,
                "an included file has one document",
            ));
        }
        let Some(document) = documents.first() else {
            return;
        };
        let mut entries = fields::entries(document.clone(), "an included file", found);
        let base = path.parent().unwrap_or(Path::new(""));
        self.take(&mut entries, base, values, shared, found);
        fields::unknown(&entries, &KEYS, found);
    }
}
