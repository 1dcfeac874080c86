//! What of flows tests have reached.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use compysition_core::{WiredActor, WiredErrors, WiredLink, Wiring};

use crate::seen::{Link, Part};

/// Which actors, links and parts of actors were reached.
#[derive(Default)]
pub struct Coverage {
    flows: Vec<Flow>,
}

struct Flow {
    path: PathBuf,
    name: String,
    actors: Vec<String>,
    links: Vec<(Link, bool)>,
    reached: BTreeSet<Link>,
    /// The parts of actors, such as the templates of stylesheets.
    parts: BTreeSet<Part>,
    reached_parts: BTreeSet<Part>,
}

impl Coverage {
    /// Adds what one test reached.
    pub(crate) fn add(
        &mut self,
        path: &Path,
        wiring: &Wiring,
        reached: &BTreeSet<Link>,
        parts: &BTreeSet<Part>,
    ) {
        let known = self
            .flows
            .iter_mut()
            .find(|flow| flow.path == path && flow.name == wiring.flow);
        match known {
            Some(flow) => {
                flow.reached.extend(reached.iter().cloned());
                flow.reached_parts.extend(parts.iter().cloned());
            }
            None => self.flows.push(Flow {
                path: path.to_owned(),
                name: wiring.flow.clone(),
                actors: wiring
                    .actors
                    .iter()
                    .map(|actor| actor.name.clone())
                    .collect(),
                links: wiring
                    .links
                    .iter()
                    .map(|link| named(wiring, link))
                    .collect(),
                reached: reached.clone(),
                parts: wiring.actors.iter().flat_map(parts_of).collect(),
                reached_parts: parts.clone(),
            }),
        }
    }

    /// Tells it as a table, with what was not reached.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let wide = self
            .flows
            .iter()
            .map(|flow| flow.path.display().to_string().len());
        let wide = wide.max().unwrap_or(0).max(4);
        // A string takes all that is written to it.
        let _ = writeln!(
            out,
            "{:wide$}  actors   links  errors   parts  not reached",
            "flow"
        );
        for flow in &self.flows {
            let actors: Vec<&String> = flow
                .actors
                .iter()
                .filter(|a| !flow.has_reached(a))
                .collect();
            let left = |of_errors: bool| {
                let links = flow
                    .links
                    .iter()
                    .filter(move |(_, is_error)| *is_error == of_errors);
                let all = links.clone().count();
                let missed: Vec<String> = links
                    .filter(|(link, _)| !flow.reached.contains(link))
                    .map(|((from, outbox, to, _), _)| match outbox == to {
                        true => format!("{from} -> {to}"),
                        false => format!("{from}.{outbox} -> {to}"),
                    })
                    .collect();
                (all, missed)
            };
            let ((links, missed), (errors, wrong)) = (left(false), left(true));
            let unreached: Vec<String> = flow
                .parts
                .difference(&flow.reached_parts)
                .map(|(actor, part)| format!("{actor}: {part}"))
                .collect();
            let part = |all: usize, missed: usize| format!("{}/{all}", all - missed);
            let names = actors.iter().map(|name| (*name).clone());
            let missing: Vec<String> = names
                .chain(missed.iter().cloned())
                .chain(wrong.iter().cloned())
                .chain(unreached.iter().cloned())
                .collect();
            let path = flow.path.display().to_string();
            let line = format!(
                "{path:wide$}  {:>6}  {:>6}  {:>6}  {:>6}  {}",
                part(flow.actors.len(), actors.len()),
                part(links, missed.len()),
                part(errors, wrong.len()),
                part(flow.parts.len(), unreached.len()),
                missing.join(", ")
            );
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

impl Flow {
    fn has_reached(&self, actor: &str) -> bool {
        self.reached
            .iter()
            .any(|(from, _, to, _)| from == actor || to == actor)
    }
}

fn parts_of(actor: &WiredActor) -> impl Iterator<Item = Part> {
    let parts = actor.ports.named_parts().iter();
    parts.map(|part| (actor.name.clone(), part.to_string()))
}

/// Returns a link by its names, and whether it is one of errors.
fn named(wiring: &Wiring, link: &WiredLink) -> (Link, bool) {
    let name = |index: usize| wiring.actors.get(index).map(|actor| actor.name.clone());
    let outbox = match link.errors {
        Some(WiredErrors::Kind(kind)) => kind.as_str().to_owned(),
        Some(WiredErrors::Rest) => "error".to_owned(),
        None => link.outbox.to_string(),
    };
    let ends = (
        name(link.from).unwrap_or_default(),
        outbox,
        name(link.to).unwrap_or_default(),
        link.inbox.to_string(),
    );
    (ends, link.errors.is_some())
}
