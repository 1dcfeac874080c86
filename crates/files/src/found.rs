//! The files that there are.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use glob::{MatchOptions, Pattern, glob_with};
use xxhash_rust::xxh3::xxh3_64;

/// How many bytes at the beginning of a file tell that it is another one.
const HEAD: u64 = 256;

/// A file, and what tells whether it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
}

/// Tells a file from others, by whatever name it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Identity(pub(crate) u64, pub(crate) u64);

/// Returns the files that match a pattern, in the order of their names, and adds what keeps others from being found.
///
/// # Errors
/// Why the pattern makes no sense.
pub(crate) fn find(
    pattern: &str,
    troubles: &mut BTreeSet<String>,
) -> Result<Vec<Found>, glob::PatternError> {
    let options = MatchOptions {
        require_literal_separator: true,
        require_literal_leading_dot: true,
        ..MatchOptions::default()
    };
    let begin = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
    if let Some((directory, _)) = pattern[..begin].rsplit_once('/')
        && !directory.is_empty()
        && let Err(error) = fs::metadata(directory)
    {
        troubles.insert(format!("`{directory}`: {error}"));
    }
    let mut found = Vec::new();
    for path in glob_with(pattern, options)? {
        match path {
            Ok(path) => found.extend(look(path)),
            Err(error) => {
                let path = error.path().display();
                troubles.insert(format!("`{path}`: {}", error.error()));
            }
        }
    }
    Ok(found)
}

/// Returns a pattern, taken relative to a directory whose own name is none.
///
/// # Errors
/// Why the pattern makes no sense.
pub(crate) fn pattern(base: &Path, pattern: &str) -> Result<String, String> {
    let about = |error: glob::PatternError| {
        let (at, why) = (error.pos + 1, error.msg);
        format!("`path: {pattern:?}` is no pattern: {why}, at character {at}")
    };
    Pattern::new(pattern).map_err(about)?;
    if pattern.is_empty() || pattern.ends_with('/') {
        return Err(format!(
            "`path: {pattern:?}` names no file; `{pattern}*` names all"
        ));
    }
    let base_path = base;
    let base = match Path::new(pattern).is_absolute() || base.as_os_str().is_empty() {
        true => String::new(),
        false => format!("{}/", Pattern::escape(&base.display().to_string())),
    };
    if let Ok(known) = fs::metadata(base_path.join(pattern))
        && !known.is_file()
    {
        return Err(match known.is_dir() {
            true => {
                format!("`path: {pattern:?}` is a directory; `{pattern}/*` names all files in it")
            }
            false => format!("`path: {pattern:?}` is no file, and can be read only once"),
        });
    }
    Ok(base + pattern)
}

/// Looks at a file; whatever else stands there is none.
pub(crate) fn look(path: PathBuf) -> Option<Found> {
    let known = fs::metadata(&path).ok()?;
    known.is_file().then(|| Found {
        identity: identity(&path, &known),
        size: known.len(),
        modified: known.modified().ok(),
        path,
    })
}

#[cfg(unix)]
fn identity(_: &Path, known: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Identity(known.dev(), known.ino())
}

#[cfg(not(unix))]
fn identity(path: &Path, _: &fs::Metadata) -> Identity {
    Identity(0, xxh3_64(path.as_os_str().as_encoded_bytes()))
}

/// Returns what the first bytes of a file are like, of those before `offset`: the number of a file that was removed is
/// given to another one.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn head(path: &Path, offset: u64) -> io::Result<u64> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(offset.min(HEAD))
        .read_to_end(&mut bytes)?;
    Ok(xxh3_64(&bytes))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in tests a panic is the message")]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_there_is_told() {
        let mut troubles = BTreeSet::new();
        let root = env!("CARGO_MANIFEST_DIR");
        for pattern in [
            "/none/*.txt",
            "/none/a",
            "/src/none.rs",
            "/src/*.none",
            "/**/none",
        ] {
            let found = find(&format!("{root}{pattern}"), &mut troubles).unwrap();
            assert!(found.is_empty());
        }
        let told: Vec<_> = troubles.into_iter().collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("No such file"), "{told:?}");
    }
}
