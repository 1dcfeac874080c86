//! The templates of a stylesheet, and which of them a transformation reached.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// A template that has content: what it matches, or its name, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The pattern that it matches, or `name=NAME`; with ` mode=MODE`, if it has one.
    pub called: String,
    /// Where it stands.
    pub place: Place,
}

/// Where a template stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, or what the stylesheet is called.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// The places of the templates that were reached.
pub type Reached = BTreeSet<Place>;

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = Path::new(&self.place.file).file_name();
        let file = file.unwrap_or_default().to_string_lossy();
        write!(f, "template {} ({file}:{})", self.called, self.place.line)
    }
}
