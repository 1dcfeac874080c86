//! The command `fmt`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::output;

/// Writes files anew, or says which would change. Fails if a file cannot be formatted, or would change where
/// none may.
pub(crate) fn fmt(files: &[PathBuf], check: bool) -> ExitCode {
    let mut all_well = true;
    for path in files {
        match format(path, check) {
            Ok(changed) => all_well &= !(changed && check),
            Err(message) => {
                output::complain(format_args!("{message}\n"));
                all_well = false;
            }
        }
    }
    match all_well {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Returns whether the file changed, or would have.
fn format(path: &Path, check: bool) -> Result<bool, String> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("error: `{shown}` cannot be read: {error}"))?;
    let formatted = compysition_flow::format(&shown.to_string(), &text);
    let formatted = formatted.map_err(|reason| match reason {
        compysition_flow::NotFormatted::Broken(found) => found.to_string(),
        kept => format!("error: `{shown}` is {kept}"),
    })?;
    if formatted == text {
        return Ok(false);
    }
    if !check {
        write(path, &formatted)
            .map_err(|error| format!("error: `{shown}` cannot be written: {error}"))?;
    }
    let what = if check { "would change" } else { "formatted" };
    output::say(format_args!("{what}: {shown}\n"));
    Ok(true)
}

/// Replaces a file at once, so that a full disk leaves the old one. A link stays a link.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let target = path.canonicalize()?;
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".formatting");
    let beside = target.with_file_name(name);
    let written = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, std::fs::metadata(&target)?.permissions()))
        .and_then(|()| std::fs::rename(&beside, &target));
    if written.is_err() {
        // The first error tells more.
        let _ = std::fs::remove_file(&beside);
    }
    written
}
