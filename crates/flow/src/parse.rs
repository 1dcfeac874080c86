//! YAML text into trees that know where everything stands.
//!
//! The parser gives events with positions; on top of them a general YAML library would add types and lose
//! the places that later messages need: of keys, of parts of a scalar, of what a `${…}` was put in for.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as ParserSpan, Tag};

use crate::diagnostics::Diagnostic;
use crate::node::{Content, Entry, Node};
use crate::scalar;
use crate::source::Span;

/// How deep a file may nest.
const MAX_DEPTH: usize = 64;
/// How many values a file may have, aliases resolved: a few lines of aliases can stand for billions.
pub(crate) const MAX_SIZE: usize = 100_000;

/// Returns the documents of a text, each with the mistakes that could be passed over. What is wrong with
/// the YAML itself ends the reading.
pub(crate) fn parse(file: u32, text: &str, found: &mut Vec<Diagnostic>) -> Vec<Node> {
    let mut builder = Builder {
        file,
        stack: Vec::new(),
        anchors: HashMap::new(),
        documents: Vec::new(),
        size: 0,
        found,
    };
    for event in Parser::new_from_str(text) {
        let stop = match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => Err(syntax_error(file, text, &error)),
        };
        if let Err(diagnostic) = stop {
            builder.found.push(diagnostic);
            break;
        }
    }
    builder.documents
}

struct Builder<'a> {
    file: u32,
    stack: Vec<Open>,
    anchors: HashMap<usize, Node>,
    documents: Vec<Node>,
    size: usize,
    found: &'a mut Vec<Diagnostic>,
}

/// A list or map whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<(Arc<str>, Span)>,
    /// The lines of the keys so far.
    lines: HashMap<Arc<str>, u32>,
}

type Step = Result<(), Diagnostic>;

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, at: ParserSpan) -> Step {
        let span = self.span(at);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(&text, style, tag.as_deref(), span);
                self.close(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                self.open(Node::new(Content::List(Vec::new()), span), anchor)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                self.open(Node::new(Content::Map(Vec::new()), span), anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(open) => self.close(open.node, open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) if node.depth() + self.stack.len() > MAX_DEPTH => Err(too_deep(span)),
                Some(node) => {
                    let node = node.clone();
                    self.count(node.size(), span)?;
                    self.place(node)
                }
                None => Err(Diagnostic::new(
                    span,
                    "the alias stands inside of what it refers to",
                )),
            },
            _ => Ok(()),
        }
    }

    fn open(&mut self, node: Node, anchor: usize) -> Step {
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_deep(node.span));
        }
        // A map that is about to be a key of another map is a `{{` without quotes, more often than not.
        if let Some(Open {
            node: Node {
                content: Content::Map(_),
                ..
            },
            key: None,
            ..
        }) = self.stack.last()
        {
            return Err(Diagnostic::new(node.span, "a key must be text")
                .hint("text that begins with `{{`, `{` or `[` needs quotes: \"{{ … }}\""));
        }
        self.stack.push(Open {
            node,
            anchor,
            key: None,
            lines: HashMap::new(),
        });
        Ok(())
    }

    fn close(&mut self, node: Node, anchor: usize) -> Step {
        self.count(1, node.span)?;
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node)
    }

    fn count(&mut self, more: usize, span: Span) -> Step {
        self.size += more;
        if self.size <= MAX_SIZE {
            return Ok(());
        }
        let message =
            format!("the file has more than {MAX_SIZE} values, counting what aliases stand for");
        Err(Diagnostic::new(span, message))
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, node: Node) -> Step {
        let Some(open) = self.stack.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match &mut open.node.content {
            Content::List(items) => items.push(node),
            Content::Map(entries) => match open.key.take() {
                None => open.key = Some((key(&node)?, node.span)),
                Some((key, key_span)) => match open.lines.insert(key.clone(), key_span.line) {
                    Some(first) => {
                        let message = format!("`{key}` is there twice");
                        let hint = format!("it is first on line {first}");
                        open.lines.insert(key, first);
                        self.found
                            .push(Diagnostic::new(key_span, message).hint(hint));
                    }
                    None => entries.push(Entry {
                        key,
                        key_span,
                        value: node,
                    }),
                },
            },
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Node {
        let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
        if !is_text {
            self.refuse_tag(tag, span);
        }
        if style != ScalarStyle::Plain || is_text {
            return Node::new(Content::Text(text.into()), span);
        }
        let mut node = Node::new(scalar::resolve(text), span);
        if !matches!(node.content, Content::Text(_)) {
            node.raw = Some(text.into());
        }
        node
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, span: Span) {
        if let Some(tag) = tag {
            let message = format!("the tag `{}` means nothing in a flow file", tag.suffix);
            self.found
                .push(Diagnostic::new(span, message).hint("leave it out"));
        }
    }

    fn span(&self, at: ParserSpan) -> Span {
        let (start, end) = (at.start, at.end);
        let length = match start.line() == end.line() {
            true => end.col().saturating_sub(start.col()),
            // Cut at the end of the line when it is shown.
            false => u16::MAX as usize,
        };
        Span {
            file: self.file,
            line: start.line().max(1) as u32,
            column: start.col() as u32 + 1,
            length: length as u32,
        }
    }
}

fn key(node: &Node) -> Result<Arc<str>, Diagnostic> {
    let text = node
        .text()
        .ok_or_else(|| Diagnostic::new(node.span, "a key must be text"))?;
    if &*text == "<<" {
        return Err(Diagnostic::new(node.span, "`<<` has no meaning here")
            .hint("use `defaults:` for what actors have in common"));
    }
    Ok(text)
}

fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(span, format!("more than {MAX_DEPTH} levels are nested"))
}

/// Puts the parser's complaint into words that help.
fn syntax_error(file: u32, text: &str, error: &ScanError) -> Diagnostic {
    let marker = error.marker();
    let line = marker.line().max(1);
    let span = Span {
        file,
        line: line as u32,
        column: marker.col() as u32 + 1,
        length: 1,
    };
    let written = text.lines().nth(line - 1).unwrap_or_default();
    let info = error.info();
    let hint = if info.contains("tab") || written.trim_start_matches(' ').starts_with('\t') {
        Some("indent with spaces; YAML does not allow tabs")
    } else if info.contains("mapping values are not allowed")
        || info.contains("illegal placement of ':'")
    {
        Some("text that has `: ` in it needs quotes: \"…: …\"")
    } else if info.contains("indentation in flow construct") {
        Some("is a `{` or `[` on a line above not closed?")
    } else if info.contains("expected ',' or") {
        Some("inside of { … } and [ … ], text with braces, brackets or commas needs quotes")
    } else if info.contains("unknown anchor")
        || written.contains('`')
        || written.contains('@')
        || written.contains('%')
    {
        Some("text that begins with one of @ ` % * & ! needs quotes")
    } else {
        None
    };
    Diagnostic::new(span, format!("this is not valid YAML: {info}")).hint_if(hint)
}
