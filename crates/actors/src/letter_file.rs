//! The file that dead letters are appended to.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use compysition_core::append_whole;

/// Appends lines to a file and begins a new one when it is full. It keeps none open, so that the file may
/// be moved or removed at any time.
#[derive(Clone, Debug)]
pub(crate) struct LetterFile {
    path: PathBuf,
    /// How many bytes a file grows to before the next one is begun.
    max_size: u64,
    /// Whether each line is on the disk before it counts as written.
    sync: bool,
}

impl LetterFile {
    /// Opens the file once, to see that it can be written to.
    ///
    /// # Errors
    /// Why it cannot be written to.
    pub(crate) fn prepare(path: &Path, max_size: u64, sync: bool) -> io::Result<LetterFile> {
        let letters = LetterFile {
            path: path.to_owned(),
            max_size,
            sync,
        };
        letters.open()?;
        Ok(letters)
    }

    /// Appends a line: all of it, or nothing. One that the end of a process tore off is ended before.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(crate) fn append(&self, line: &str) -> io::Result<()> {
        let mut file = self.open()?;
        let length = file.metadata()?.len();
        if length > 0 && length.saturating_add(line.len() as u64) >= self.max_size {
            drop(file);
            self.rotate()?;
            file = self.open()?;
        }
        append_whole(&mut file, format!("{line}\n").as_bytes())?;
        match self.sync {
            true => file.sync_data(),
            false => Ok(()),
        }
    }

    /// Opens the file, and makes what is missing on the way to it: a directory may be moved or removed as well.
    fn open(&self) -> io::Result<File> {
        match (self.open_there(), self.path.parent()) {
            (Err(error), Some(directory)) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(directory)?;
                self.open_there()
            }
            (opened, _) => opened,
        }
    }

    fn open_there(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            // Letters hold what clients sent.
            options.mode(0o600);
        }
        options.open(&self.path)
    }

    /// Gives the file, and the list of what of it was sent again, the first number that is free. Several
    /// processes may write to one file, and find it full together: the number is taken before the file is
    /// moved there, so that none moves it onto another.
    fn rotate(&self) -> io::Result<()> {
        let full = self.take_number()?;
        if let Err(error) = fs::rename(&self.path, &full) {
            fs::remove_file(full)?;
            return unless_gone(error);
        }
        fs::rename(replayed(&self.path), replayed(&full)).or_else(unless_gone)
    }

    /// Makes the first numbered file that there is not yet, empty.
    fn take_number(&self) -> io::Result<PathBuf> {
        for number in 1..u32::MAX {
            let full = with_suffix(&self.path, &format!(".{number}"));
            match OpenOptions::new().write(true).create_new(true).open(&full) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|_| full),
            }
        }
        Err(io::Error::other("there are too many files of letters"))
    }
}

/// Passes over that there is no file, or none any more: somebody else has moved it.
fn unless_gone(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

/// Returns the file that lists which letters of a file were sent again.
pub fn replayed(letters: &Path) -> PathBuf {
    with_suffix(letters, ".replayed")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_directory_that_was_removed_is_made_anew() {
        let directory = directory("removed");
        let path = directory.join("sub/dead.jsonl");
        let letters = LetterFile::prepare(&path, 100, false).unwrap();
        fs::remove_dir_all(&directory).unwrap();
        letters.append("one").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        fs::remove_dir_all(directory).unwrap();
    }

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("compysition-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_full_file_is_put_aside_with_the_list_of_what_was_sent_again() {
        let directory = directory("letters");
        let path = directory.join("sub/dead.jsonl");
        let letters = LetterFile::prepare(&path, 10, false).unwrap();
        letters.append("one").unwrap();
        fs::write(replayed(&path), "one's id\n").unwrap();
        letters.append("two").unwrap();
        letters.append("three").unwrap();
        letters.append("a line that is longer than a file").unwrap();
        let read = |name: &str| fs::read_to_string(directory.join("sub").join(name)).unwrap();
        assert_eq!(read("dead.jsonl.1"), "one\ntwo\n");
        assert_eq!(read("dead.jsonl.1.replayed"), "one's id\n");
        assert_eq!(read("dead.jsonl.2"), "three\n");
        assert_eq!(read("dead.jsonl"), "a line that is longer than a file\n");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn several_may_fill_a_file_together_and_no_line_is_lost() {
        const LINES: usize = 300;
        let directory = directory("together");
        let path = directory.join("dead.jsonl");
        let append = |writer: usize| {
            let letters = LetterFile::prepare(&path, 40, false).unwrap();
            for line in 0..LINES {
                letters.append(&format!("{writer} {line}")).unwrap();
            }
        };
        std::thread::scope(|scope| {
            let threads = [0, 1, 2, 3].map(|writer| {
                let append = &append;
                scope.spawn(move || append(writer))
            });
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
        });
        let files = fs::read_dir(&directory).unwrap();
        let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
        let lines: HashSet<String> = texts
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect();
        assert_eq!(lines.len(), 4 * LINES);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_torn_line_is_closed_and_a_moved_file_is_made_anew() {
        let directory = directory("torn");
        let path = directory.join("dead.jsonl");
        fs::create_dir_all(&directory).unwrap();
        fs::write(&path, "{\"torn\":").unwrap();
        let letters = LetterFile::prepare(&path, 1000, true).unwrap();
        letters.append("one").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"torn\":\none\n");
        // By another process, which was killed meanwhile.
        fs::write(&path, "{\"torn\":").unwrap();
        letters.append("one").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"torn\":\none\n");
        fs::rename(&path, directory.join("moved")).unwrap();
        letters.append("two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
        fs::remove_dir_all(directory).unwrap();
    }
}
