//! The file that a path means, which is never outside of the directory.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use compysition_core::{Error, Result};

use crate::query;

/// Which files of a directory can be had.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    /// The directory, without symbolic links in its path.
    pub(super) dir: PathBuf,
    pub(super) prefix: String,
    pub(super) index: Vec<String>,
    pub(super) hidden: bool,
}

/// What stands at a path.
pub(super) enum Place {
    File(PathBuf, File),
    /// A directory whose name lacks the slash that the links of its page need.
    Directory,
}

impl Shelf {
    /// Opens the file that the path of a request means.
    ///
    /// # Errors
    /// Not found, and never why: that is nobody's business.
    pub(super) fn open(&self, path: &str) -> Result<Place> {
        let nothing = || Error::not_found(format!("there is nothing at `{path}`"));
        let rest = self.rest(path).ok_or_else(nothing)?;
        let (wanted, is_directory) = self.locate(rest).ok_or_else(nothing)?;
        let found = self.inside(&wanted).ok_or_else(nothing)?;
        let metadata = fs::metadata(&found).map_err(|_| nothing())?;
        if !metadata.is_dir() {
            return match is_directory {
                false => open(found, &metadata).map_err(|_| nothing()),
                true => Err(nothing()),
            };
        }
        let mut indices = self.index.iter();
        let index = indices.find_map(|name| {
            let found = self.inside(&found.join(name))?;
            let metadata = fs::metadata(&found).ok()?;
            metadata.is_file().then_some((found, metadata))
        });
        let (index, metadata) = index.ok_or_else(nothing)?;
        match is_directory {
            true => open(index, &metadata).map_err(|_| nothing()),
            false => Ok(Place::Directory),
        }
    }

    /// Returns what is left of a path behind the prefix: nothing, or what begins with a slash.
    fn rest<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(self.prefix.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }

    /// Returns where a path leads, and whether it ends with a slash. Each segment is the name of something in
    /// the directory before it, or it leads nowhere.
    fn locate(&self, rest: &str) -> Option<(PathBuf, bool)> {
        let mut place = self.dir.clone();
        let names = match rest.strip_prefix('/') {
            None => return Some((place, false)),
            Some("") => return Some((place, true)),
            Some(names) => names,
        };
        let (names, is_directory) = match names.strip_suffix('/') {
            Some(names) => (names, true),
            None => (names, false),
        };
        for segment in names.split('/') {
            let name = query::decode(segment)?;
            if !is_name(&name) || (name.starts_with('.') && !self.hidden) {
                return None;
            }
            place.push(name);
        }
        Some((place, is_directory))
    }

    /// Follows symbolic links, and returns where they lead if that is in the directory, and not hidden there.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        let real = path.canonicalize().ok()?;
        let below = real.strip_prefix(&self.dir).ok()?;
        let mut names = below.iter();
        let is_hidden = names.any(|name| name.as_encoded_bytes().starts_with(b"."));
        (self.hidden || !is_hidden).then_some(real)
    }
}

/// Tells whether a text is a name, and no way to somewhere else.
fn is_name(name: &str) -> bool {
    let is_way = |c: char| c == '/' || c == '\\' || c == '\0' || c == ':' && cfg!(windows);
    !name.is_empty() && name != "." && name != ".." && !name.contains(is_way)
}

/// Opens a file. A pipe or a device is none.
fn open(path: PathBuf, metadata: &Metadata) -> io::Result<Place> {
    if !metadata.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let file = File::open(&path)?;
    // Since it was found to be inside, somebody may have put a link in its place, or in that of a directory.
    let (opened, there) = (file.metadata()?, fs::symlink_metadata(&path)?);
    match is_same(&opened, &there) && path.canonicalize()? == path {
        true => Ok(Place::File(path, file)),
        false => Err(io::ErrorKind::NotFound.into()),
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, other: &Metadata) -> bool {
    other.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;
    use compysition_core::testing::Dice;

    use crate::fuzz::{ROUNDS, text};

    #[test]
    fn no_path_leads_out_of_the_directory() {
        let words = [
            "..", ".", "/", "%2e", "%2E", "%2f", "%5c", "\\", "%00", "\0", "%", "a", "src", "é",
            "%c0%ae", "%25", "2e", "lib.rs", "etc", "passwd", ":", "~",
        ];
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let shelf = Shelf {
            dir: dir.canonicalize().unwrap(),
            prefix: String::new(),
            index: vec!["mod.rs".into()],
            hidden: true,
        };
        let mut dice = Dice::new(11);
        let mut found = 0;
        for _ in 0..ROUNDS {
            let path = format!("/{}", text(&mut dice, &words, 8));
            if let Some((place, _)) = shelf.locate(&path) {
                let below = place.strip_prefix(&shelf.dir).unwrap();
                let mut parts = below.components();
                let is_normal = |part| matches!(part, std::path::Component::Normal(_));
                assert!(parts.all(is_normal), "{path}");
            }
            match shelf.open(&path) {
                Ok(Place::File(real, ..)) => {
                    assert!(real.starts_with(&shelf.dir), "{path}");
                    found += 1;
                }
                Ok(Place::Directory) => assert!(!path.starts_with("//"), "{path}"),
                Err(error) => assert_eq!(error.kind(), compysition_core::ErrorKind::NotFound),
            }
        }
        assert!(found > 100, "{found}");
    }

    #[cfg(unix)]
    #[test]
    fn what_was_put_in_the_place_of_a_file_meanwhile_is_not_opened() {
        let dir = std::env::temp_dir().join(format!("compysition-swapped-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let dir = dir.canonicalize().unwrap();
        let (path, aside) = (dir.join("page"), dir.join("aside"));
        fs::write(&path, "page").unwrap();
        fs::write(&aside, "secret").unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert!(matches!(open(path.clone(), &metadata), Ok(Place::File(..))));
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&aside, &path).unwrap();
        assert!(open(path, &metadata).is_err());
        fs::remove_dir_all(dir).unwrap();
    }
}
