//! Bytes at the end of a file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Appends lines to a file that was opened to be read and appended to: all of them or, after an error, none. A line that
/// the end of a process or of the disk's room tore off is ended before. What other processes append meanwhile stays.
///
/// # Errors
/// Why they cannot be written.
pub fn append_whole(file: &mut File, lines: &[u8]) -> io::Result<()> {
    end_line(file)?;
    // One call, so that lines of several writers do not mix.
    write_all_or_nothing(file, lines)
}

/// Ends the last line, if it is torn.
fn end_line(file: &mut File) -> io::Result<()> {
    if file.metadata()?.len() == 0 {
        return Ok(());
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    match last {
        [b'\n'] => Ok(()),
        _ => file.write_all(b"\n"),
    }
}

/// Writes bytes at the end of a file, all of them or none: half a line would spoil the next one.
fn write_all_or_nothing(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        match file.write(&bytes[written..]) {
            Ok(0) => return take_back(file, written, io::ErrorKind::WriteZero.into()),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return take_back(file, written, error),
        }
    }
    Ok(())
}

/// Takes back what was written last before an error, unless another process has written behind it since: the next
/// one ends that line then.
fn take_back(file: &mut File, written: usize, error: io::Error) -> io::Result<()> {
    if written > 0 {
        let end = file.stream_position()?;
        if file.metadata()?.len() == end {
            // The first error is the one to tell.
            let _ = file.set_len(end - written as u64);
        }
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::path::{Path, PathBuf};

    use super::*;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("compysition-{name}-{}", std::process::id()))
    }

    fn open(path: &Path) -> File {
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        options.open(path).unwrap()
    }

    #[test]
    fn what_another_has_written_is_not_taken_back() {
        let path = path("take-back");
        for (other, left) in [("", "one\n"), ("other\n", "one\nhalfother\n")] {
            let _ = fs::remove_file(&path);
            let mut file = open(&path);
            file.write_all(b"one\nhalf").unwrap();
            open(&path).write_all(other.as_bytes()).unwrap();
            let full = io::Error::from(io::ErrorKind::StorageFull);
            let error = take_back(&mut file, 4, full).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            assert_eq!(fs::read_to_string(&path).unwrap(), left);
        }
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_torn_line_is_ended() {
        let path = path("end-line");
        let _ = fs::remove_file(&path);
        for lines in ["one\n", "torn", "two\n"] {
            append_whole(&mut open(&path), lines.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntorn\ntwo\n");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_told_as_what_it_is() {
        let error = append_whole(&mut open(Path::new("/dev/full")), b"x\n").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
