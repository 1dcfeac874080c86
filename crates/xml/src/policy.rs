//! What a stylesheet may read.

use std::ffi::{CString, c_char};
use std::path::{Path, PathBuf};

use crate::XmlError;
use crate::sys::RawPolicy;

/// Holds a stylesheet's own text, which it may read again as `document('')`, and the directories
/// under which it may read files.
pub(crate) struct Policy {
    url: CString,
    text: Box<[u8]>,
    directories: Vec<CString>,
    pointers: Vec<*const c_char>,
}

// SAFETY: the pointers lead into `directories`, which nobody changes or drops before them.
unsafe impl Send for Policy {}
// SAFETY: as above; all is read only.
unsafe impl Sync for Policy {}

impl Policy {
    /// Makes the policy of a stylesheet, resolving links in the directories.
    pub(crate) fn new(url: &str, text: &[u8], allow: &[PathBuf]) -> Result<Policy, XmlError> {
        let directories = allow
            .iter()
            .map(|path| canonical(path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Policy {
            url: c_string(url)?,
            text: text.into(),
            pointers: directories
                .iter()
                .map(|directory| directory.as_ptr())
                .collect(),
            directories,
        })
    }

    pub(crate) fn set_url(&mut self, url: CString) {
        self.url = url;
    }

    pub(crate) fn raw(&self) -> RawPolicy {
        RawPolicy {
            url: self.url.as_ptr(),
            text: self.text.as_ptr().cast(),
            length: self.text.len(),
            directories: self.pointers.as_ptr(),
            count: self.directories.len(),
        }
    }
}

fn canonical(path: &Path) -> Result<CString, XmlError> {
    let real = path.canonicalize().map_err(|error| {
        XmlError::new(format!(
            "the allowed directory `{}` cannot be used: {error}",
            path.display()
        ))
    })?;
    if !real.is_dir() {
        return Err(XmlError::new(format!(
            "`{}` is allowed, but is no directory",
            path.display()
        )));
    }
    // The root's slash is the one that the check adds.
    c_string(real.to_string_lossy().trim_end_matches('/'))
}

/// Makes a C string of text that must not hold a NUL.
pub(crate) fn c_string(text: &str) -> Result<CString, XmlError> {
    CString::new(text)
        .map_err(|_| XmlError::new(format!("`{}` has a NUL in it", text.escape_debug())))
}
