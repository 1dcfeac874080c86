//! What is wrong with a document, a stylesheet or an expression.

use std::fmt;
use std::path::Path;

use compysition_core::Spot;

/// Says what libxml2 or libxslt found wrong, in its own words, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlError {
    message: String,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
    pub(crate) messages: Vec<String>,
}

impl XmlError {
    pub(crate) fn new(message: impl Into<String>) -> XmlError {
        XmlError {
            message: message.into(),
            file: None,
            line: None,
            column: None,
            messages: Vec::new(),
        }
    }

    /// Returns the message, without the position.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the file name of the stylesheet, if the fault is in one. The directory is left out:
    /// clients may see the error, and need not know the machine.
    pub fn file(&self) -> Option<&str> {
        let file = self.file.as_deref()?;
        Path::new(file)
            .file_name()
            .and_then(|name| name.to_str())
            .or(Some(file))
    }

    /// Returns the line, from 1, in the stylesheet or else in the document.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// Returns the column, from 1, where it is known.
    pub fn column(&self) -> Option<u32> {
        self.column
    }

    /// Returns what `xsl:message` said before the failure.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// Replaces the message.
    pub(crate) fn saying(mut self, message: String) -> XmlError {
        self.message = message;
        self
    }

    /// Names the file that the error is in, unless it is known to be in another one.
    pub(crate) fn or_in(mut self, file: &str) -> XmlError {
        self.file.get_or_insert_with(|| file.to_owned());
        self
    }

    /// Names the expression that the error is about, unless the message does.
    pub(crate) fn about(mut self, expression: &str) -> XmlError {
        if !self.message.contains(expression) {
            self.message = format!("{} in `{expression}`", self.message);
        }
        self
    }

    /// Points at its place in a file, if it is in one, for who reads the settings that name the file.
    pub(crate) fn point(&self) {
        if let (Some(file), Some(line)) = (&self.file, self.line) {
            let (path, column) = (file.into(), self.column);
            Spot { path, line, column }.point_at();
        }
    }

    /// Takes over what later faults add: their texts, and a position if there is none yet.
    pub(crate) fn adopt(&mut self, later: impl Iterator<Item = XmlError>) {
        for fault in later {
            if self.line.is_none() && self.file.is_none() {
                self.file = fault.file;
                self.line = fault.line;
                self.column = fault.column;
            }
            if !self.message.contains(&fault.message) {
                self.message.push_str("; ");
                self.message.push_str(&fault.message);
            }
        }
    }
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = self.file() {
            write!(f, "{file}")?;
        }
        if let Some(line) = self.line {
            write!(
                f,
                "{}line {line}",
                if self.file.is_some() { ", " } else { "" }
            )?;
        }
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        if self.file.is_some() || self.line.is_some() {
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for XmlError {}
