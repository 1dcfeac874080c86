//! YAML files beside flow files, such as those of tests: read into Rust values, with positions.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::extent;
use crate::node::{Content, Node};
use crate::source::{Sources, Span};
use crate::{parse, settings, suggest};

/// One document of a YAML file, in which everything knows where it stands.
pub struct Document {
    path: PathBuf,
    text: String,
    number: usize,
    root: Node,
    sources: Sources,
}

/// One step on the way to a part of a [`Document`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// To the value of a key.
    Key(String),
    /// To an item of a list, from 0.
    Item(usize),
}

impl Document {
    /// Reads the documents of a text; `path` is what messages call it.
    ///
    /// # Errors
    /// All that is no valid YAML.
    pub fn read_all(path: impl AsRef<Path>, text: &str) -> Result<Vec<Document>, Diagnostics> {
        let mut sources = Sources::default();
        let file = sources.add(path.as_ref().to_owned(), text.into());
        let mut found = Vec::new();
        let roots = parse::parse(file, text, &mut found);
        if !found.is_empty() {
            return Err(Diagnostics::new(found, sources));
        }
        let document = |(number, root)| Document {
            path: path.as_ref().to_owned(),
            text: text.to_owned(),
            number,
            root,
            sources: sources.clone(),
        };
        Ok(roots.into_iter().enumerate().map(document).collect())
    }

    /// Returns the path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the text of the file, as it was when it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a part into a value.
    ///
    /// # Errors
    /// All that does not fit, with the lines.
    pub fn read<T: DeserializeOwned>(&self, at: &[Step]) -> Result<T, Diagnostics> {
        let mut found = Vec::new();
        let read = self
            .node(at)
            .and_then(|node| settings::read(node, &mut found));
        match read {
            Some(value) if found.is_empty() => Ok(value),
            _ => {
                if found.is_empty() {
                    found.push(Diagnostic::new(self.root.span, "something is missing here"));
                }
                Err(Diagnostics::new(found, self.sources.clone()))
            }
        }
    }

    /// Returns whether there is such a part.
    pub fn has(&self, at: &[Step]) -> bool {
        self.node(at).is_some()
    }

    /// Returns the line and the column, from 1, of a part, or of what of the way to it there is.
    pub fn place(&self, at: &[Step]) -> (usize, usize) {
        let span = self.span(at);
        (span.line as usize, span.column as usize)
    }

    /// Says what is wrong with a part, and which of the known names may have been meant if it is a name.
    pub fn mistake(&self, at: &[Step], message: String, known: Option<&[&str]>) -> Diagnostics {
        let hint = known.map(|known| {
            let name = match at.last() {
                Some(Step::Key(name)) => name.as_str(),
                _ => "",
            };
            let known: BTreeSet<&str> = known.iter().copied().collect();
            suggest::hint(name, known)
        });
        let span = match known {
            Some(_) => self.key_span(at),
            None => self.span(at),
        };
        let diagnostic = Diagnostic::new(span, message).hint_if(hint);
        Diagnostics::new(vec![diagnostic], self.sources.clone())
    }

    /// Returns which bytes of the file a value takes, and whether it stands in braces or brackets, where all must be
    /// on one line.
    pub fn extent(&self, at: &[Step]) -> Option<(std::ops::Range<usize>, bool)> {
        extent::of(&self.text, self.number, at)
    }

    fn node(&self, at: &[Step]) -> Option<&Node> {
        let step = |node: Option<&'_ Node>, step: &Step| match (&node?.content, step) {
            (Content::Map(entries), Step::Key(key)) => {
                entries.iter().position(|entry| &*entry.key == key.as_str())
            }
            (Content::List(items), Step::Item(index)) => Some(*index).filter(|i| *i < items.len()),
            _ => None,
        };
        let mut node = &self.root;
        for one in at {
            let index = step(Some(node), one)?;
            node = match &node.content {
                Content::Map(entries) => &entries.get(index)?.value,
                Content::List(items) => items.get(index)?,
                _ => return None,
            };
        }
        Some(node)
    }

    fn span(&self, at: &[Step]) -> Span {
        let known = (0..=at.len()).rev().find_map(|length| {
            let at = &at[..length];
            let node = self.node(at)?;
            // A map in lines of its own begins where its key stands, for people.
            Some(match node.content {
                Content::Map(_) | Content::List(_) => self.key_span(at),
                _ => node.span,
            })
        });
        known.unwrap_or(self.root.span)
    }

    fn key_span(&self, at: &[Step]) -> Span {
        let own = self.node(at).map_or(self.root.span, |node| node.span);
        let Some((Step::Key(key), above)) = at.split_last() else {
            return own;
        };
        match self.node(above).map(|node| &node.content) {
            Some(Content::Map(entries)) => entries
                .iter()
                .find(|entry| &*entry.key == key.as_str())
                .map_or(own, |entry| entry.key_span),
            _ => own,
        }
    }
}

impl From<&str> for Step {
    fn from(key: &str) -> Step {
        Step::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Step {
        Step::Item(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a:\n  - { x: 1, y: \"é\" }\n  - z:\n      text: long\n      more: [1, 2]\n    w: |\n      one\n      two\nb: end\n";

    fn extent(steps: &[Step]) -> (&'static str, bool) {
        let document = &Document::read_all("a.yaml", TEXT).unwrap()[0];
        let (range, is_flow) = document.extent(steps).unwrap();
        (&TEXT[range], is_flow)
    }

    #[test]
    fn parts_know_their_places_and_extents() {
        let a = Step::from("a");
        let item = |index: usize| Step::from(index);
        assert_eq!(extent(&[a.clone(), item(0)]), ("{ x: 1, y: \"é\" }", false));
        assert_eq!(extent(&[a.clone(), item(0), "y".into()]), ("\"é\"", true));
        let z = [a.clone(), item(1), "z".into()];
        assert_eq!(extent(&z), ("text: long\n      more: [1, 2]", false));
        let w = [a.clone(), item(1), "w".into()];
        assert_eq!(extent(&w), ("|\n      one\n      two", false));
        assert_eq!(extent(&["b".into()]), ("end", false));
        let document = &Document::read_all("a.yaml", TEXT).unwrap()[0];
        assert_eq!(document.place(&z), (3, 5));
        assert_eq!(document.place(&["b".into(), "c".into()]), (9, 4));
        assert!(document.has(&w) && !document.has(&[item(1)]));
    }

    #[test]
    fn mistakes_have_places_and_say_what_was_meant() {
        let document = &Document::read_all("a.yaml", TEXT).unwrap()[0];
        let known: &[&str] = &["at", "bat"];
        let wrong = document.mistake(&["b".into()], "no".into(), Some(known));
        let wrong = wrong.to_string();
        assert!(wrong.contains("a.yaml:9:1"), "{wrong}");
        let wrong = document.read::<Vec<u8>>(&["b".into()]).unwrap_err();
        assert!(wrong.to_string().contains("a.yaml:9:4"), "{wrong}");
    }
}
