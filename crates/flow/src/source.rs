//! The files that a flow is read from, and places in them.

use std::path::PathBuf;
use std::sync::Arc;

use compysition_core::Spot;

/// A place in a file: where it begins, from 1, and how many characters it takes on its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Span {
    pub(crate) file: u32,
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) length: u32,
}

impl Span {
    /// Returns the part of this place that begins `offset` characters further on.
    pub(crate) fn part(self, offset: usize, length: usize) -> Span {
        Span {
            column: self.column + offset as u32,
            length: length as u32,
            ..self
        }
    }

    /// Returns the place from the start of this one to the end of another one on the same line; this place
    /// if there is none.
    pub(crate) fn to(self, other: Span) -> Span {
        let end = other.column + other.length;
        let is_after = (self.file, self.line) == (other.file, other.line) && end > self.column;
        Span {
            length: if is_after {
                end - self.column
            } else {
                self.length
            },
            ..self
        }
    }
}

/// A file that was read.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    text: Arc<str>,
    /// Where its lines begin, in bytes.
    starts: Vec<usize>,
}

impl Source {
    fn line(&self, index: usize) -> Option<&str> {
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).copied();
        let line = self.text.get(start..end.unwrap_or(self.text.len()))?;
        Some(line.trim_end_matches(['\r', '\n']))
    }
}

/// A lone carriage return ends a line too, in YAML.
fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = |index: &usize| match bytes[*index] {
        b'\n' => true,
        b'\r' => bytes.get(index + 1) != Some(&b'\n'),
        _ => false,
    };
    let after = (0..bytes.len()).filter(ends).map(|index| index + 1);
    std::iter::once(0).chain(after).collect()
}

/// All files that were read, by their number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources(Vec<Source>);

impl Sources {
    pub(crate) fn add(&mut self, path: PathBuf, text: Arc<str>) -> u32 {
        let starts = line_starts(&text);
        self.0.push(Source { path, text, starts });
        (self.0.len() - 1) as u32
    }

    /// Reads the file of a place that was pointed at. Without a column it is the whole line; `None`, if the file cannot be
    /// read any more.
    pub(crate) fn spot(&mut self, spot: &Spot) -> Option<Span> {
        let text = std::fs::read_to_string(&spot.path).ok()?;
        // Flow files are called as they were named, which is from here as a rule.
        let here = std::env::current_dir().ok();
        let path = here.and_then(|here| spot.path.strip_prefix(here).ok());
        let path = path.unwrap_or(&spot.path).to_owned();
        let line = text.lines().nth(spot.line.checked_sub(1)? as usize)?;
        let margin = line.len() - line.trim_start().len();
        let whole = line[..margin].chars().count() as u32 + 1;
        let column = spot.column.filter(|column| *column > 0);
        Some(Span {
            line: spot.line,
            column: column.unwrap_or(whole),
            length: column.map_or(line.trim().chars().count() as u32, |_| 1),
            file: self.add(path, text.into()),
        })
    }

    pub(crate) fn get(&self, file: u32) -> Option<&Source> {
        self.0.get(file as usize)
    }

    /// Returns the line that a place is on.
    pub(crate) fn line(&self, span: Span) -> &str {
        let line = (span.line as usize).checked_sub(1);
        let line = self.get(span.file).zip(line);
        line.and_then(|(source, line)| source.line(line))
            .unwrap_or_default()
    }

    /// Returns the column behind a place; it ends with its line, and takes one character at least.
    pub(crate) fn end_column(&self, span: Span) -> usize {
        let column = span.column as usize;
        let rest = (self.line(span).chars().count() + 1).saturating_sub(column);
        column + (span.length as usize).min(rest).max(1)
    }

    /// Returns where in the file a part of a scalar stands, if the scalar was written as it reads:
    /// on one line and without escapes. Else the whole scalar is the place.
    pub(crate) fn within(&self, scalar: Span, text: &str, offset: usize, length: usize) -> Span {
        let at = |skip: u32| -> bool {
            let start = (scalar.column + skip) as usize - 1;
            let mut line = self.line(scalar).chars().skip(start);
            text.chars().all(|c| line.next() == Some(c))
        };
        match [0, 1].into_iter().find(|skip| at(*skip)) {
            Some(skip) => scalar.part(skip as usize + offset, length),
            None => scalar,
        }
    }
}
