//! What settings may know of the flow file that they stand in.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

/// The surroundings in which an actor's settings are read. A deserializer has no way to be told more than
/// its input, so the loader of a flow file sets them for the thread while it reads an actor's settings.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The directory of the flow file; relative paths are taken relative to it.
    pub base: PathBuf,
    /// The prefixes that XPath expressions of the flow may use.
    pub namespaces: Arc<BTreeMap<String, String>>,
}

/// A place in a file that settings name, such as a line of a stylesheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1, if it is known.
    pub column: Option<u32>,
}

thread_local! {
    static CURRENT: RefCell<Surroundings> = RefCell::default();
    static POINTED_AT: RefCell<Option<Spot>> = const { RefCell::new(None) };
}

impl Spot {
    /// Points at this place as that of the error with which the settings that are being read are refused. Who reads them
    /// shows it beside the message, which is all that a deserializer's error can carry.
    pub fn point_at(self) {
        POINTED_AT.set(Some(self));
    }

    /// Takes the place that was pointed at last, on this thread.
    pub fn take() -> Option<Spot> {
        POINTED_AT.take()
    }
}

impl Surroundings {
    /// Runs `work` with these surroundings.
    pub fn enter<T>(self, work: impl FnOnce() -> T) -> T {
        struct Restore(Surroundings);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(std::mem::take(&mut self.0));
            }
        }
        let _restore = Restore(CURRENT.replace(self));
        work()
    }

    /// Returns the present surroundings.
    pub fn current() -> Surroundings {
        CURRENT.with_borrow(Surroundings::clone)
    }
}

/// A path to a file. In a flow file a relative one is taken relative to that file.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct FilePath(PathBuf);

impl FilePath {
    /// Returns the path.
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl AsRef<Path> for FilePath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl<P: Into<PathBuf>> From<P> for FilePath {
    fn from(path: P) -> FilePath {
        FilePath(path.into())
    }
}

impl<'de> Deserialize<'de> for FilePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FilePath, D::Error> {
        let path = PathBuf::deserialize(deserializer)?;
        Ok(FilePath(CURRENT.with_borrow(|at| at.base.join(path))))
    }
}

impl JsonSchema for FilePath {
    fn schema_name() -> Cow<'static, str> {
        "FilePath".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "format": "path" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_are_taken_from_the_flow_file() {
        let read = |text: &str| serde_json::from_str::<FilePath>(text).unwrap();
        let surroundings = Surroundings {
            base: "/etc/flows".into(),
            ..Surroundings::default()
        };
        surroundings.enter(|| {
            assert_eq!(read("\"a.xsl\"").as_path(), Path::new("/etc/flows/a.xsl"));
            assert_eq!(read("\"/a.xsl\"").as_path(), Path::new("/a.xsl"));
        });
        assert_eq!(read("\"a.xsl\"").as_path(), Path::new("a.xsl"));
    }
}
