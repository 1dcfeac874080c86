//! The files that a flow is read from: each is read once, however often it is used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::diagnostics::Diagnostic;
use crate::node::Node;
use crate::parse;
use crate::values::Shared;

/// The largest file that is read.
const MAX_FILE: u64 = 8 << 20;

/// The files that were read.
#[derive(Default)]
pub(crate) struct Files(BTreeMap<PathBuf, Rc<File>>);

/// What is in a file.
pub(crate) struct File {
    pub(crate) documents: Vec<Node>,
    /// Whether something is wrong with its YAML, which was said when it was read first.
    pub(crate) is_broken: bool,
}

/// Returns a file that another one names.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn open(
    path: &Path,
    shared: &Shared,
    found: &mut Vec<Diagnostic>,
) -> Result<Rc<File>, String> {
    if let Some(file) = shared.files.borrow().0.get(path) {
        return Ok(file.clone());
    }
    let text = read(path)?;
    let mut sources = shared.sources.borrow_mut();
    let number = sources.add(path.to_owned(), text.as_str().into());
    let before = found.len();
    let documents = parse::parse(number, &text, found);
    let file = Rc::new(File {
        documents,
        is_broken: found.len() > before,
    });
    let mut files = shared.files.borrow_mut();
    files.0.insert(path.to_owned(), file.clone());
    Ok(file)
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

/// The files that are being read, each named by the one before.
pub(crate) struct Chain(Vec<PathBuf>);

impl Chain {
    pub(crate) fn of(path: &Path) -> Chain {
        Chain(vec![path.to_owned()])
    }

    /// Goes into a file.
    ///
    /// # Errors
    /// The whole chain in words, if the file is in it already.
    pub(crate) fn enter(&mut self, path: &Path) -> Result<(), String> {
        // The same file may be named in several ways.
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.0.iter().any(|open| real(open) == real(path)) {
            let files = self.0.iter().map(PathBuf::as_path).chain([path]);
            let files: Vec<String> = files.map(|path| path.display().to_string()).collect();
            return Err(files.join(" -> "));
        }
        self.0.push(path.to_owned());
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.0.pop();
    }

    /// Returns how many files are open.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}
