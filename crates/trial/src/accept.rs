//! Writes what came into the files that expected something else.

use std::io;
use std::path::PathBuf;

use crate::report::Report;
use crate::suite::Suite;
use crate::yaml;

/// Puts what came in the place of what was expected, and leaves the rest of the files as it is. Returns the files that were
/// changed, and how many expectations of failed tests cannot be written so.
///
/// # Errors
/// What file cannot be written.
pub fn accept(suite: &Suite, report: &Report) -> io::Result<(Vec<PathBuf>, usize)> {
    let mut changed = Vec::new();
    let mut left = 0;
    for (number, found) in suite.found.iter().enumerate() {
        let path = found.document.path();
        let verdicts = report.verdicts.iter().filter(|one| one.number.0 == number);
        let mut edits = Vec::new();
        let text = found.document.text();
        for verdict in verdicts {
            left += usize::from(verdict.broken.is_some());
            for mismatch in &verdict.mismatches {
                let extent = found.document.extent(&mismatch.at);
                let (Some(value), Some((range, is_in_flow))) = (&mismatch.would_hold, extent)
                else {
                    left += 1;
                    continue;
                };
                let line = text[..range.start].rfind('\n').map_or(0, |end| end + 1);
                let margin = text[line..].chars().take_while(|c| matches!(c, ' ' | '-'));
                let written = match is_in_flow {
                    true => yaml::line(value),
                    false => yaml::block(value, margin.count() + 2),
                };
                // A block begins on the line below its key; what takes its place stands behind the key.
                let before = text[..range.start].trim_end();
                let start =
                    match text[before.len()..range.start].contains('\n') && before.ends_with(':') {
                        true => before.len(),
                        false => range.start,
                    };
                let gap = if start == range.start { "" } else { " " };
                edits.push((start..range.end, format!("{gap}{written}")));
            }
        }
        if edits.is_empty() {
            continue;
        }
        if std::fs::read_to_string(path)? != text {
            let message = format!(
                "`{}` was changed meanwhile: run the tests again",
                path.display()
            );
            return Err(io::Error::other(message));
        }
        edits.sort_by_key(|(range, _)| range.start);
        let mut text = text.to_owned();
        let mut end = usize::MAX;
        for (range, written) in edits.into_iter().rev() {
            // One of the two says what the other does as well.
            if range.end <= end {
                end = range.start;
                text.replace_range(range, &written);
            }
        }
        std::fs::write(path, text)?;
        changed.push(path.to_owned());
    }
    Ok((changed, left))
}
