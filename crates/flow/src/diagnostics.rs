//! What is wrong with flow files, with the lines.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use compysition_core::Spot;

use crate::source::{Sources, Span};

/// Lists everything that is wrong with a flow file and the files that it includes.
///
/// Its text shows each mistake with file, line, column and the line itself, the way compilers do.
#[derive(Clone, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

/// How grave a [`Diagnostic`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing need be done.
    Note,
    /// The flow runs, but hardly does what was meant.
    Warning,
    /// The flow cannot run.
    Error,
}

/// One thing that is wrong with a flow file, or worth knowing of it.
#[derive(Clone)]
pub struct Diagnostic {
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// Other places that the message speaks of, and what is there.
    pub(crate) notes: Vec<(Span, String)>,
    /// A place in a file that the flow file only names, which is shown as well.
    pub(crate) beyond: Option<Box<Beyond>>,
    pub(crate) hint: Option<String>,
    pub(crate) span: Option<Span>,
    sources: Arc<Sources>,
}

/// A place in a file that is no flow file: as it was pointed at, and when the file was read.
#[derive(Clone)]
pub(crate) enum Beyond {
    Spot(Spot),
    Read(Span),
}

/// Another place that a [`Diagnostic`] speaks of.
#[derive(Clone, Copy, Debug)]
pub struct Note<'a> {
    /// What is there.
    pub text: &'a str,
    /// The file.
    pub path: Option<&'a Path>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The column behind the last character, from 1.
    pub end_column: usize,
}

impl Diagnostic {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            notes: Vec::new(),
            beyond: None,
            hint: None,
            span: Some(span),
            sources: Arc::default(),
        }
    }

    /// Makes a diagnostic about no line, such as a file that cannot be read.
    pub(crate) fn general(message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            notes: Vec::new(),
            beyond: None,
            hint: None,
            span: None,
            sources: Arc::default(),
        }
    }

    /// Adds this to what was found, unless something is known to be wrong at the same place: a value that
    /// could not be put in is not also of the wrong type.
    pub(crate) fn report(self, found: &mut Vec<Diagnostic>) {
        if !self.is_known(found) {
            found.push(self);
        }
    }

    /// Tells whether something is known to be wrong at the same place.
    pub(crate) fn is_known(&self, found: &[Diagnostic]) -> bool {
        let within = |other: &Diagnostic| match (self.span, other.span) {
            (Some(own), Some(other)) => {
                let columns = own.column..own.column.saturating_add(own.length);
                (own.file, own.line) == (other.file, other.line) && columns.contains(&other.column)
            }
            _ => false,
        };
        found.iter().any(within)
    }

    /// Points at the name within an expression that is not known, instead of at the whole expression.
    pub(crate) fn narrow(&mut self, sources: &Sources) {
        let name = ["the unknown `", "unknown filter `", "unknown test `"];
        let rest = name.iter().find_map(|part| self.message.split_once(part));
        let name = rest.and_then(|(_, rest)| rest.split('`').next());
        let (Some(name), Some(span)) = (name, self.span) else {
            return;
        };
        let line = sources.line(span).chars().skip(span.column as usize - 1);
        let within: String = line.take(span.length as usize).collect();
        let is_part = |letter: Option<char>| {
            letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        };
        let is_word = |at: &usize| {
            !is_part(within[..*at].chars().next_back())
                && !is_part(within[at + name.len()..].chars().next())
        };
        let found = within.match_indices(name).map(|(at, _)| at).find(is_word);
        if let Some(at) = found.filter(|_| !name.is_empty()) {
            self.span = Some(span.part(within[..at].chars().count(), name.chars().count()));
        }
    }

    pub(crate) fn severity_of(mut self, severity: Severity) -> Diagnostic {
        self.severity = severity;
        self
    }

    /// Points at another place that the message speaks of.
    pub(crate) fn note(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.notes.push((span, text.into()));
        self
    }

    /// Shows a place in another file, if there is one.
    pub(crate) fn beyond(mut self, spot: Option<Spot>) -> Diagnostic {
        self.beyond = spot.map(|spot| Box::new(Beyond::Spot(spot)));
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn hint_if(mut self, hint: Option<impl Into<String>>) -> Diagnostic {
        self.hint = hint.map(Into::into);
        self
    }

    /// Returns how grave it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Returns what is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns what to do about it, if that is more than to put right what the message says.
    pub fn help(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Returns the file.
    pub fn path(&self) -> Option<&Path> {
        let source = self.sources.get(self.span?.file)?;
        Some(&source.path)
    }

    /// Returns the line, from 1.
    pub fn line(&self) -> Option<usize> {
        Some(self.span?.line as usize)
    }

    /// Returns the column in characters, from 1.
    pub fn column(&self) -> Option<usize> {
        Some(self.span?.column as usize)
    }

    /// Returns the column behind the last character of what is wrong, on the same line.
    pub fn end_column(&self) -> Option<usize> {
        Some(self.sources.end_column(self.span?))
    }

    fn read_beyond(&self) -> Option<Span> {
        match self.beyond.as_deref()? {
            Beyond::Read(span) => Some(*span),
            Beyond::Spot(_) => None,
        }
    }

    /// Returns the other places that it speaks of.
    pub fn notes(&self) -> impl Iterator<Item = Note<'_>> {
        let beyond = self.read_beyond().map(|span| (span, "here"));
        let notes = self.notes.iter().map(|(span, text)| (*span, text.as_str()));
        notes.chain(beyond).map(|(span, text)| Note {
            text,
            path: self.sources.get(span.file).map(|source| &*source.path),
            line: span.line as usize,
            column: span.column as usize,
            end_column: self.sources.end_column(span),
        })
    }
}

impl Diagnostics {
    /// Puts together what was found, in the order of the files, each thing once.
    pub(crate) fn new(mut list: Vec<Diagnostic>, mut sources: Sources) -> Diagnostics {
        for diagnostic in &mut list {
            if let Some(Beyond::Spot(spot)) = diagnostic.beyond.as_deref() {
                let read = sources.spot(spot);
                diagnostic.beyond = read.map(|span| Box::new(Beyond::Read(span)));
            }
        }
        let sources = Arc::new(sources);
        for diagnostic in &mut list {
            diagnostic.sources = sources.clone();
        }
        list.sort_by_key(|diagnostic| {
            diagnostic
                .span
                .map(|span| (span.file, span.line, span.column))
        });
        list.dedup_by(|a, b| a.span == b.span && a.message == b.message);
        Diagnostics { list }
    }

    /// Returns the single things that are wrong.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Returns the gravest of them.
    pub fn gravest(&self) -> Option<Severity> {
        self.list.iter().map(Diagnostic::severity).max()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds what is wrong with other files.
    pub fn append(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.message)?;
        let margin = match self.span {
            Some(span) => show_line(f, "-->", span, &self.sources)?,
            None => 2,
        };
        if let Some(span) = self.read_beyond() {
            show_line(f, ":::", span, &self.sources)?;
        }
        for (span, text) in &self.notes {
            let path = self.sources.get(span.file);
            let path = path.map_or(Path::new("?"), |source| &source.path);
            let (path, line) = (path.display(), span.line);
            write!(
                f,
                "\n{:margin$}= note: {text} ({path}:{line}:{})",
                "", span.column
            )?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n{:margin$}= help: {hint}", ""),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// Writes the line with a mark below it; returns how wide the margin is.
fn show_line(
    f: &mut fmt::Formatter<'_>,
    arrow: &str,
    span: Span,
    sources: &Sources,
) -> Result<usize, fmt::Error> {
    let path = sources
        .get(span.file)
        .map_or(Path::new("?"), |source| &source.path);
    let margin = span.line.to_string().len();
    let line = sources.line(span);
    let before = span.column as usize - 1;
    let marks = sources.end_column(span) - span.column as usize;
    // A tab before the mark stays a tab, so that the mark stands below what it marks.
    let indent: String = line
        .chars()
        .take(before)
        .map(|c| if c == '\t' { c } else { ' ' })
        .collect();
    write!(
        f,
        "\n{:margin$}{arrow} {}:{}:{}",
        "",
        path.display(),
        span.line,
        span.column
    )?;
    write!(f, "\n{:margin$} |\n{} | {line}", "", span.line)?;
    write!(f, "\n{:margin$} | {indent}{}", "", "^".repeat(marks))?;
    Ok(margin + 1)
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.list.iter().enumerate() {
            let gap = if index > 0 { "\n\n" } else { "" };
            write!(f, "{gap}{diagnostic}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Diagnostics {}
impl std::error::Error for Diagnostic {}
