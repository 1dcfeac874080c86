//! What passed the links of a flow while it was tested.

use std::collections::BTreeSet;

use compysition_core::{Event, Failure, Hop, Tap};
use parking_lot::Mutex;

/// Keeps a copy of each event that passed a link, with the link, in order, and the parts of actors that were reached.
#[derive(Default)]
pub(crate) struct Seen {
    passed: Mutex<Vec<(Hop, Event)>>,
    parts: Mutex<BTreeSet<Part>>,
}

/// A part of an actor, by the names of both.
pub(crate) type Part = (String, String);

/// A link, by the names of its ends: from, outbox, to, inbox.
pub(crate) type Link = (String, String, String, String);

impl Tap for Seen {
    fn look(&self, hop: &Hop, events: &[Event]) {
        let copies = events
            .iter()
            .map(|event| (hop.clone(), event.without_receipt()));
        self.passed.lock().extend(copies);
    }

    fn asks_for_parts(&self) -> bool {
        true
    }

    fn reach(&self, actor: &str, part: &str) {
        let part = (actor.to_owned(), part.to_owned());
        self.parts.lock().insert(part);
    }
}

impl Seen {
    /// Returns how much passed so far.
    pub(crate) fn mark(&self) -> usize {
        self.passed.lock().len()
    }

    /// Returns what reached an actor (`ACTOR`), came in at its inbox or went out at its outbox (`ACTOR.PORT`), since a mark.
    pub(crate) fn at(&self, place: &str, since: usize) -> Vec<Event> {
        let passed = self.passed.lock();
        let passed = passed.get(since..).unwrap_or_default();
        let select = |takes: &dyn Fn(&Hop, &Event) -> bool| {
            let taken = passed.iter().filter(|(hop, event)| takes(hop, event));
            taken.cloned().collect::<Vec<_>>()
        };
        let Some((actor, port)) = place.split_once('.') else {
            return events(select(&|hop, _| *hop.to == *place));
        };
        let came = select(&|hop, _| *hop.to == *actor && hop.inbox == *port);
        if !came.is_empty() {
            return events(came);
        }
        if port == "error" || port.starts_with("error.") {
            let kind = port.strip_prefix("error.");
            return once(select(&|hop, event| {
                let failure = event.error().filter(|failure| *failure.actor == *actor);
                let is_kind = |failure: &Failure| {
                    kind.is_none_or(|kind| failure.error.kind().as_str() == kind)
                };
                hop.is_error && *hop.from == *actor && failure.is_some_and(is_kind)
            }));
        }
        let left = select(&|hop, _| !hop.is_error && *hop.from == *actor && hop.outbox == *port);
        // An outbox with several links gives a copy to each; one of them tells.
        let first = left.first().map(|(hop, _)| hop.to.clone());
        let told = left
            .into_iter()
            .filter(|(hop, _)| Some(&hop.to) == first.as_ref());
        events(told.collect())
    }

    /// Returns the parts of actors that were reached.
    pub(crate) fn parts(&self) -> BTreeSet<Part> {
        self.parts.lock().clone()
    }

    /// Returns the links that something passed.
    pub(crate) fn links(&self) -> BTreeSet<Link> {
        let passed = self.passed.lock();
        let link = |(hop, _): &(Hop, Event)| {
            (
                hop.from.to_string(),
                hop.outbox.to_string(),
                hop.to.to_string(),
                hop.inbox.to_string(),
            )
        };
        passed.iter().map(link).collect()
    }
}

/// Returns failed events, of whose copies to several links one is enough.
fn once(failed: Vec<(Hop, Event)>) -> Vec<Event> {
    let mut told: Vec<Event> = Vec::new();
    for (_, event) in failed {
        let failed_at = |event: &Event| event.error().map(|failure| failure.at);
        let is_told = |one: &Event| one.id() == event.id() && failed_at(one) == failed_at(&event);
        if !told.iter().any(is_told) {
            told.push(event);
        }
    }
    told
}

fn events(passed: Vec<(Hop, Event)>) -> Vec<Event> {
    passed.into_iter().map(|(_, event)| event).collect()
}
