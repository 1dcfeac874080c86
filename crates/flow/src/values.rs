//! What `${…}` stands for.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostics::Diagnostic;
use crate::files::Files;
use crate::node::{Content, Entry, MAX_TEXT, Node};
use crate::parse::MAX_SIZE;
use crate::reference::{BadReference, Piece, Reference, What, pieces};
use crate::scalar;
use crate::source::{Sources, Span};
use crate::suggest;

/// How deep references may nest, in defaults and in settings that refer to each other.
const MAX_DEPTH: usize = 16;

/// Looks up a variable of the environment.
pub(crate) type Environment = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Replaces references: by what the command line sets, by the settings of the flow, by the environment.
pub(crate) struct Values<'a> {
    pub(crate) set: &'a BTreeMap<String, String>,
    pub(crate) settings: Vec<Entry>,
    /// What a sub-flow is given, if this is one. Its own settings are nobody else's to set.
    given: Option<Vec<Entry>>,
    pub(crate) environment: &'a Environment,
    /// Relative paths are taken from here.
    pub(crate) base: PathBuf,
    pub(crate) sources: &'a RefCell<Sources>,
    pub(crate) used: &'a RefCell<BTreeSet<String>>,
    kept: &'a RefCell<BTreeSet<String>>,
    /// All secrets that were put in, so that no message shows one.
    pub(crate) secrets: &'a RefCell<BTreeSet<String>>,
    /// Settings whose own references are replaced; `None` while one is at it.
    resolved: BTreeMap<Arc<str>, Option<Node>>,
    /// How much was put in: settings that refer to each other can stand for any amount.
    amount: usize,
    /// How many references are being replaced, one inside of the other.
    depth: usize,
}

/// Says why a reference cannot be replaced.
struct Missing {
    message: String,
    hint: Option<String>,
}

impl From<String> for Missing {
    fn from(message: String) -> Missing {
        Missing {
            message,
            hint: None,
        }
    }
}

impl<'a> Values<'a> {
    pub(crate) fn new(
        set: &'a BTreeMap<String, String>,
        environment: &'a Environment,
        base: PathBuf,
        given: Option<Vec<Entry>>,
        shared: &'a Shared,
    ) -> Values<'a> {
        Values {
            set,
            settings: Vec::new(),
            given,
            environment,
            base,
            sources: &shared.sources,
            used: &shared.used,
            kept: &shared.kept,
            secrets: &shared.secrets,
            resolved: BTreeMap::new(),
            amount: 0,
            depth: 0,
        }
    }

    /// Adds settings; those that are there already win.
    pub(crate) fn add_settings(&mut self, settings: Vec<Entry>) {
        for entry in settings {
            match self.settings.iter_mut().find(|own| own.key == entry.key) {
                Some(own) if own.value.is_null() => own.value = entry.value,
                Some(_) => {}
                None => self.settings.push(entry),
            }
        }
        self.resolved.clear();
    }

    /// Returns what a sub-flow is given for a setting: it was read where it was written, and is not
    /// looked through again.
    fn given(&self, name: &str) -> Option<&Entry> {
        let given = self.given.iter().flatten();
        let mut given = given.filter(|entry| !entry.value.is_null());
        given.find(|entry| &*entry.key == name)
    }

    /// Returns the settings that a sub-flow needs and is not given.
    pub(crate) fn needed(&self) -> impl Iterator<Item = &Entry> {
        let settings = self.settings.iter();
        settings.filter(|own| own.value.is_null() && self.given(&own.key).is_none())
    }

    /// Replaces all references in a tree.
    pub(crate) fn replace(&mut self, node: &mut Node, found: &mut Vec<Diagnostic>) {
        match &mut node.content {
            Content::List(items) => items.iter_mut().for_each(|item| self.replace(item, found)),
            Content::Map(entries) => {
                entries
                    .iter_mut()
                    .for_each(|entry| self.replace(&mut entry.value, found));
            }
            Content::Text(text) if text.contains("${") => {
                let text = text.clone();
                match self.replace_text(&text, node.span, found) {
                    Some(replaced) => *node = replaced,
                    // What is wrong is reported; nothing more is to be found here.
                    None => node.content = Content::Null,
                }
            }
            _ => {}
        }
    }

    fn replace_text(
        &mut self,
        text: &str,
        span: Span,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Node> {
        let within = |place: (usize, usize), sources: &RefCell<Sources>| {
            sources.borrow().within(span, text, place.0, place.1)
        };
        let pieces = match pieces(text) {
            Ok(pieces) => pieces,
            Err(BadReference { message, place }) => {
                found.push(Diagnostic::new(within(place, self.sources), message));
                return None;
            }
        };
        let only = pieces.len() == 1;
        let mut whole = String::new();
        let (mut secret, mut is_whole) = (false, true);
        for piece in pieces {
            let reference = match piece {
                Piece::Text(text) => {
                    whole.push_str(text);
                    continue;
                }
                Piece::Reference(reference) => reference,
            };
            let place = within(reference.place, self.sources);
            self.depth += 1;
            let value = self.value(&reference, place, found);
            self.depth -= 1;
            let mut value = match value {
                Ok(value) => value,
                Err(Missing { message, hint }) => {
                    found.push(Diagnostic::new(place, message).hint_if(hint));
                    is_whole = false;
                    continue;
                }
            };
            self.amount += value.size() + value.text().map_or(0, |text| text.len());
            if self.amount > MAX_TEXT || value.size() > MAX_SIZE {
                found.push(Diagnostic::new(
                    place,
                    "settings that refer to each other grow without end",
                ));
                return None;
            }
            if only {
                value.given = true;
                if value.text().is_some() {
                    value.span = span;
                }
                return Some(value);
            }
            let Some(text) = value.text() else {
                let message = format!(
                    "`{}` is {}, which cannot stand in a text",
                    reference.name,
                    value.describe()
                );
                found.push(Diagnostic::new(place, message));
                is_whole = false;
                continue;
            };
            secret |= value.secret;
            whole.push_str(&text);
        }
        if !is_whole {
            return None;
        }
        let mut node = Node::new(Content::Text(whole.into()), span);
        (node.given, node.secret) = (true, secret);
        Some(node)
    }

    fn value(
        &mut self,
        reference: &Reference<'_>,
        place: Span,
        found: &mut Vec<Diagnostic>,
    ) -> Result<Node, Missing> {
        if self.depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} references are nested").into());
        }
        let value = match reference.what {
            What::Setting => self.setting(reference.name, place, found)?,
            What::Secret => self.secret(reference.name, place)?,
            What::File => self.file(reference, place)?,
        };
        match (value, reference.default) {
            (Some(value), _) => Ok(value),
            (None, Some(default)) => match self.replace_text(default, place, found) {
                Some(mut node) => {
                    if let Content::Text(text) = &node.content {
                        node = plain(&text.clone(), place, node.secret);
                    }
                    Ok(node)
                }
                None => Ok(Node::new(Content::Null, place)),
            },
            (None, None) => Err(self.missing(reference)),
        }
    }

    fn setting(
        &mut self,
        name: &str,
        place: Span,
        found: &mut Vec<Diagnostic>,
    ) -> Result<Option<Node>, Missing> {
        let is_own = self.given.is_some() && self.settings.iter().any(|own| &*own.key == name);
        if is_own && self.set.contains_key(name) {
            self.kept.borrow_mut().insert(name.to_owned());
        }
        if let Some(given) = self.given(name) {
            return Ok(Some(given.value.clone()));
        }
        if let Some(value) = self.set.get(name).filter(|_| !is_own) {
            self.used.borrow_mut().insert(name.to_owned());
            return Ok(Some(plain(value, place, false)));
        }
        match self.resolved.get(name) {
            Some(Some(node)) => return Ok(Some(node.clone())),
            Some(None) => return Err(format!("the setting `{name}` refers to itself").into()),
            None => {}
        }
        let own = self
            .settings
            .iter()
            .find(|entry| &*entry.key == name && !entry.value.is_null());
        if let Some(entry) = own.cloned() {
            self.resolved.insert(entry.key.clone(), None);
            let mut node = entry.value;
            self.replace(&mut node, found);
            self.resolved.insert(entry.key, Some(node.clone()));
            return Ok(Some(node));
        }
        let given = (self.environment)(name).filter(|value| !value.is_empty());
        Ok(given.map(|value| plain(&value, place, false)))
    }

    /// A secret is a variable of the environment, or the content of the file that the variable with
    /// `_FILE` at its end names, as container platforms mount them.
    fn secret(&self, name: &str, place: Span) -> Result<Option<Node>, Missing> {
        let value = match (
            (self.environment)(name),
            (self.environment)(&format!("{name}_FILE")),
        ) {
            (Some(value), _) => value,
            (None, Some(path)) => std::fs::read_to_string(path).map_err(|error| {
                format!("the file that {name}_FILE names cannot be read: {error}")
            })?,
            (None, None) => return Ok(None),
        };
        Ok(Some(self.hidden(value, place)))
    }

    fn file(&self, reference: &Reference<'_>, place: Span) -> Result<Option<Node>, Missing> {
        let path = self.base.join(reference.name);
        match std::fs::read_to_string(&path) {
            Ok(text) if text.len() > MAX_TEXT => {
                Err(format!("the file `{}` is too large to be a setting", path.display()).into())
            }
            Ok(text) => Ok(Some(self.hidden(text, place))),
            Err(_) if reference.default.is_some() => Ok(None),
            Err(error) => {
                Err(format!("the file `{}` cannot be read: {error}", path.display()).into())
            }
        }
    }

    fn hidden(&self, mut text: String, place: Span) -> Node {
        // Editors end a file with a line feed that is no part of the secret.
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        self.secrets.borrow_mut().insert(text.clone());
        Node {
            secret: true,
            ..Node::new(Content::Text(text.into()), place)
        }
    }

    fn missing(&self, reference: &Reference<'_>) -> Missing {
        let name = reference.name;
        if reference.what == What::Secret {
            return Missing {
                message: format!("the secret `{name}` is not given"),
                hint: Some(format!(
                    "set the environment variable {name}, or {name}_FILE to the path of a file that holds it"
                )),
            };
        }
        let declared = self.settings.iter().any(|entry| &*entry.key == name);
        let known = self.settings.iter().map(|entry| &*entry.key);
        let hint = match suggest::closest(name, known).filter(|_| !declared) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!(
                "give it with --set {name}=…, as environment variable, or as ${{{name}:-default}}"
            ),
        };
        Missing {
            message: format!("the setting `{name}` is not given"),
            hint: Some(hint),
        }
    }
}

/// What all flows of one loading share.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) sources: RefCell<Sources>,
    pub(crate) files: RefCell<Files>,
    pub(crate) used: RefCell<BTreeSet<String>>,
    /// Settings of sub-flows that bear the name of one that the command line sets.
    pub(crate) kept: RefCell<BTreeSet<String>>,
    pub(crate) secrets: RefCell<BTreeSet<String>>,
}

/// Reads a value that has no quotes, such as one of the environment.
fn plain(text: &str, span: Span, secret: bool) -> Node {
    let mut node = Node::new(scalar::resolve(text), span);
    (node.raw, node.given, node.secret) = (Some(text.into()), true, secret);
    node
}
