//! Makes stylesheets, with what they may read and how far they may go.

use std::path::{Path, PathBuf};

use crate::{Limits, Stylesheet, XmlError};

/// Compiles stylesheets with other settings than the defaults.
///
/// ```
/// # fn main() -> Result<(), compysition_xml::XmlError> {
/// use compysition_xml::{Compiler, Document};
///
/// let stylesheet = Compiler::new().compile(
///     r#"<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
///          <xsl:output omit-xml-declaration="yes"/>
///          <xsl:template match="/"><b><xsl:value-of select="a"/></b></xsl:template>
///        </xsl:stylesheet>"#,
/// )?;
/// let output = stylesheet.transform(&mut Document::parse("<a>1</a>")?, &[])?;
/// assert_eq!(output.to_text()?, "<b>1</b>\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Compiler {
    base: Option<PathBuf>,
    allow: Vec<PathBuf>,
    limits: Limits,
}

impl Compiler {
    /// Makes a compiler with the defaults: a stylesheet reads nothing but itself.
    pub fn new() -> Compiler {
        Compiler::default()
    }

    /// Sets the directory that relative references in an inline stylesheet start from.
    pub fn base(mut self, directory: impl Into<PathBuf>) -> Compiler {
        self.base = Some(directory.into());
        self
    }

    /// Allows `document()`, `xsl:import` and `xsl:include` to read files under a directory.
    pub fn allow(mut self, directory: impl Into<PathBuf>) -> Compiler {
        self.allow.push(directory.into());
        self
    }

    /// Sets how far a transformation may go.
    pub fn limits(mut self, limits: Limits) -> Compiler {
        self.limits = limits;
        self
    }

    /// Compiles a stylesheet from its text.
    ///
    /// # Errors
    /// What libxslt finds wrong in it, with the line.
    pub fn compile(&self, text: &str) -> Result<Stylesheet, XmlError> {
        // A name for messages, which also gives relative references something to start from.
        let url = match &self.base {
            Some(base) => absolute(&base.join("inline"))?,
            None => "inline".to_owned(),
        };
        Stylesheet::compile(&url, text.as_bytes(), true, &self.allow, self.limits)
    }

    /// Compiles a stylesheet from a file.
    ///
    /// # Errors
    /// If the file cannot be read; what libxslt finds wrong in it, with the line.
    pub fn compile_file(&self, path: impl AsRef<Path>) -> Result<Stylesheet, XmlError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| {
            XmlError::new(format!(
                "the stylesheet `{}` cannot be read: {error}",
                path.display()
            ))
        })?;
        Stylesheet::compile(&absolute(path)?, &bytes, false, &self.allow, self.limits)
    }
}

pub(crate) fn absolute(path: &Path) -> Result<String, XmlError> {
    let path = std::path::absolute(path).map_err(|error| {
        XmlError::new(format!(
            "the path `{}` cannot be made absolute: {error}",
            path.display()
        ))
    })?;
    Ok(path.to_string_lossy().into_owned())
}
