//! What a flow file takes from other files.

use std::path::{Path, PathBuf};

use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::node::{Content, Entry, Node};
use crate::parse;
use crate::placing::Given;
use crate::values::{Shared, Values};

/// How many files one flow may include, counting repetitions.
const MAX_FILES: usize = 200;
/// The largest file that is read.
pub(crate) const MAX_FILE: u64 = 8 << 20;

const KEYS: [&str; 6] = [
    "include",
    "settings",
    "defaults",
    "namespaces",
    "nodes",
    "place",
];

/// The shared parts of a flow: its own, and those of the files that it includes, nearest first.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) defaults: Vec<Node>,
    pub(crate) namespaces: Vec<Entry>,
    pub(crate) placing: Given,
    /// The files that are being read, each included by the one before.
    open: Vec<PathBuf>,
    count: usize,
}

impl Parts {
    /// Makes the parts of a file, none of them read yet.
    pub(crate) fn of(path: &Path) -> Parts {
        Parts {
            open: vec![path.to_owned()],
            ..Parts::default()
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
        if self.open.contains(&path) || self.count > MAX_FILES {
            found.push(Diagnostic::new(
                file.span,
                "files include each other without end",
            ));
            return;
        }
        let text = match read(&path) {
            Ok(text) => text,
            Err(message) => {
                found.push(Diagnostic::new(file.span, message));
                return;
            }
        };
        let number = shared
            .sources
            .borrow_mut()
            .add(path.clone(), text.as_str().into());
        let mut documents = parse::parse(number, &text, found);
        if let Some(second) = documents.get(1) {
            found.push(Diagnostic::new(
                second.span,
                "an included file has one document",
            ));
        }
        if documents.is_empty() {
            return;
        }
        let mut entries = fields::entries(documents.swap_remove(0), "an included file", found);
        let base = path.parent().unwrap_or(base);
        self.open.push(path.clone());
        self.take(&mut entries, base, values, shared, found);
        self.open.pop();
        fields::unknown(&entries, &KEYS, found);
    }
}

/// Reads a file of a bounded size.
pub(crate) fn read(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
            _ => error.to_string(),
        };
        format!("`{}` cannot be read: {reason}", path.display())
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MAX_FILE {
        return Err(format!("`{}` is too large for a flow file", path.display()));
    }
    std::fs::read_to_string(path).map_err(failed)
}
