//! The files that there are.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use glob::{MatchOptions, Pattern, PatternError, glob_with};
#[cfg(not(unix))]
use xxhash_rust::xxh3::xxh3_64;

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

/// What is seen when files are looked for.
#[derive(Default)]
pub(crate) struct View {
    /// The files, by pattern and name.
    pub(crate) found: Vec<Found>,
    /// What keeps files from being found.
    pub(crate) troubles: BTreeSet<String>,
    /// What has a name that matches and cannot be read, and what is said of it.
    pub(crate) others: BTreeMap<PathBuf, String>,
    pub(crate) unseen: Unseen,
}

/// The files and directories that could not be looked at: what is known to be there need not have gone.
#[derive(Default)]
pub(crate) struct Unseen(HashSet<PathBuf>);

/// What matters in the names that match a pattern.
pub(crate) const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

impl View {
    /// Looks for the files that match a pattern, in the order of their names.
    ///
    /// # Errors
    /// Why the pattern makes no sense.
    pub(crate) fn add(&mut self, pattern: &str) -> Result<(), PatternError> {
        let begin = pattern.find(['*', '?', '[']).unwrap_or(pattern.len());
        if let Some((directory, _)) = pattern[..begin].rsplit_once('/')
            && !directory.is_empty()
            && let Err(error) = fs::metadata(directory)
        {
            self.trouble(Path::new(directory), &error);
        }
        if begin == pattern.len() {
            self.look(pattern.into(), false);
            return Ok(());
        }
        // Directories match such a pattern, and what is in them does too.
        let walks = pattern.contains("**");
        for path in glob_with(pattern, OPTIONS)? {
            match path {
                Ok(path) => self.look(path, walks),
                Err(error) => self.trouble(error.path(), error.error()),
            }
        }
        Ok(())
    }

    fn trouble(&mut self, path: &Path, error: &io::Error) {
        let shown = path.display();
        let trouble = format!("no files are found in `{shown}`: {error}");
        self.troubles.insert(trouble);
        self.unseen.insert(path);
    }

    fn look(&mut self, path: PathBuf, walks: bool) {
        let shown = path.display();
        let looked = look(&path);
        if let Err(error) = &looked
            && error.kind() != io::ErrorKind::NotFound
        {
            self.unseen.insert(&path);
        }
        let said = match looked {
            Ok(Look::File(found)) => return self.found.push(found),
            Ok(Look::Directory) if walks => return,
            Ok(Look::Directory) => {
                format!("`{shown}` is a directory and not read; `{shown}/*` names all files in it")
            }
            Ok(Look::Other) => {
                format!("`{shown}` is no file, but a pipe or the like, and not read")
            }
            Err(error) if is_link(&path) => {
                format!("`{shown}` is a link that leads to no file, and not read: {error}")
            }
            // Gone meanwhile, or never there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => format!("`{shown}` cannot be looked at, and is not read: {error}"),
        };
        self.others.insert(path, said);
    }
}

impl Unseen {
    fn insert(&mut self, path: &Path) {
        self.0.insert(plain(path));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether a file, or a directory that it is in, could not be looked at.
    pub(crate) fn has(&self, path: &Path) -> bool {
        !self.is_empty() && plain(path).ancestors().any(|one| self.0.contains(one))
    }
}

/// Returns a path without `./` and the like.
fn plain(path: &Path) -> PathBuf {
    let parts = path.components();
    parts.filter(|part| *part != Component::CurDir).collect()
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|known| known.is_symlink())
}

/// What stands at a path.
pub(crate) enum Look {
    File(Found),
    Directory,
    Other,
}

/// Looks at what stands at a path.
///
/// # Errors
/// Why that cannot be known.
pub(crate) fn look(path: &Path) -> io::Result<Look> {
    let known = fs::metadata(path)?;
    Ok(match known.is_file() {
        true => Look::File(Found {
            identity: Identity::of(path, &known),
            size: known.len(),
            modified: known.modified().ok(),
            path: path.to_owned(),
        }),
        false if known.is_dir() => Look::Directory,
        false => Look::Other,
    })
}

impl Identity {
    #[cfg(unix)]
    pub(crate) fn of(_: &Path, known: &fs::Metadata) -> Identity {
        use std::os::unix::fs::MetadataExt;
        Identity(known.dev(), known.ino())
    }

    #[cfg(not(unix))]
    pub(crate) fn of(path: &Path, _: &fs::Metadata) -> Identity {
        Identity(0, xxh3_64(path.as_os_str().as_encoded_bytes()))
    }
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

/// Returns whether a path is that of a file that one of the patterns finds, as far as its name tells.
pub(crate) fn is_named(patterns: &[String], path: &Path) -> bool {
    // A directory of files whose names are not known yet.
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return false;
    }
    let path = plain(path);
    patterns.iter().any(|pattern| {
        let pattern = plain(Path::new(pattern));
        let pattern = pattern.to_str().and_then(|text| Pattern::new(text).ok());
        pattern.is_some_and(|pattern| pattern.matches_path_with(&path, OPTIONS))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in tests a panic is the message")]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_there_is_told() {
        let mut view = View::default();
        let root = env!("CARGO_MANIFEST_DIR");
        for pattern in [
            "/none/*.txt",
            "/none/a",
            "/src/none.rs",
            "/src/*.none",
            "/**/none",
        ] {
            view.add(&format!("{root}{pattern}")).unwrap();
        }
        assert!(view.found.is_empty() && view.others.is_empty());
        let told: Vec<_> = view.troubles.into_iter().collect();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("No such file"), "{told:?}");
    }

    #[test]
    fn what_is_in_a_directory_that_cannot_be_looked_at_need_not_have_gone() {
        for pattern in ["none/*.log", "./none/*.log", "none/./a.log"] {
            let mut view = View::default();
            view.add(pattern).unwrap();
            for (path, may_be_there) in [
                ("none/a.log", true),
                ("./none/sub/a.log", true),
                ("none.log", false),
                ("other/a.log", false),
            ] {
                assert_eq!(view.unseen.has(Path::new(path)), may_be_there, "{path}");
            }
        }
    }

    #[test]
    fn a_path_is_read_if_a_pattern_finds_it() {
        let patterns = ["in/*.log", "./a.txt", "/x/[a]/**/*.csv"].map(str::to_owned);
        for (path, is_read) in [
            ("in/a.log", true),
            ("./in/./a.log", true),
            ("a.txt", true),
            ("/x/a/b/c/d.csv", true),
            ("in/.a.log", false),
            ("in/sub/a.log", false),
            ("b.txt", false),
            // A directory of files that are named by what is in events.
            ("in/a.log/", false),
        ] {
            assert_eq!(is_named(&patterns, Path::new(path)), is_read, "{path}");
        }
    }
}
