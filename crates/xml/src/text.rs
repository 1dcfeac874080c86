//! Text that libxml2 wrote.

use crate::XmlError;
use crate::sys::{self, RawText};

/// Owns a buffer of libxml2 until its content is copied out.
pub(crate) struct Written(RawText);

impl Written {
    /// Runs a function of the shim that fills a text and tells whether it did.
    pub(crate) fn by(write: impl FnOnce(*mut RawText) -> std::ffi::c_int) -> Option<Written> {
        let mut text = RawText {
            buffer: std::ptr::null_mut(),
            text: std::ptr::null(),
            length: 0,
        };
        (write(&mut text) != 0 && !text.buffer.is_null()).then(|| Written(text))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        if self.0.text.is_null() {
            return &[];
        }
        // SAFETY: the buffer has this many bytes at this address and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.0.text.cast(), self.0.length) }
    }

    pub(crate) fn str(&self) -> Result<&str, XmlError> {
        std::str::from_utf8(self.bytes())
            .map_err(|error| XmlError::new(format!("what was written is not UTF-8: {error}")))
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // SAFETY: the buffer is ours, and this is its only end.
        unsafe { sys::shim_free_text(self.0.buffer) }
    }
}
