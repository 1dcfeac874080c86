//! Whether files can be written, as far as that can be seen without writing.

use std::fs::{self, Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// Checks that a file can be written to, or made; or, if it is to be `replaced`, that another can take its place.
///
/// # Errors
/// Why it cannot.
pub(crate) fn check_file(path: &Path, replaced: bool) -> Result<(), String> {
    let directory = || path.parent().map_or(Ok(()), check_directory);
    match fs::metadata(path) {
        Ok(known) if !takes_bytes(&known) || (replaced && !known.is_file()) => {
            Err(format!("`{}` is no file", path.display()))
        }
        Ok(_) if replaced => directory(),
        Ok(known) if known.is_file() => {
            let opened = OpenOptions::new().append(true).open(path);
            opened.map(drop).map_err(|error| unwritable(path, &error))
        }
        Ok(_) => Ok(()),
        Err(_) => directory(),
    }
}

/// Checks that files can be made in a directory, or that it can be made.
///
/// # Errors
/// Why they cannot.
pub(crate) fn check_directory(path: &Path) -> Result<(), String> {
    let here = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    match fs::metadata(here) {
        Ok(known) if !known.is_dir() => Err(format!("`{}` is no directory", here.display())),
        Ok(_) => can_make_files(here).map_err(|error| unwritable(here, &error)),
        Err(_) => match path.parent() {
            Some(parent) => check_directory(parent),
            None => Ok(()),
        },
    }
}

/// Returns whether bytes can be put there: in a file or a device, and in no pipe, where they end with who wrote them.
pub(crate) fn takes_bytes(known: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if known.file_type().is_char_device() {
            return true;
        }
    }
    known.is_file()
}

fn unwritable(path: &Path, error: &io::Error) -> String {
    format!("`{}` cannot be written to: {error}", path.display())
}

/// Makes a file without a name, which nobody sees, where the file system knows such.
#[cfg(target_os = "linux")]
fn can_make_files(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    let made = options
        .write(true)
        .custom_flags(libc::O_TMPFILE)
        .open(directory);
    match made.map_err(|error| (error.kind(), error)) {
        Err((io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem, error)) => {
            Err(error)
        }
        _ => Ok(()),
    }
}

#[cfg(not(target_os = "linux"))]
fn can_make_files(_: &Path) -> io::Result<()> {
    Ok(())
}
