//! The result of a transformation.

use crate::sink::Sink;
use crate::{Document, Stylesheet, XmlError, sys};

/// Says how a result is written: `xsl:output`'s method, or its default for the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// As XML.
    Xml,
    /// As HTML.
    Html,
    /// As text without markup.
    Text,
}

/// Holds the result tree of a transformation, and knows how the stylesheet wants it written.
pub struct Output {
    stylesheet: Stylesheet,
    result: Document,
    messages: Vec<String>,
    warnings: Vec<XmlError>,
}

impl Output {
    pub(crate) fn new(stylesheet: Stylesheet, result: Document, sink: Sink) -> Output {
        let (messages, warnings) = sink.into_messages_and_warnings();
        Output {
            stylesheet,
            result,
            messages,
            warnings,
        }
    }

    /// Returns what `xsl:message` said.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// Returns what libxslt complained of without failing.
    pub fn warnings(&self) -> &[XmlError] {
        &self.warnings
    }

    pub(crate) fn take_said(&mut self) -> (Vec<String>, Vec<XmlError>) {
        (
            std::mem::take(&mut self.messages),
            std::mem::take(&mut self.warnings),
        )
    }

    /// Returns the output method.
    pub fn method(&self) -> Method {
        match self.stylesheet.property(sys::METHOD) {
            Some("html" | "xhtml") => Method::Html,
            Some("text") => Method::Text,
            None if self.result.is_html() => Method::Html,
            _ => Method::Xml,
        }
    }

    /// Returns the encoding that the result is written in.
    pub fn encoding(&self) -> &str {
        self.stylesheet.property(sys::ENCODING).unwrap_or("UTF-8")
    }

    /// Returns whether the result is written as UTF-8, or as ASCII, which is UTF-8 too.
    pub fn is_utf8(&self) -> bool {
        let encoding = self.encoding();
        ["UTF-8", "UTF8", "US-ASCII", "ASCII"]
            .iter()
            .any(|name| encoding.eq_ignore_ascii_case(name))
    }

    /// Returns the content type to send the result with, where it is not plain from the method: the
    /// stylesheet names a media type or a foreign encoding, or writes HTML.
    pub fn content_type(&self) -> Option<String> {
        let named = self.stylesheet.property(sys::MEDIA_TYPE);
        let method = self.method();
        if named.is_none() && self.is_utf8() && method != Method::Html {
            return None;
        }
        let media_type = named.unwrap_or(match method {
            Method::Xml => "application/xml",
            Method::Html => "text/html",
            Method::Text => "text/plain",
        });
        // Text types have a default charset that is not UTF-8; XML says its encoding itself.
        let charset = !self.is_utf8() || media_type.starts_with("text/");
        if charset && !media_type.contains("charset") {
            return Some(format!(
                "{media_type}; charset={}",
                self.encoding().to_ascii_lowercase()
            ));
        }
        Some(media_type.to_owned())
    }

    /// Returns whether the result says the same as a tree and as text, so that the next
    /// transformation may take the tree.
    pub fn reads_back(&self) -> bool {
        self.method() == Method::Xml && self.is_utf8() && self.stylesheet.reads_back(&self.result)
    }

    /// Writes the result in its encoding.
    ///
    /// # Errors
    /// If the result cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, XmlError> {
        self.stylesheet
            .write(&self.result)
            .map(|written| written.bytes().to_vec())
    }

    /// Writes the result as text.
    ///
    /// # Errors
    /// If the result cannot be written, or its encoding is not UTF-8.
    pub fn to_text(&self) -> Result<String, XmlError> {
        self.text_as()
    }

    /// Writes the result as text of some type, without a copy between.
    pub(crate) fn text_as<T: for<'a> From<&'a str>>(&self) -> Result<T, XmlError> {
        self.stylesheet.write(&self.result)?.str().map(T::from)
    }

    /// Returns the length that the written result may have.
    pub fn size(&self) -> usize {
        self.result.size()
    }

    /// Returns the result tree.
    pub fn document(&mut self) -> &mut Document {
        &mut self.result
    }
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Output")
            .field("stylesheet", &self.stylesheet)
            .field("result", &self.result)
            .field("messages", &self.messages)
            .finish()
    }
}
