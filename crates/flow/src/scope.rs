//! What the names in one file stand for, and the ports that a sub-flow shows to the file that uses it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use compysition_core::{ErrorKind, Node as Actor};

use crate::build::Strange;
use crate::connect::{Member, MemberPort};
use crate::diagnostics::Diagnostic;
use crate::joint::{Source, Target};
use crate::source::Span;
use crate::suggest;

/// The names that stand for the ports of a sub-flow in its own file.
pub(crate) const INBOX: &str = "inbox";
pub(crate) const OUTBOX: &str = "outbox";

/// The actors and sub-flows of one file, by the names that they have there.
#[derive(Default)]
pub(crate) struct Scope {
    pub(crate) names: BTreeMap<Arc<str>, Named>,
    /// What stands for actors that lines name and that there are not.
    pub(crate) strangers: BTreeMap<Arc<str>, Stranger>,
    /// The ports of sub-flows that lines name.
    connected: BTreeSet<(Arc<str>, &'static str, Option<String>)>,
}

pub(crate) enum Named {
    Actor(Actor),
    Sub(Sub),
    /// A sub-flow that is too wrong to tell its ports.
    Broken,
}

/// What stands for an actor that there is not. One that lines lead to and from is missing; another one may be meant for an actor
/// that there is.
pub(crate) struct Stranger {
    pub(crate) actor: Actor,
    pub(crate) is_source: bool,
    pub(crate) is_target: bool,
}

/// An expanded sub-flow as it looks from outside.
pub(crate) struct Sub {
    /// Where it is used.
    pub(crate) span: Span,
    pub(crate) inboxes: Ports<Target>,
    pub(crate) outboxes: Ports<Source>,
    /// All actors in it.
    pub(crate) actors: Vec<Actor>,
    /// The actors whose errors nobody in it takes, and the kinds that somebody does take.
    pub(crate) failing: Vec<(Actor, Vec<ErrorKind>)>,
    /// Whether its own lines could be read; else it may have ports that nobody knows.
    pub(crate) is_whole: bool,
}

/// Ports by name, the plain one first: where each is made, and what is behind it.
pub(crate) type Ports<T> = BTreeMap<Option<String>, (Span, Vec<T>)>;

impl Scope {
    /// Returns what a name at the start of a line stands for; nothing if that is not known.
    pub(crate) fn sources(&mut self, member: &Member) -> Result<Vec<Source>, Box<Diagnostic>> {
        let (name, port) = (&member.name, &member.port);
        let sub = match self.named(member)? {
            Named::Actor(actor) => return Ok(vec![Source::of(*actor, name, port)]),
            Named::Broken => return Ok(Vec::new()),
            Named::Sub(sub) => sub,
        };
        let outbox = match port {
            MemberPort::Error | MemberPort::ErrorOf(_) => return Ok(sub.errors(name, port)),
            MemberPort::Named(port) => Some(port.as_str()),
            MemberPort::Default => None,
        };
        let Some((key, sources)) = port_of(&sub.outboxes, OUTBOX, member, outbox, sub.is_whole)?
        else {
            return Ok(Vec::new());
        };
        let label = outbox.unwrap_or(name).to_owned();
        let sources = sources.iter().cloned();
        let sources = sources.map(|source| Source {
            label: label.clone(),
            ..source
        });
        let (key, sources) = (key.clone(), sources.collect());
        self.connected.insert((name.as_str().into(), OUTBOX, key));
        Ok(sources)
    }

    /// Returns what a name at the end of a line stands for; nothing if that is not known.
    pub(crate) fn targets(&mut self, member: &Member) -> Result<Vec<Target>, Box<Diagnostic>> {
        let (name, port) = (&member.name, &member.port);
        let sub = match self.named(member)? {
            Named::Actor(actor) => return Ok(vec![Target::of(*actor, name, port)]),
            Named::Broken => return Ok(Vec::new()),
            Named::Sub(sub) => sub,
        };
        let inbox = match port {
            MemberPort::Named(port) => Some(port.as_str()),
            _ => None,
        };
        let Some((key, targets)) = port_of(&sub.inboxes, INBOX, member, inbox, sub.is_whole)?
        else {
            return Ok(Vec::new());
        };
        let targets = targets.iter().cloned();
        let targets = targets.map(|target| Target {
            label: name.clone(),
            ..target
        });
        let (key, targets) = (key.clone(), targets.collect());
        self.connected.insert((name.as_str().into(), INBOX, key));
        Ok(targets)
    }

    /// Returns the name that was probably meant by one that there is not.
    pub(crate) fn meant(&self, name: &str) -> Option<String> {
        let known = self.names.keys().map(|name| &**name).chain(["reply"]);
        suggest::closest(name, known).map(str::to_owned)
    }

    /// Tells of which links it is not known whether they are there.
    pub(crate) fn strange(&self) -> Strange {
        let strangers = || self.strangers.values();
        Strange {
            sources: strangers().any(|one| !one.is_target),
            targets: strangers().any(|one| !one.is_source),
        }
    }

    /// Returns what a name stands for, or that there is no such actor.
    pub(crate) fn named(&self, member: &Member) -> Result<&Named, Box<Diagnostic>> {
        self.names.get(&*member.name).ok_or_else(|| {
            let known = self.names.keys().map(|name| &**name).chain(["reply"]);
            let known: BTreeSet<&str> = known.collect();
            let message = format!("there is no actor `{}`", member.name);
            let hint = match &*member.name {
                INBOX | OUTBOX => {
                    "this is a port of a sub-flow, a file that another one uses".into()
                }
                name => suggest::hint(name, known),
            };
            Box::new(Diagnostic::new(member.span, message).hint(hint))
        })
    }

    /// Returns the ports of sub-flows that no line names.
    pub(crate) fn unconnected(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for (name, named) in &self.names {
            let Named::Sub(sub) = named else { continue };
            let inboxes = sub.inboxes.iter();
            let inboxes = inboxes.map(|(port, (span, _))| (INBOX, port, *span));
            let outboxes = sub.outboxes.iter();
            let outboxes = outboxes.map(|(port, (span, _))| (OUTBOX, port, *span));
            for (what, port, span) in inboxes.chain(outboxes) {
                let end = (name.clone(), what, port.clone());
                if self.connected.contains(&end) {
                    continue;
                }
                let message = match port {
                    Some(port) => format!("{what} `{port}` of `{name}` is not connected"),
                    None => format!("the {what} of `{name}` is not connected"),
                };
                let diagnostic = Diagnostic::new(sub.span, message);
                found.push(diagnostic.note(span, "the sub-flow has it here"));
            }
        }
        found
    }

    /// Returns all actors, those in sub-flows too, with the names of the actor or the sub-flow here.
    pub(crate) fn actors(&self) -> impl Iterator<Item = (&str, Actor)> {
        self.names.iter().flat_map(|(name, named)| {
            let actors = match named {
                Named::Actor(actor) => std::slice::from_ref(actor),
                Named::Sub(sub) => &sub.actors,
                Named::Broken => &[],
            };
            actors.iter().map(|actor| (&**name, *actor))
        })
    }
}

impl Sub {
    /// Returns the error outboxes that nobody in the sub-flow listens to.
    fn errors(&self, name: &str, port: &MemberPort) -> Vec<Source> {
        let kind = match port {
            MemberPort::ErrorOf(kind) => Some(kind),
            _ => None,
        };
        let failing = self.failing.iter();
        let failing = failing.filter(|(_, taken)| kind.is_none_or(|kind| !taken.contains(kind)));
        failing
            .map(|(actor, _)| Source::of(*actor, name, port))
            .collect()
    }
}

/// A port and what is behind it.
type Found<'a, T> = (&'a Option<String>, &'a [T]);

/// Finds a port: the one that is named; else the plain one, or the only one.
fn port_of<'a, T>(
    ports: &'a Ports<T>,
    what: &str,
    member: &Member,
    port: Option<&str>,
    is_whole: bool,
) -> Result<Option<Found<'a, T>>, Box<Diagnostic>> {
    let named = port.map(str::to_owned);
    let is_only = port.is_none() && ports.len() == 1;
    let found = ports
        .get_key_value(&named)
        .or_else(|| ports.first_key_value().filter(|_| is_only));
    if found.is_some() || !is_whole {
        return Ok(found.map(|(key, (_, ends))| (key, ends.as_slice())));
    }
    let known: Vec<&str> = ports.keys().flatten().map(String::as_str).collect();
    let name = &member.name;
    let (message, hint) = match port {
        _ if ports.is_empty() => {
            let line = if what == INBOX {
                "inbox -> …"
            } else {
                "… -> outbox"
            };
            (
                format!("the sub-flow `{name}` has no {what}"),
                format!("a line `{line}` in its file makes one"),
            )
        }
        Some(port) if known.is_empty() => (
            format!("`{name}` has no {what} `{port}`"),
            format!("it has one without a name; write `{name}`"),
        ),
        Some(port) => (
            format!("`{name}` has no {what} `{port}`"),
            suggest::hint(port, known),
        ),
        None => (
            format!("`{name}` has several {what}es, none of them without a name"),
            format!("name one of {}", known.join(", ")),
        ),
    };
    Err(Box::new(Diagnostic::new(member.span, message).hint(hint)))
}
