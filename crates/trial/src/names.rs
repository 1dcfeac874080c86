//! Whether the names in a test are those of the flow.

use compysition_core::{Port, Registry};
use compysition_flow::{Document, Loaded, Step};

use crate::case::{Case, Part};
use crate::expect::{Expect, KEYS};
use crate::find::Found;

/// Says which names of a test mean nothing in its flow.
pub(crate) fn check(
    found: &Found,
    index: usize,
    flow: &Loaded,
    registry: &Registry,
) -> Result<(), String> {
    let wiring = flow.wiring();
    let actors: Vec<&str> = wiring.actors.iter().map(|actor| &*actor.name).collect();
    let end = |actor: usize, port: &Port| {
        let name = wiring.actors.get(actor).map_or("", |actor| &actor.name);
        format!("{name}.{port}")
    };
    let links = wiring.links.iter();
    let ports: Vec<String> = links
        .flat_map(|link| [end(link.from, &link.outbox), end(link.to, &link.inbox)])
        .collect();
    let names = Names {
        document: &found.document,
        actors: &actors,
        ports: &ports,
        registry,
    };
    let case = &found.file.tests[index];
    let at = vec!["tests".into(), index.into()];
    let mut wrong = Vec::new();
    names.mocks(found, case, &at, &mut wrong);
    names.expect(&case.expect, &path(&at, &["expect"]), &mut wrong);
    names.expect(&case.finally, &path(&at, &["finally"]), &mut wrong);
    for (number, part) in case.steps.iter().enumerate() {
        let mut at = path(&at, &["steps"]);
        at.push(number.into());
        let Part { expect, .. } = part;
        names.expect(expect, &path(&at, &["expect"]), &mut wrong);
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong.join("\n\n")),
    }
}

fn path(at: &[Step], more: &[&str]) -> Vec<Step> {
    let more = more.iter().map(|key| Step::from(*key));
    at.iter().cloned().chain(more).collect()
}

struct Names<'a> {
    document: &'a Document,
    actors: &'a [&'a str],
    /// All that something can pass, as `ACTOR.PORT`.
    ports: &'a [String],
    registry: &'a Registry,
}

impl Names<'_> {
    fn mocks(&self, found: &Found, case: &Case, at: &[Step], wrong: &mut Vec<String>) {
        let own = case
            .mock
            .0
            .iter()
            .map(|(name, _)| (path(at, &["mock"]), name));
        let all = found.file.mock.0.iter();
        let all = all.map(|(name, _)| (path(&[], &["mock"]), name));
        for (at, name) in own.chain(all) {
            let is_known =
                self.actors.contains(&name.as_str()) || self.registry.get(name).is_some();
            if !is_known {
                let message = format!("the flow has no actor `{name}`, and there is no such kind");
                self.mistake(&path(&at, &[name]), message, self.actors, wrong);
            }
        }
    }

    fn expect(&self, expect: &Expect, at: &[Step], wrong: &mut Vec<String>) {
        for (place, _) in &expect.events.0 {
            let name = place
                .split_once('.')
                .map_or(place.as_str(), |(name, _)| name);
            let is_port = |known: &&String| known.starts_with(&format!("{name}."));
            // An error need not have a link to go by.
            let is_error = place
                .split_once('.')
                .is_some_and(|(_, port)| port.starts_with("error"));
            if place.contains('.') && self.actors.contains(&name) {
                if !is_error && !self.ports.contains(place) {
                    let known: Vec<&str> = self
                        .ports
                        .iter()
                        .filter(is_port)
                        .map(String::as_str)
                        .collect();
                    let message = format!("nothing can pass `{place}`");
                    self.mistake(&path(at, &[place]), message, &known, wrong);
                }
                continue;
            }
            if !self.actors.contains(&name) {
                let known: Vec<&str> = KEYS.iter().chain(self.actors).copied().collect();
                let message = format!("the flow has no actor `{name}`");
                self.mistake(&path(at, &[place]), message, &known, wrong);
            }
        }
    }

    fn mistake(&self, at: &[Step], message: String, known: &[&str], wrong: &mut Vec<String>) {
        let mistake = self.document.mistake(at, message, Some(known)).to_string();
        if !wrong.contains(&mistake) {
            wrong.push(mistake);
        }
    }
}
