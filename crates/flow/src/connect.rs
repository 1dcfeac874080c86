//! The lines of `connect`: groups of actors joined by `->`.

use compysition_core::{BestEffort, ErrorKind};
use serde::{Deserialize, Deserializer};

use crate::diagnostics::Diagnostic;
use crate::node::{Content, Entry, Node};
use crate::settings;
use crate::source::{Sources, Span};
use crate::suggest;
use crate::values::Values;

/// One link as a line says it: from an actor's outbox to an actor's inbox.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) from: Member,
    pub(crate) to: Member,
    pub(crate) best_effort: Option<BestEffort>,
}

/// What a line may say of its links.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    #[serde(deserialize_with = "with_defaults")]
    best_effort: Option<BestEffort>,
    /// What carries the links to other nodes. There is only one choice so far, so that nobody asks which it is.
    #[serde(rename = "transport")]
    _transport: Transport,
}

/// What carries links between nodes.
#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Transport {
    #[default]
    Zmq,
}

/// Reads what is named without a value as its defaults, as actors are.
fn with_defaults<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BestEffort>, D::Error> {
    Option::deserialize(from).map(|given: Option<BestEffort>| Some(given.unwrap_or_default()))
}

/// An actor in a line, maybe with a port.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) port: MemberPort,
    pub(crate) span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum MemberPort {
    /// None named: the director names it.
    Default,
    Named(String),
    Error,
    ErrorOf(ErrorKind),
}

/// Replaces what stands for values in the settings of lines.
pub(crate) fn replace_values(
    node: &mut Node,
    values: &mut Values<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let Content::List(lines) = &mut node.content else {
        return;
    };
    for line in lines {
        if let Content::Map(entries) = &mut line.content {
            entries
                .iter_mut()
                .for_each(|entry| values.replace(&mut entry.value, found));
        }
    }
}

/// Reads all lines.
pub(crate) fn links(node: &Node, sources: &Sources, found: &mut Vec<Diagnostic>) -> Vec<Link> {
    let mut links = Vec::new();
    match &node.content {
        Content::List(lines) => {
            lines
                .iter()
                .for_each(|line| read_line(line, sources, &mut links, found));
        }
        Content::Null => {}
        _ => {
            let message = format!("`connect` must be a list of lines, not {}", node.describe());
            found.push(Diagnostic::new(node.span, message).hint("begin each line with `- `"));
        }
    }
    links
}

fn read_line(node: &Node, sources: &Sources, links: &mut Vec<Link>, found: &mut Vec<Diagnostic>) {
    match &node.content {
        Content::Text(text) => line(text, node.span, &Settings::default(), sources, links, found),
        Content::Map(entries) => {
            for entry in entries {
                let settings = line_settings(entry, found);
                line(&entry.key, entry.key_span, &settings, sources, links, found);
            }
        }
        _ => {
            let message = format!(
                "a line of `connect` is text such as `a -> b`, not {}",
                node.describe()
            );
            found.push(Diagnostic::new(node.span, message));
        }
    }
}

fn line_settings(entry: &Entry, found: &mut Vec<Diagnostic>) -> Settings {
    if entry.value.is_null() {
        let message = "the line ends with a colon, but has no settings";
        found.push(Diagnostic::new(entry.key_span, message).hint("take the colon away"));
        return Settings::default();
    }
    settings::read(&entry.value, found).unwrap_or_default()
}

fn line(
    text: &str,
    span: Span,
    settings: &Settings,
    sources: &Sources,
    links: &mut Vec<Link>,
    found: &mut Vec<Diagnostic>,
) {
    let groups: Vec<(usize, &str)> = split(text, "->");
    if groups.len() < 2 {
        let hint = "write `from -> to`";
        found.push(Diagnostic::new(span, "the line links nothing").hint(hint));
        return;
    }
    let last = groups.len() - 1;
    let mut before: Vec<Member> = Vec::new();
    for (index, (offset, group)) in groups.into_iter().enumerate() {
        let side = if index == 0 {
            Side::Start
        } else if index == last {
            Side::End
        } else {
            Side::Middle
        };
        let mut members = Vec::new();
        for (inside, member) in split(group, ",") {
            let trimmed = member.trim();
            let leading = member.len() - member.trim_start().len();
            let chars = text[..offset + inside + leading].chars().count();
            let place = sources.within(span, text, chars, trimmed.chars().count().max(1));
            match self::member(trimmed, place, side) {
                Ok(member) => members.push(member),
                Err(diagnostic) => found.push(*diagnostic),
            }
        }
        for from in &before {
            let is_error = matches!(from.port, MemberPort::Error | MemberPort::ErrorOf(_));
            if is_error && settings.best_effort.is_some() {
                let message = "an error link cannot be best-effort: an error must not be lost";
                found.push(Diagnostic::new(from.span, message));
            }
            for to in &members {
                links.push(Link {
                    from: from.clone(),
                    to: to.clone(),
                    best_effort: settings.best_effort.clone(),
                });
            }
        }
        // A port stands at the end of a line only, so that what goes on from here has none.
        before = members;
    }
}

/// Splits a text and keeps the offsets in bytes.
fn split<'a>(text: &'a str, separator: &str) -> Vec<(usize, &'a str)> {
    let mut offset = 0;
    let part = |part: &'a str| {
        let at = offset;
        offset += part.len() + separator.len();
        (at, part)
    };
    text.split(separator).map(part).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Start,
    Middle,
    End,
}

fn member(text: &str, span: Span, side: Side) -> Result<Member, Box<Diagnostic>> {
    let fail = |message: String, hint: &str| {
        let diagnostic = Diagnostic::new(span, message);
        let hint = Some(hint.to_owned()).filter(|hint| !hint.is_empty());
        Err(Box::new(diagnostic.hint_if(hint)))
    };
    if text.is_empty() {
        return fail("an actor is missing here".into(), "");
    }
    let mut parts = text.split('.');
    let name = parts.next().unwrap_or_default();
    let ports: Vec<&str> = parts.collect();
    if std::iter::once(name)
        .chain(ports.iter().copied())
        .any(|part| !is_name(part))
    {
        let hint = "names have letters, digits, `_` and `-`; a line reads `a -> b, c -> d`";
        return fail(format!("`{text}` is no name of an actor"), hint);
    }
    let port = match (ports.as_slice(), side) {
        ([], _) => MemberPort::Default,
        (_, Side::Middle) => {
            let hint = "an outbox can be named at the start of a line, an inbox at its end";
            return fail(format!("`{text}` names a port in mid-line"), hint);
        }
        (["error"], Side::Start) => MemberPort::Error,
        (["error", kind], Side::Start) => match kind.parse() {
            Ok(kind) => MemberPort::ErrorOf(kind),
            Err(_) => {
                let kinds = ErrorKind::ALL.iter().map(|kind| kind.as_str());
                return fail(
                    format!("unknown kind of error `{kind}`"),
                    &suggest::hint(kind, kinds),
                );
            }
        },
        (["error", ..], Side::End) => {
            let hint = "an error outbox can only stand at the start of a line";
            return fail(
                format!("`{text}` is an error outbox, where an inbox should be"),
                hint,
            );
        }
        ([port], Side::Start) if suggest::is_misspelt(port, "error") => {
            let message = format!("`{text}` is probably meant to be an error outbox");
            return fail(message, &format!("write `{name}.error`"));
        }
        ([port], _) => MemberPort::Named((*port).to_owned()),
        _ => return fail(format!("`{text}` has too many dots"), "write `actor.port`"),
    };
    if name == "reply" && port != MemberPort::Default {
        return fail("`reply` has no ports".into(), "");
    }
    if name == "reply" && side != Side::End {
        return fail(
            "events end at `reply`; nothing can come after it".into(),
            "",
        );
    }
    Ok(Member {
        name: name.to_owned(),
        port,
        span,
    })
}

/// Returns whether a text can name an actor or a port.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}
