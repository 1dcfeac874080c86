//! The document that an event's payload keeps for the next actor.

use compysition_core::{Error, Payload, Result, XmlTree};
use parking_lot::{Mutex, MutexGuard};

use crate::malformed::malformed;
use crate::{Document, Output, Value, XPath};

/// Holds a document in the slot of a payload, where one actor at a time may use it.
pub struct Tree(Mutex<Content>);

enum Content {
    Parsed(Document),
    Result(Output),
}

impl Tree {
    /// Parses text.
    ///
    /// # Errors
    /// Malformed, with the parser's first complaint, line and column.
    pub fn parse(text: &str) -> Result<Tree> {
        let document = Document::parse(text).map_err(malformed)?;
        Ok(Tree::from(document))
    }

    /// Keeps the result of a transformation, to be written only if its text is asked for.
    pub(crate) fn result(output: Output) -> Tree {
        Tree(Mutex::new(Content::Result(output)))
    }

    /// Calls a function with the document, while nobody else uses it. It must leave the document's
    /// content as it is.
    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Document) -> T) -> T {
        let mut content: MutexGuard<'_, Content> = self.0.lock();
        match &mut *content {
            Content::Parsed(document) => f(document),
            Content::Result(output) => f(output.document()),
        }
    }
}

impl From<Document> for Tree {
    fn from(document: Document) -> Tree {
        Tree(Mutex::new(Content::Parsed(document)))
    }
}

impl XmlTree for Tree {
    fn to_text(&self) -> Result<String> {
        match &*self.0.lock() {
            Content::Parsed(document) => document.to_text(),
            Content::Result(output) => output.to_text(),
        }
        .map_err(malformed)
    }
}

/// Evaluates an expression on a payload. The document of a [`Payload::Xml`] is parsed once and kept.
///
/// # Errors
/// Malformed, if the payload is not well-formed XML; unprocessable, if the expression cannot be evaluated
/// on it.
pub fn evaluate(path: &XPath, payload: &Payload) -> Result<Value> {
    let value = match payload {
        Payload::Xml(xml) => xml
            .tree(Tree::parse)?
            .with(|document| path.evaluate(document)),
        other => path.evaluate(&read(other)?),
    };
    value.map_err(|error| Error::unprocessable(error.to_string()))
}

/// Parses a payload that keeps no tree.
pub(crate) fn read(payload: &Payload) -> Result<Document> {
    let document = match payload {
        Payload::Bytes(bytes) => Document::from_bytes(bytes),
        Payload::Text(text) => Document::parse(text),
        Payload::Xml(xml) => Document::parse(xml.text()?),
        Payload::Empty => {
            return Err(Error::malformed(
                "the event has no payload where XML is needed",
            ));
        }
        Payload::Json(_) => {
            return Err(Error::malformed(
                "the payload is JSON where XML is needed; convert it first",
            ));
        }
    };
    document.map_err(malformed)
}
