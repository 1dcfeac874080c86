//! The files that a schema refers to.

use std::error::Error;
use std::path::{Path, PathBuf};

use jsonschema::{Retrieve, Uri};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

/// What may not stand in the path of a URI as it is.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Reads schemas under these directories, and nothing else.
pub(crate) struct Files {
    directories: Vec<PathBuf>,
}

impl Files {
    /// Takes directories, following links.
    pub(crate) fn under(directories: impl IntoIterator<Item = PathBuf>) -> Result<Files, String> {
        let canonical = |path: PathBuf| {
            path.canonicalize().map_err(|error| {
                format!(
                    "the allowed directory `{}` cannot be used: {error}",
                    path.display()
                )
            })
        };
        let directories = directories.into_iter().map(canonical);
        Ok(Files {
            directories: directories.collect::<Result<_, _>>()?,
        })
    }
}

impl Retrieve for Files {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        if uri.scheme().as_str() != "file" {
            return Err("only files are read".into());
        }
        let path = percent_decode_str(uri.path().as_str()).decode_utf8()?;
        let path = Path::new(&*path).canonicalize()?;
        if !self
            .directories
            .iter()
            .any(|directory| path.starts_with(directory))
        {
            return Err("it is outside the allowed directories".into());
        }
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }
}

/// Returns the URI of a file.
pub(crate) fn uri_of(path: &Path) -> String {
    let path = path.to_string_lossy();
    format!("file://{}", utf8_percent_encode(&path, ESCAPED))
}
