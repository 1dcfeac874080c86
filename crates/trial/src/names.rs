//! Whether the names in a test are those of the flow.

use compysition_core::{Port, Registry};
use compysition_flow::{Document, Loaded, Step};

use crate::case::Part;
use crate::checks::join;
use crate::expect::{Expect, KEYS};
use crate::find::Found;
use crate::mock::Mock;
use crate::one_or_many::{OneOrMany, Pairs};

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
    let all = &found.file;
    names.players(&case.mock, &case.real, &at, &mut wrong);
    names.players(&all.mock, &all.real, &[], &mut wrong);
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
    /// Says which names of those who play, or are real, mean nobody, or somebody twice.
    fn players(
        &self,
        mocks: &Pairs<Mock>,
        real: &OneOrMany<String>,
        at: &[Step],
        wrong: &mut Vec<String>,
    ) {
        for (name, _) in &mocks.0 {
            self.known(name, &path(at, &["mock", name]), wrong);
        }
        for (number, name) in real.0.iter().enumerate() {
            let mut place = path(at, &["real"]);
            let item = join(&place, [number.into()]);
            // One name may stand there without a list.
            if self.document.has(&item) {
                place = item;
            }
            self.known(name, &place, wrong);
            if mocks
                .0
                .iter()
                .any(|(mock, _)| self.means(mock) == self.means(name))
            {
                let message =
                    format!("`{name}` has a mock and is to be real: leave one of them out");
                self.mistake(&place, message, None, wrong);
            }
        }
    }

    /// Returns the actor, or else the kind, that a name means.
    fn means<'b>(&self, name: &'b str) -> &'b str {
        match self.registry.get(name) {
            Some(kind) if !self.actors.contains(&name) => kind.name(),
            _ => name,
        }
    }

    fn known(&self, name: &str, at: &[Step], wrong: &mut Vec<String>) {
        if !self.actors.contains(&name) && self.registry.get(name).is_none() {
            let message = format!("the flow has no actor `{name}`, and there is no such kind");
            self.mistake(at, message, Some(self.actors), wrong);
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
                    self.mistake(&path(at, &[place]), message, Some(&known), wrong);
                }
                continue;
            }
            if !self.actors.contains(&name) {
                let known: Vec<&str> = KEYS.iter().chain(self.actors).copied().collect();
                let message = format!("the flow has no actor `{name}`");
                self.mistake(&path(at, &[place]), message, Some(&known), wrong);
            }
        }
    }

    fn mistake(
        &self,
        at: &[Step],
        message: String,
        known: Option<&[&str]>,
        wrong: &mut Vec<String>,
    ) {
        let mistake = self.document.mistake(at, message, known).to_string();
        if !wrong.contains(&mistake) {
            wrong.push(mistake);
        }
    }
}
