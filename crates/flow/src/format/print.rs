//! Writes what was read.

use super::comments::{self, Comment};
use super::text;
use super::tree::{Document, Item, Kind};

/// How wide a list or map in brackets may be that was on several lines before.
const WIDTH: usize = 100;
/// How far the names of actors may differ in length and still have their kinds in one column.
const MOST_SPACES: usize = 24;

/// Writes all documents.
pub(crate) fn print(source: &str, documents: &[Document]) -> String {
    let blank = |line: &str| line.trim().is_empty();
    let mut printer = Printer {
        blank: source.split('\n').map(blank).collect(),
        comments: comments::find(source, documents),
        next: 0,
        out: String::new(),
    };
    for (index, document) in documents.iter().enumerate() {
        if let Some(line) = document.start.or((index > 0).then_some(document.root.line)) {
            printer.comments_before(line, 0);
            printer.gap(line);
            printer.out += "---";
            if document.start.is_some() {
                printer.beside(line, 0);
            } else {
                printer.out.push('\n');
            }
        }
        let next = documents.get(index + 1);
        let limit = next.map_or(usize::MAX, |next| next.start.unwrap_or(next.root.line));
        printer.document(&document.root, limit);
    }
    printer.comments_before(usize::MAX, 0);
    printer.out
}

struct Printer {
    /// Which lines of the source have nothing on them.
    blank: Vec<bool>,
    comments: Vec<Comment>,
    /// The first comment that is not written yet.
    next: usize,
    out: String,
}

/// Where a list or map is written.
#[derive(Clone, Copy)]
struct Place {
    indent: usize,
    /// The column of what it stands in, in the source; comments further in belong to it.
    outer: Option<usize>,
    /// The line of what comes behind it.
    limit: usize,
    part: Part,
}

/// Which part of a flow file it is.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Top,
    Actors,
    Connect,
    Other,
}

impl Printer {
    fn document(&mut self, root: &Item, limit: usize) {
        if root.is_empty() {
            return;
        }
        let place = Place {
            indent: 0,
            outer: None,
            limit,
            part: Part::Top,
        };
        match inline(root, 0, Part::Other) {
            Some(line) if !self.has_comments(root) => {
                self.comments_before(root.line, 0);
                self.gap(root.line);
                self.out += &line;
                self.beside(root.end_line, 0);
            }
            _ => self.block(root, place, false),
        }
    }

    /// Writes a list or map without brackets, or a text of several lines.
    fn block(&mut self, item: &Item, place: Place, mut begun: bool) {
        let Place { indent, limit, .. } = place;
        match &item.kind {
            Kind::Map { entries, .. } => {
                let columns = columns(self, entries, place);
                for (index, (key, value)) in entries.iter().enumerate() {
                    let limit = entries.get(index + 1).map_or(limit, |(key, _)| key.line);
                    self.begin(key.line, indent, std::mem::take(&mut begun));
                    let name = key_text(key, place.part);
                    self.out += &format!("{name}:");
                    let part = part_of(place.part, key);
                    let inner = Place {
                        indent,
                        outer: Some(item.column),
                        limit,
                        part,
                    };
                    let space = columns[index].saturating_sub(name.chars().count());
                    self.value(key.line, value, inner, space + 1, name.chars().count() + 2);
                }
            }
            Kind::List { items, .. } => {
                for (index, own) in items.iter().enumerate() {
                    let limit = items.get(index + 1).map_or(limit, |item| item.line);
                    self.begin(own.line, indent, std::mem::take(&mut begun));
                    self.out.push('-');
                    let inner = Place {
                        limit,
                        outer: Some(item.column),
                        ..place
                    };
                    let is_open = matches!(own.kind, Kind::List { .. } | Kind::Map { .. });
                    if is_open && self.one_line(own, indent + 2, place.part).is_none() {
                        self.out.push(' ');
                        let inner = Place {
                            indent: indent + 2,
                            ..inner
                        };
                        self.block(own, inner, true);
                    } else {
                        self.value(own.line, own, inner, 1, 2);
                    }
                }
            }
            Kind::Scalar { raw, .. } => self.text(item, raw, indent),
        }
        self.comments_within(item, place);
    }

    /// Writes a value behind its key or dash.
    fn value(&mut self, line: usize, value: &Item, place: Place, space: usize, width: usize) {
        if value.is_empty() {
            return self.beside(line, place.indent);
        }
        let margin = " ".repeat(space);
        if let Some(text) = self.one_line(value, place.indent + width, place.part) {
            self.out += &margin;
            self.out += &text;
            return self.beside(value.end_line, place.indent);
        }
        if let Kind::Scalar { raw, .. } = &value.kind {
            self.out.push(' ');
            return self.text(value, raw, place.indent);
        }
        self.beside(line, place.indent + 2);
        let inner = Place {
            indent: place.indent + 2,
            ..place
        };
        self.block(value, inner, false);
    }

    /// Returns a value on one line, if it fits there and has no comments in it.
    fn one_line(&self, value: &Item, column: usize, part: Part) -> Option<String> {
        if self.has_comments(value) {
            return None;
        }
        inline(value, column, part)
    }

    /// Writes a text over several lines.
    fn text(&mut self, item: &Item, raw: &str, indent: usize) {
        let mut lines = raw.split('\n');
        let header = lines.next().unwrap_or_default();
        self.out += header.trim_end();
        let lines: Vec<&str> = lines.map(|line| line.trim_end_matches('\r')).collect();
        let is_block = item.is_block_text();
        let depth = |line: &&str| line.len() - line.trim_start_matches(' ').len();
        let own = lines
            .iter()
            .find(|line| !line.trim().is_empty())
            .map_or(0, depth);
        let keeps = header.contains('+') && is_block;
        let last = lines
            .iter()
            .rposition(|line| keeps || !line.trim().is_empty());
        for line in &lines[..last.map_or(0, |last| last + 1)] {
            let line = match is_block {
                true => line.get(own..).unwrap_or_default(),
                false => line.trim(),
            };
            self.out.push('\n');
            if !line.is_empty() {
                self.out += &" ".repeat(indent + 2);
                self.out += line;
            }
        }
        match is_block {
            true => self.out.push('\n'),
            false => self.beside(item.end_line, indent),
        }
    }

    /// Begins a line for what stands on this line of the source.
    fn begin(&mut self, line: usize, indent: usize, begun: bool) {
        if begun {
            return;
        }
        self.comments_before(line, indent);
        self.gap(line);
        self.out += &" ".repeat(indent);
    }

    /// Keeps one empty line.
    fn gap(&mut self, line: usize) {
        let before = line
            .checked_sub(2)
            .and_then(|before| self.blank.get(before));
        if before == Some(&true) && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn comments_before(&mut self, line: usize, indent: usize) {
        while let Some(comment) = self.comments.get(self.next).filter(|own| own.line < line) {
            let comment = comment.clone();
            self.comment(&comment, indent);
        }
    }

    fn comment(&mut self, comment: &Comment, indent: usize) {
        self.next += 1;
        self.gap(comment.line);
        self.out += &" ".repeat(indent);
        self.out += &comment.text;
        self.out.push('\n');
    }

    /// Ends a line with the comment that stands beside it.
    fn beside(&mut self, line: usize, indent: usize) {
        if let Some(comment) = self.comments.get(self.next)
            && comment.line <= line
            && !comment.is_alone
        {
            self.out.push(' ');
            self.out += &comment.text;
            self.next += 1;
        }
        self.out.push('\n');
        self.comments_before(line + 1, indent);
    }

    /// Writes the comments at the end of a list or map that stand as far in as it does.
    fn comments_within(&mut self, item: &Item, place: Place) {
        let Some(outer) = place.outer else {
            return;
        };
        self.comments_before(item.end_line + 1, place.indent);
        while let Some(comment) = self.comments.get(self.next) {
            if comment.line >= place.limit || comment.column <= outer || !comment.is_alone {
                break;
            }
            let comment = comment.clone();
            self.comment(&comment, place.indent);
        }
    }

    fn has_comments(&self, item: &Item) -> bool {
        let within = |comment: &Comment| comment.line >= item.line && comment.line < item.end_line;
        self.comments[self.next..].iter().any(within)
    }
}

fn part_of(outer: Part, key: &Item) -> Part {
    let Kind::Scalar { value, .. } = &key.kind else {
        return Part::Other;
    };
    match (outer, &**value) {
        (Part::Top, "actors") => Part::Actors,
        (Part::Top, "connect") => Part::Connect,
        _ => Part::Other,
    }
}

/// Returns for each entry how wide its key is to be: for actors on adjoining lines as wide as the widest.
fn columns(printer: &Printer, entries: &[(Item, Item)], place: Place) -> Vec<usize> {
    let mut columns = vec![0; entries.len()];
    if place.part != Part::Actors {
        return columns;
    }
    let width = |(key, _): &(Item, Item)| key_text(key, place.part).chars().count();
    let short = |(key, value): &(Item, Item)| {
        !value.is_empty()
            && printer
                .one_line(
                    value,
                    place.indent + width(&(key.clone(), value.clone())) + 2,
                    Part::Other,
                )
                .is_some()
    };
    let gap = |key: &Item| key.line >= 2 && printer.blank.get(key.line - 2) == Some(&true);
    let mut start = 0;
    while start < entries.len() {
        let mut end = start + 1;
        if short(&entries[start]) {
            while end < entries.len() && short(&entries[end]) && !gap(&entries[end].0) {
                end += 1;
            }
            let widths = entries[start..end].iter().map(width);
            let widest = widths.clone().max().unwrap_or(0);
            if widest - widths.min().unwrap_or(0) <= MOST_SPACES {
                columns[start..end].fill(widest);
            }
        }
        start = end;
    }
    columns
}

fn key_text(key: &Item, part: Part) -> String {
    scalar(key, part, false).unwrap_or_default()
}

fn scalar(item: &Item, part: Part, in_brackets: bool) -> Option<String> {
    let Kind::Scalar { style, value, raw } = &item.kind else {
        return None;
    };
    let line = (part == Part::Connect && !item.is_block_text())
        .then(|| text::line(value, in_brackets))
        .flatten();
    line.or_else(|| text::on_one_line(*style, value, raw))
}

/// Returns a value on one line: a scalar, or what stands in brackets and is on one line already or fits there.
fn inline(item: &Item, column: usize, part: Part) -> Option<String> {
    let line = match &item.kind {
        Kind::Scalar { .. } => return scalar(item, part, false),
        Kind::List { in_brackets, .. } | Kind::Map { in_brackets, .. } => match in_brackets {
            true => bracketed(item, part)?,
            false => return None,
        },
    };
    (item.line == item.end_line || column + line.chars().count() <= WIDTH).then_some(line)
}

fn bracketed(item: &Item, part: Part) -> Option<String> {
    match &item.kind {
        Kind::Scalar { .. } => scalar(item, part, true),
        Kind::List { items, .. } => {
            let items: Option<Vec<_>> = items.iter().map(|item| bracketed(item, part)).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Kind::Map { entries, .. } if entries.is_empty() => Some("{}".into()),
        Kind::Map { entries, .. } => {
            let entry = |(key, value): &(Item, Item)| {
                let name = scalar(key, part, true)?;
                match (value.is_empty(), is_pair(key, value)) {
                    (true, false) => Some(name),
                    (true, true) => Some(format!("{name}:")),
                    (false, _) => Some(format!("{name}: {}", bracketed(value, Part::Other)?)),
                }
            };
            let entries: Option<Vec<_>> = entries.iter().map(entry).collect();
            Some(format!("{{ {} }}", entries?.join(", ")))
        }
    }
}

/// Returns whether a key without a value has its colon.
fn is_pair(key: &Item, value: &Item) -> bool {
    value.start > key.end
}
