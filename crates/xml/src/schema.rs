//! A compiled schema, shared between threads.

use std::ffi::c_int;
use std::fmt;
use std::path::{Path, PathBuf};
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;

use crate::compiler::absolute;
use crate::policy::Policy;
use crate::sink::Sink;
use crate::sys;
use crate::{Document, XPath, XmlError};

/// Holds an XML Schema (XSD 1.0), compiled once. A clone shares it; threads may share it.
///
/// ```
/// use compysition_xml::{Document, Schema};
///
/// let schema = Schema::from_text(
///     r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
///          <xs:element name="count" type="xs:int"/>
///        </xs:schema>"#,
/// )?;
/// let faults = schema.validate(&Document::parse("<count>x</count>")?, None)?;
/// assert!(faults[0].message().contains("'x' is not a valid value"));
/// # Ok::<(), compysition_xml::XmlError>(())
/// ```
#[derive(Clone)]
pub struct Schema(Arc<Inner>);

struct Inner {
    raw: NonNull<sys::Schema>,
    name: String,
}

// SAFETY: a schema is bound to no thread.
unsafe impl Send for Inner {}
// SAFETY: libxml2 only reads a schema while it validates; what it notes stands in the context of the call.
unsafe impl Sync for Inner {}

impl Schema {
    /// Compiles a schema from its text; it can neither include nor import files.
    ///
    /// # Errors
    /// What libxml2 finds wrong in it, with the line.
    pub fn from_text(text: &str) -> Result<Schema, XmlError> {
        Schema::compile("inline", text.as_bytes(), true, &[])
    }

    /// Compiles a schema from a file; it may include and import files in its directory and below.
    ///
    /// # Errors
    /// If the file cannot be read; what libxml2 finds wrong in it or in what it includes, with file and line.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Schema, XmlError> {
        Schema::from_file_allowing(path.as_ref(), &[])
    }

    /// Compiles a schema from a file; it may include and import files in its directory, in these directories, and
    /// below them.
    ///
    /// # Errors
    /// As [`from_file`](Schema::from_file).
    pub fn from_file_allowing(path: &Path, allow: &[PathBuf]) -> Result<Schema, XmlError> {
        let bytes = std::fs::read(path).map_err(|error| {
            let path = path.display();
            XmlError::new(format!("the schema `{path}` cannot be read: {error}"))
        })?;
        let url = absolute(path)?;
        let own = Path::new(&url).parent().map(Path::to_owned);
        let allow: Vec<PathBuf> = own.into_iter().chain(allow.iter().cloned()).collect();
        Schema::compile(&url, &bytes, false, &allow)
    }

    /// Compiles a schema from its text; references start from a directory, and files may be included and
    /// imported from these directories and below them.
    ///
    /// # Errors
    /// What libxml2 finds wrong in it or in what it includes, with file and line.
    pub fn from_text_allowing(
        text: &str,
        base: &Path,
        allow: &[PathBuf],
    ) -> Result<Schema, XmlError> {
        let url = absolute(&base.join("inline"))?;
        Schema::compile(&url, text.as_bytes(), true, allow)
    }

    fn compile(url: &str, text: &[u8], utf8: bool, allow: &[PathBuf]) -> Result<Schema, XmlError> {
        let policy = Policy::new(url, text, allow)?;
        let mut sink = Sink::new();
        // SAFETY: sink and policy outlive the call, which keeps neither.
        let raw =
            unsafe { sys::shim_schema_compile(sink.as_ptr(), &policy.raw(), c_int::from(utf8)) };
        let Some(raw) = NonNull::new(raw) else {
            return Err(sink.into_error("this is no schema").or_in(url));
        };
        Ok(Schema(Arc::new(Inner {
            raw,
            name: url.to_owned(),
        })))
    }

    /// Validates a document, or the elements in it that an expression selects; returns what is wrong, at most 64
    /// faults, with their lines in the document.
    ///
    /// # Errors
    /// If the expression cannot be evaluated or selects no element.
    pub fn validate(
        &self,
        document: &Document,
        select: Option<&XPath>,
    ) -> Result<Vec<XmlError>, XmlError> {
        let mut sink = Sink::new();
        let mut validate = |selected| {
            // SAFETY: all outlive the call, which keeps none; the document is this thread's, as it is not
            // `Sync`; what is selected is null or lives as long as the call.
            unsafe {
                sys::shim_validate(
                    sink.as_ptr(),
                    self.0.raw.as_ptr(),
                    document.as_ptr(),
                    selected,
                )
            }
        };
        let ended = match select {
            Some(path) => path.find(document, validate)?,
            None => validate(null_mut()),
        };
        match (ended, select) {
            (sys::VALID, _) => Ok(Vec::new()),
            (sys::INVALID, _) => Ok(sink.into_faults()),
            (sys::NOTHING, Some(path)) => {
                let path = path.expression();
                Err(XmlError::new(format!(
                    "`{path}` leads to no element in the document"
                )))
            }
            _ => Err(sink.into_error("the document cannot be validated")),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // SAFETY: the schema is ours, and this is its only end.
        unsafe { sys::shim_free_schema(self.raw.as_ptr()) }
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.0.name).finish()
    }
}
