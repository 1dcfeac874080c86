//! A parsed XML document.

use std::ffi::{CStr, c_int};
use std::fmt;
use std::ptr::NonNull;

use crate::sink::Sink;
use crate::sys::{self, XmlDoc};
use crate::text::Written;
use crate::{XPath, XmlError};

/// Holds an XML document as libxml2's tree.
///
/// Internal entities are expanded within libxml2's limits on growth; anything outside the document
/// (external entities, DTDs) is never read. Trees deeper than 256 elements are refused.
///
/// It may move between threads, but not be shared: even an XPath evaluation may write into it.
pub struct Document {
    raw: NonNull<XmlDoc>,
    size: usize,
}

// SAFETY: a tree is bound to no thread. It shares at most its dictionary, of which all that is shared
// is a stylesheet's, which nobody writes to any more, and a reference count that libxml2 guards.
unsafe impl Send for Document {}

impl Document {
    /// Parses text. An encoding that it declares is what it once had, and is ignored.
    ///
    /// # Errors
    /// The parser's first complaint with line and column.
    pub fn parse(text: &str) -> Result<Document, XmlError> {
        Document::read(text.as_bytes(), true)
    }

    /// Parses bytes in the encoding that they declare or their byte order mark shows, else UTF-8.
    ///
    /// # Errors
    /// The parser's first complaint with line and column.
    pub fn from_bytes(bytes: &[u8]) -> Result<Document, XmlError> {
        Document::read(bytes, false)
    }

    fn read(bytes: &[u8], utf8: bool) -> Result<Document, XmlError> {
        let mut sink = Sink::new();
        // SAFETY: the bytes and the sink outlive the call, which keeps neither.
        let raw = unsafe {
            sys::shim_parse(
                sink.as_ptr(),
                bytes.as_ptr().cast(),
                bytes.len(),
                std::ptr::null(),
                c_int::from(utf8),
            )
        };
        // SAFETY: what the shim returns is ours alone.
        unsafe { Document::own(raw, bytes.len()) }
            .ok_or_else(|| sink.into_error("the document is not well-formed"))
    }

    /// Takes ownership of a document whose text has, or may have, the given length.
    ///
    /// # Safety
    /// `raw` is null or a document that nobody else uses or frees.
    pub(crate) unsafe fn own(raw: *mut XmlDoc, size: usize) -> Option<Document> {
        NonNull::new(raw).map(|raw| Document { raw, size })
    }

    pub(crate) fn as_ptr(&self) -> *mut XmlDoc {
        self.raw.as_ptr()
    }

    /// Returns the length of the text that the document was made from, as a measure of its size.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Copies the whole tree.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn copy(&self) -> Result<Document, XmlError> {
        // SAFETY: the document lives, and the copy is ours alone.
        unsafe { Document::own(sys::shim_copy_document(self.as_ptr()), self.size) }
            .ok_or_else(|| XmlError::new("the document cannot be copied: out of memory"))
    }

    /// Writes the document as UTF-8 text, with an XML declaration.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn to_text(&self) -> Result<String, XmlError> {
        // SAFETY: the document lives; the text is filled and owned by `Written`.
        let written = Written::by(|text| unsafe { sys::shim_write_document(self.as_ptr(), text) })
            .ok_or_else(|| XmlError::new("the document cannot be written"))?;
        written.str().map(str::to_owned)
    }

    /// Writes the root element alone, without what stands around it.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn root_text(&self) -> Result<String, XmlError> {
        // SAFETY: the document lives; the text is filled and owned by `Written`.
        let written = Written::by(|text| unsafe { sys::shim_write_root(self.as_ptr(), text) })
            .ok_or_else(|| XmlError::new("the root of the document cannot be written"))?;
        written.str().map(str::to_owned)
    }

    /// Copies the elements that an expression leads to, each into a document of its own. It takes along the
    /// namespaces that were declared around it. What is no element is left out.
    ///
    /// # Errors
    /// If the expression cannot be evaluated.
    pub fn parts(&self, path: &XPath) -> Result<Vec<Document>, XmlError> {
        path.find(self, |found| {
            // SAFETY: what was found lives as long as this call, the document longer; only nodes have an
            // index, and each copy is ours alone.
            unsafe {
                let count = match sys::shim_object_kind(found) {
                    sys::NODES => sys::shim_object_length(found),
                    _ => 0,
                };
                (0..count)
                    .filter_map(|index| {
                        Document::own(sys::shim_object_part(found, index), self.size)
                    })
                    .collect()
            }
        })
    }

    /// Returns the root's default namespace, if it has one.
    pub fn default_namespace(&self) -> Option<String> {
        // SAFETY: the document lives, and the text belongs to it, unchanged, until it is copied here.
        unsafe {
            let uri = sys::shim_default_namespace(self.as_ptr());
            (!uri.is_null()).then(|| CStr::from_ptr(uri).to_string_lossy().into_owned())
        }
        .filter(|uri| !uri.is_empty())
    }

    pub(crate) fn is_html(&self) -> bool {
        // SAFETY: the document lives.
        unsafe { sys::shim_is_html(self.as_ptr()) != 0 }
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        // SAFETY: the document is ours, and this is its only end.
        unsafe { sys::shim_free_document(self.as_ptr()) }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_text().as_deref().unwrap_or("?"))
    }
}
