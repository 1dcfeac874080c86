//! A YAML text as it is written: which braces, quotes and lines.

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::{NotFormatted, kept_for};

/// A document, and the line of its `---` if it has one.
pub(crate) struct Document {
    pub(crate) start: Option<usize>,
    pub(crate) root: Item,
}

/// A value, as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    /// The first character, counted from 0, its line, from 1, and its column, from 0.
    pub(crate) start: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// The character behind the last, and the last line.
    pub(crate) end: usize,
    pub(crate) end_line: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar {
        style: ScalarStyle,
        value: String,
        /// As it is written, with its quotes.
        raw: String,
    },
    List {
        items: Vec<Item>,
        in_brackets: bool,
    },
    Map {
        entries: Vec<(Item, Item)>,
        in_brackets: bool,
    },
}

impl Item {
    /// Returns whether nothing is written.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { raw, .. } if raw.is_empty())
    }

    /// Returns whether it is text below a `|` or `>`.
    pub(crate) fn is_block_text(&self) -> bool {
        let block = [ScalarStyle::Literal, ScalarStyle::Folded];
        matches!(&self.kind, Kind::Scalar { style, .. } if block.contains(style))
    }
}

/// Reads a text that is known to be YAML.
pub(crate) fn read(text: &str) -> Result<Vec<Document>, NotFormatted> {
    let mut reader = Reader {
        letters: text.chars().collect(),
        lines: text.split('\n').collect(),
        stack: Vec::new(),
        documents: Vec::new(),
        start: None,
    };
    if text.starts_with('\u{feff}') {
        return Err(kept_for(Some(1), "it begins with a byte order mark"));
    }
    if text.replace("\r\n", "\n").contains('\r') {
        return Err(kept_for(None, "it has carriage returns alone"));
    }
    if let Some(line) = reader.lines.iter().position(|line| line.starts_with('%')) {
        return Err(kept_for(Some(line + 1), "it may have a directive"));
    }
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|_| kept_for(None, "it is no YAML"))?;
        reader.event(event, span)?;
    }
    Ok(reader.documents)
}

struct Reader<'a> {
    letters: Vec<char>,
    lines: Vec<&'a str>,
    /// What is open, and the key that waits for its value.
    stack: Vec<(Item, Option<Item>)>,
    documents: Vec<Document>,
    start: Option<usize>,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), NotFormatted> {
        let line = Some(span.start.line().max(1));
        match event {
            Event::DocumentStart(explicit) => self.start = line.filter(|_| explicit),
            Event::Scalar(_, _, anchor, tag) if anchor > 0 || tag.is_some() => {
                return Err(kept_for(line, "it has an anchor or a tag"));
            }
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag)
                if anchor > 0 || tag.is_some() =>
            {
                return Err(kept_for(line, "it has an anchor or a tag"));
            }
            Event::Alias(_) => return Err(kept_for(line, "it has an alias")),
            Event::Scalar(value, style, ..) => {
                let item = self.scalar(&value, style, span)?;
                self.place(item)?;
            }
            Event::SequenceStart(..) => {
                let in_brackets = self.letters.get(span.start.index()) == Some(&'[');
                let items = Vec::new();
                self.open(Kind::List { items, in_brackets }, span)?;
            }
            Event::MappingStart(..) => {
                let in_brackets = self.letters.get(span.start.index()) == Some(&'{');
                let entries = Vec::new();
                self.open(
                    Kind::Map {
                        entries,
                        in_brackets,
                    },
                    span,
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some((mut item, _)) = self.stack.pop() {
                    self.close(&mut item, span.end);
                    self.place(item)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, kind: Kind, span: Span) -> Result<(), NotFormatted> {
        let item = item(kind, span);
        let is_key = matches!(
            self.stack.last(),
            Some((
                Item {
                    kind: Kind::Map { .. },
                    ..
                },
                None
            ))
        );
        if is_key {
            return Err(kept_for(Some(item.line), "it has a key that is no text"));
        }
        let within = |item: &Item| match item.kind {
            Kind::List { in_brackets, .. } | Kind::Map { in_brackets, .. } => in_brackets,
            Kind::Scalar { .. } => false,
        };
        if self.stack.last().is_some_and(|(outer, _)| within(outer)) && !within(&item) {
            return Err(kept_for(
                Some(item.line),
                "it has a pair without braces in a list",
            ));
        }
        self.stack.push((item, None));
        Ok(())
    }

    /// Ends a list or map: at its bracket, else with the last of its values.
    fn close(&self, item: &mut Item, end: Marker) {
        let (last, in_brackets) = match &item.kind {
            Kind::List { items, in_brackets } => (items.last(), *in_brackets),
            Kind::Map {
                entries,
                in_brackets,
            } => {
                let last = entries.last();
                let value = last.map(|(key, value)| if value.is_empty() { key } else { value });
                (value, *in_brackets)
            }
            Kind::Scalar { .. } => (None, false),
        };
        (item.end, item.end_line) = match last.filter(|_| !in_brackets) {
            Some(last) => (last.end, last.end_line),
            None => (end.index(), end.line().max(1)),
        };
    }

    fn place(&mut self, mut item: Item) -> Result<(), NotFormatted> {
        if item.is_empty()
            && let Some((_, Some(key))) = self.stack.last()
        {
            // Nothing stands behind its colon, or where that would be.
            let rest = self.letters[key.end..].iter();
            let spaces = rest.clone().take_while(|letter| **letter == ' ').count();
            let has_colon = rest.clone().nth(spaces) == Some(&':');
            item.start = key.end + usize::from(has_colon);
            (item.end, item.line, item.end_line) = (item.start, key.line, key.line);
        }
        let Some((outer, key)) = self.stack.last_mut() else {
            let start = self.start.take();
            self.documents.push(Document { start, root: item });
            return Ok(());
        };
        match &mut outer.kind {
            Kind::List { items, .. } => items.push(item),
            Kind::Map { entries, .. } => match key.take() {
                Some(key) => entries.push((key, item)),
                None => {
                    let before = self.letters[..item.start].iter().rev();
                    let mut before = before.skip_while(|letter| letter.is_whitespace());
                    if item.is_empty() || before.next() == Some(&'?') || item.line != item.end_line
                    {
                        return Err(kept_for(
                            Some(item.line),
                            "it has a key with `?` or on two lines",
                        ));
                    }
                    *key = Some(item);
                }
            },
            Kind::Scalar { .. } => {}
        }
        Ok(())
    }

    fn scalar(&self, value: &str, style: ScalarStyle, span: Span) -> Result<Item, NotFormatted> {
        let raw = |end: usize| {
            self.letters
                .get(span.start.index()..end)
                .unwrap_or_default()
        };
        let kind = |raw: &[char]| Kind::Scalar {
            style,
            value: value.to_owned(),
            raw: raw.iter().collect(),
        };
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            let is_nothing = style == ScalarStyle::Plain && value.is_empty();
            let written = raw(match style {
                _ if is_nothing => span.start.index(),
                ScalarStyle::Plain => span.end.index(),
                _ => self.end_of_quotes(span),
            });
            let ending = written
                .iter()
                .rev()
                .take_while(|letter| letter.is_whitespace());
            let ending = ending.count();
            let mut item = item(kind(&written[..written.len() - ending]), span);
            item.end = item.start + written.len() - ending;
            let breaks = written[..written.len() - ending].iter();
            item.end_line = item.line + breaks.filter(|letter| **letter == '\n').count();
            return Ok(item);
        }
        self.block_text(value, style, span)
    }

    /// Returns where a text in quotes ends. The parser's own end may lie behind the comment beside it.
    fn end_of_quotes(&self, span: Span) -> usize {
        let start = span.start.index();
        let quote = self.letters.get(start).copied();
        let mut at = start + 1;
        while let Some(letter) = self.letters.get(at).copied() {
            let is_pair = match letter {
                '\\' => quote == Some('"'),
                '\'' => quote == Some('\'') && self.letters.get(at + 1) == Some(&'\''),
                _ => false,
            };
            if !is_pair && Some(letter) == quote {
                return at + 1;
            }
            at += 1 + usize::from(is_pair);
        }
        span.end.index()
    }

    /// Reads a text below a `|` or `>`. The parser tells where its first letter is; its lines are counted here:
    /// those further in than what it stands in.
    fn block_text(
        &self,
        value: &str,
        style: ScalarStyle,
        span: Span,
    ) -> Result<Item, NotFormatted> {
        let is_empty = |line: &usize| self.lines[*line - 1].trim().is_empty();
        let before = (1..span.start.line()).rev().skip_while(is_empty);
        let line = before.clone().next().unwrap_or(1);
        let written = self.lines[line - 1].trim_end();
        let header = written.rsplit(' ').next().unwrap_or_default();
        if !["|", "|-", "|+", ">", ">-", ">+"].contains(&header) {
            return Err(kept_for(
                Some(line),
                "it has a block of text with more than `|` or `>`",
            ));
        }
        let outer = self.stack.last();
        let outer = outer.map_or(-1, |(outer, _)| outer.column as isize);
        let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let below = self.lines.get(line..).unwrap_or_default();
        let first = below.iter().find(|line| !line.trim().is_empty());
        let own = first
            .map(|line| depth(line))
            .filter(|own| *own as isize > outer);
        let is_own =
            |line: &&&str| own.is_some_and(|own| depth(line) >= own) || line.trim().is_empty();
        let count = below.iter().take_while(is_own).count();
        let letters = |lines: &[&str]| lines.iter().map(|line| line.chars().count() + 1).sum();
        let begin: usize = letters(&self.lines[..line - 1]);
        let column = written.chars().count() - header.len();
        let end: usize = letters(&self.lines[..line + count]);
        let raw = std::iter::once(header).chain(below[..count].iter().copied());
        Ok(Item {
            kind: Kind::Scalar {
                style,
                value: value.to_owned(),
                raw: raw.collect::<Vec<_>>().join("\n"),
            },
            start: begin + column,
            line,
            column,
            end: end.min(self.letters.len()),
            end_line: line + count,
        })
    }
}

fn item(kind: Kind, span: Span) -> Item {
    Item {
        kind,
        start: span.start.index(),
        line: span.start.line().max(1),
        column: span.start.col(),
        end: span.end.index(),
        end_line: span.end.line().max(1),
    }
}
