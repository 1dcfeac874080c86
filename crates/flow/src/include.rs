//! What a flow file takes from other files.

use std::path::Path;

use crate::diagnostics::Diagnostic;
use crate::fields::{self, not_available};
use crate::node::{Content, Entry, Node};
use crate::parse;
use crate::values::{Shared, Values};

/// How many files may include each other in a row.
const MAX_DEPTH: usize = 16;
/// The largest file that is read.
pub(crate) const MAX_FILE: u64 = 8 << 20;

const KEYS: [&str; 4] = ["include", "settings", "defaults", "namespaces"];

/// The shared parts of a flow: its own, and those of the files that it includes, nearest first.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) defaults: Vec<Node>,
    pub(crate) namespaces: Vec<Entry>,
}

impl Parts {
    /// Takes the shared parts out of the top of a file, and reads the files that it includes.
    pub(crate) fn take(
        &mut self,
        entries: &mut Vec<Entry>,
        base: &Path,
        values: &mut Values<'_>,
        shared: &Shared,
        found: &mut Vec<Diagnostic>,
    ) {
        self.take_from(entries, base, values, shared, found, 0);
    }

    fn take_from(
        &mut self,
        entries: &mut Vec<Entry>,
        base: &Path,
        values: &mut Values<'_>,
        shared: &Shared,
        found: &mut Vec<Diagnostic>,
        depth: usize,
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
        for key in ["nodes", "place"] {
            if let Some(entry) = fields::take(entries, key) {
                not_available(
                    &format!("`{key}`: a flow in several processes"),
                    entry.key_span,
                    found,
                );
            }
        }
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
            self.include(&file, base, values, shared, found, depth);
        }
    }

    fn include(
        &mut self,
        file: &Node,
        base: &Path,
        values: &mut Values<'_>,
        shared: &Shared,
        found: &mut Vec<Diagnostic>,
        depth: usize,
    ) {
        let Some(name) = fields::text(file, "the name of a file to include", found) else {
            return;
        };
        if depth >= MAX_DEPTH {
            let message = "files include each other without end";
            found.push(Diagnostic::new(file.span, message));
            return;
        }
        let path = base.join(name);
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
        self.take_from(&mut entries, base, values, shared, found, depth + 1);
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
