//! How far values reach in the text of a YAML file.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::document::Step;

/// Returns which bytes the value takes in the n-th document, and whether it stands within braces or brackets.
pub(crate) fn of(text: &str, number: usize, at: &[Step]) -> Option<(Range<usize>, bool)> {
    let mut walk = Walk {
        text,
        at,
        stack: Vec::new(),
        documents: 0,
        number,
        found: None,
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        walk.event(&event, span);
        if let Some(found) = walk.found.take() {
            return Some(found);
        }
    }
    None
}

struct Walk<'a> {
    text: &'a str,
    at: &'a [Step],
    stack: Vec<Open>,
    documents: usize,
    number: usize,
    found: Option<(Range<usize>, bool)>,
}

/// A map or list that is being read.
struct Open {
    start: usize,
    /// Whether it is written in braces or brackets.
    is_flow: bool,
    /// Whether the way leads through it, or ends at it.
    is_on_way: bool,
    is_map: bool,
    /// The key whose value comes next, or none if a key does.
    key: Option<String>,
    items: usize,
    /// Where its last value ended.
    end: usize,
}

impl Walk<'_> {
    fn event(&mut self, event: &Event<'_>, span: Span) {
        match event {
            Event::DocumentStart(..) => self.documents += 1,
            Event::Scalar(text, style, ..) => {
                let mut range =
                    self.trimmed(self.byte(span.start.index()), self.byte(span.end.index()));
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    // The parser tells where the first line begins, not the mark before it.
                    let mark = self.text[..range.start].rfind(['|', '>']);
                    range.start = mark.unwrap_or(range.start);
                }
                if self.takes_key(text, range.end) {
                    return;
                }
                let is_wanted = self.is_next_on_way() && self.stack.len() == self.at.len();
                if is_wanted {
                    self.found = Some((range.clone(), self.is_in_flow()));
                }
                self.close(range.end);
            }
            Event::Alias(_) => {
                let end = self.byte(span.end.index());
                if !self.takes_key("", end) {
                    self.close(end);
                }
            }
            Event::MappingStart(..) | Event::SequenceStart(..) => {
                let start = self.byte(span.start.index());
                let open = Open {
                    start,
                    is_flow: self.text[start..].starts_with(['{', '[']),
                    is_on_way: self.is_next_on_way(),
                    is_map: matches!(event, Event::MappingStart(..)),
                    key: None,
                    items: 0,
                    end: start,
                };
                self.stack.push(open);
            }
            Event::MappingEnd | Event::SequenceEnd => {
                let Some(open) = self.stack.pop() else {
                    return;
                };
                let end = match open.is_flow {
                    true => self.byte(span.end.index()),
                    false => open.end,
                };
                if open.is_on_way && self.stack.len() == self.at.len() {
                    self.found = Some((open.start..end, self.is_in_flow()));
                }
                self.close(end);
            }
            _ => {}
        }
    }

    /// Returns whether the value that comes now is on the way to the one that is wanted, or is it.
    fn is_next_on_way(&self) -> bool {
        let Some(open) = self.stack.last() else {
            return self.documents == self.number + 1;
        };
        let step = self.at.get(self.stack.len() - 1);
        open.is_on_way
            && match step {
                Some(Step::Key(key)) => open.key.as_deref() == Some(key),
                Some(Step::Item(index)) => !open.is_map && open.items == *index,
                None => false,
            }
    }

    fn is_in_flow(&self) -> bool {
        self.stack.iter().any(|open| open.is_flow)
    }

    /// Takes a scalar as the key of a map, if one is due.
    fn takes_key(&mut self, text: &str, end: usize) -> bool {
        match self.stack.last_mut() {
            Some(open) if open.is_map && open.key.is_none() => {
                open.key = Some(text.to_owned());
                open.end = end;
                true
            }
            _ => false,
        }
    }

    /// Notes the end of a value in what it is a part of.
    fn close(&mut self, end: usize) {
        if let Some(open) = self.stack.last_mut() {
            open.key = None;
            open.items += 1;
            open.end = open.end.max(end);
        }
    }

    /// Turns a number of characters into one of bytes.
    fn byte(&self, index: usize) -> usize {
        let mut chars = self.text.char_indices();
        chars.nth(index).map_or(self.text.len(), |(byte, _)| byte)
    }

    fn trimmed(&self, start: usize, end: usize) -> Range<usize> {
        let kept = self.text.get(start..end).unwrap_or_default().trim_end();
        start..start + kept.len()
    }
}
