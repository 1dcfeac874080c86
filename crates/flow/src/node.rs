//! A YAML document as a tree that knows where everything stands.

use std::sync::Arc;

use crate::source::Span;

/// A value and its place.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) content: Content,
    pub(crate) span: Span,
    /// A plain scalar as it was written: `1e3` is a number, but may have been meant as text.
    pub(crate) raw: Option<Arc<str>>,
    /// Whether it was put in for a `${…}`; what the environment gives has no type of its own, so that
    /// it reads as whatever is asked for.
    pub(crate) given: bool,
    /// Whether it came from a `${secret:…}` or a `${file:…}`.
    pub(crate) secret: bool,
}

#[derive(Clone, PartialEq)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Int(i64),
    /// A whole number beyond [`Content::Int`].
    Big(u64),
    Float(f64),
    Text(Arc<str>),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: Arc<str>,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl PartialEq for Node {
    fn eq(&self, other: &Node) -> bool {
        self.content == other.content
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Entry) -> bool {
        self.key == other.key && self.value == other.value
    }
}

impl Node {
    pub(crate) fn new(content: Content, span: Span) -> Node {
        Node {
            content,
            span,
            raw: None,
            given: false,
            secret: false,
        }
    }

    /// Returns what kind of value this is, for messages.
    pub(crate) fn describe(&self) -> String {
        match &self.content {
            _ if self.secret => "a secret".into(),
            Content::Null => "nothing".into(),
            Content::Bool(_) | Content::Int(_) | Content::Big(_) | Content::Float(_) => {
                format!("`{}`", self.text().unwrap_or_default())
            }
            Content::Text(text) => format!("the text `{text}`"),
            Content::List(_) => "a list".into(),
            Content::Map(_) => "a map".into(),
        }
    }

    /// Returns a scalar as text, as it was written.
    pub(crate) fn text(&self) -> Option<Arc<str>> {
        match (&self.content, &self.raw) {
            (Content::List(_) | Content::Map(_), _) => None,
            (Content::Text(text), _) => Some(text.clone()),
            (_, Some(raw)) => Some(raw.clone()),
            (Content::Null, None) => Some("".into()),
            (Content::Bool(value), None) => Some(value.to_string().into()),
            (Content::Int(value), None) => Some(value.to_string().into()),
            (Content::Big(value), None) => Some(value.to_string().into()),
            (Content::Float(value), None) => Some(value.to_string().into()),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.content == Content::Null
    }

    /// Returns how many values there are in the tree.
    pub(crate) fn size(&self) -> usize {
        match &self.content {
            Content::List(items) => 1 + items.iter().map(Node::size).sum::<usize>(),
            Content::Map(entries) => {
                1 + entries
                    .iter()
                    .map(|entry| entry.value.size())
                    .sum::<usize>()
            }
            _ => 1,
        }
    }

    /// Returns how many levels the tree has.
    pub(crate) fn depth(&self) -> usize {
        let below = match &self.content {
            Content::List(items) => items.iter().map(Node::depth).max(),
            Content::Map(entries) => entries.iter().map(|entry| entry.value.depth()).max(),
            _ => None,
        };
        1 + below.unwrap_or(0)
    }

    /// Returns whether it is a list or a map of nothing.
    pub(crate) fn is_empty(&self) -> bool {
        match &self.content {
            Content::List(items) => items.is_empty(),
            Content::Map(entries) => entries.is_empty(),
            _ => false,
        }
    }

    /// Takes what stands at a place out of a list or map; of a map, returns its key.
    pub(crate) fn remove(&mut self, place: Span) -> Option<Option<Arc<str>>> {
        match &mut self.content {
            Content::List(items) => {
                let index = items.iter().position(|item| item.span == place)?;
                items.remove(index);
                Some(None)
            }
            Content::Map(entries) => {
                let is_meant = |entry: &Entry| entry.key_span == place || entry.value.span == place;
                let index = entries.iter().position(is_meant)?;
                Some(Some(entries.remove(index).key))
            }
            _ => None,
        }
    }
}

/// How many bytes of text may be put in for references.
pub(crate) const MAX_TEXT: usize = 4 << 20;
