//! What is worth knowing of a flow that is right.

use std::collections::HashSet;

use compysition_core::{About, Doubt, Ports, Wiring};
use compysition_proof::{Door, Exit, Finding, Replies, Twice};

use crate::diagnostics::{Diagnostic, Severity};
use crate::groups;
use crate::places::Places;
use crate::read_back::read_back;
use crate::source::Span;

/// Returns what is known of the requests of a flow's doors.
pub(crate) fn of(wiring: &Wiring, places: &Places) -> Vec<Diagnostic> {
    let replies = Replies::of(wiring);
    let told = Told { wiring, places };
    let mut found = Vec::new();
    for door in &replies.doors {
        found.extend(door.silent.iter().map(|finding| told.silent(door, finding)));
        found.extend(told.engine(door));
        let circles = door.circles.iter().filter(|_| door.endless.is_empty());
        found.extend(circles.map(|finding| told.circles(door, finding)));
        found.extend(told.endless(door));
    }
    found.extend(replies.twice.iter().map(|twice| told.twice(twice)));
    found.extend(told.nobody_asked());
    found.extend(told.gathered_in_vain());
    found.extend(read_back(wiring, places));
    found.extend(told.doubts());
    found
}

/// Returns what the actors of a flow say of their settings.
pub(crate) fn of_settings(wiring: &Wiring, places: &Places) -> Vec<Diagnostic> {
    Told { wiring, places }.doubts().collect()
}

/// Returns what is known of a flow that concerns the actors of one of its processes.
pub(crate) fn of_process(wiring: &Wiring, places: &Places, process: &str) -> Vec<Diagnostic> {
    let is_here = |actor: usize| {
        let own = wiring.actors[actor].process.as_deref();
        own.is_none_or(|own| own == process)
    };
    let actors = (0..wiring.actors.len()).filter(|actor| is_here(*actor));
    let links = wiring.links.iter().enumerate();
    let links = links.filter(|(_, link)| is_here(link.from));
    let here: HashSet<Span> = actors
        .map(About::Actor)
        .chain(links.map(|(index, _)| About::Link(index)))
        .map(|about| places.of(&about))
        .collect();
    let mut found = of(wiring, places);
    found.retain(|found| found.span.is_some_and(|span| here.contains(&span)));
    found
}

struct Told<'a> {
    wiring: &'a Wiring,
    places: &'a Places,
}

impl Told<'_> {
    fn silent(&self, door: &Door, finding: &Finding) -> Diagnostic {
        let name = &self.wiring.actors[door.door].name;
        let (path, end) = (finding.path(self.wiring), finding.end(self.wiring));
        let message = format!("a request to `{name}` may go unanswered: {path}: {end}");
        let mut diagnostic = self.warning(About::Actor(finding.last()), message);
        if finding.last() != door.door {
            let span = self.places.of(&About::Actor(door.door));
            diagnostic = diagnostic.note(span, "it comes in here");
        }
        for step in &finding.steps {
            let Some(link) = step
                .link
                .filter(|_| step.exit != Exit::All && step.actor != door.door)
            else {
                continue;
            };
            let (from, to) = (step.actor, self.wiring.links[link].to);
            let [from, to] = [from, to].map(|actor| &self.wiring.actors[actor].name);
            let text = match step.exit.is_error() {
                true => format!("if `{from}` fails, it goes to `{to}`"),
                false => format!("`{from}` may send it to `{to}` alone"),
            };
            diagnostic = diagnostic.note(self.places.of(&About::Link(link)), text);
        }
        let others = finding.bystanders(self.wiring);
        if !others.is_empty() {
            let text = format!(
                "the copies at {} need not be answered either",
                others.join(", ")
            );
            diagnostic = diagnostic.note(self.places.of(&About::Actor(door.door)), text);
        }
        diagnostic.hint(finding.help(self.wiring))
    }

    fn engine(&self, door: &Door) -> Option<Diagnostic> {
        let message = door.engine(self.wiring)?;
        let span = self.places.of(&About::Actor(door.door));
        Some(Diagnostic::new(span, message).severity_of(Severity::Note))
    }

    fn circles(&self, door: &Door, finding: &Finding) -> Diagnostic {
        let (name, end) = (
            &self.wiring.actors[door.door].name,
            finding.end(self.wiring),
        );
        let message = format!(
            "a request to `{name}`: {end}; then the client gets the error's status from the engine"
        );
        let mut diagnostic = self
            .warning(About::Actor(door.door), message)
            .severity_of(Severity::Note);
        for &actor in &finding.beside {
            let text = format!("`{}` is on the way round", self.wiring.actors[actor].name);
            diagnostic = diagnostic.note(self.places.of(&About::Actor(actor)), text);
        }
        diagnostic
    }

    fn endless(&self, door: &Door) -> Option<Diagnostic> {
        let (first, name) = (*door.endless.first()?, &self.wiring.actors[door.door].name);
        let round = door.endless.iter().chain([&first]);
        let round: Vec<&str> = round
            .map(|&actor| &*self.wiring.actors[actor].name)
            .collect();
        let message = format!(
            "a request to `{name}` may go round for ever: from {} nothing leads out",
            round.join(" -> ")
        );
        let hint = "connect one of them to what answers, such as `reply`; the client gets 500 when it has passed as many links as it may";
        let diagnostic = self.warning(About::Actor(first), message);
        let span = self.places.of(&About::Actor(door.door));
        Some(diagnostic.note(span, "it comes in here").hint(hint))
    }

    fn twice(&self, twice: &Twice) -> Diagnostic {
        let [first, second] = twice.links;
        let hint = "the first answer wins, and the other is dropped: let one branch end elsewhere, or unite them with `join`";
        self.warning(About::Link(second), twice.words(self.wiring))
            .note(
                self.places.of(&About::Link(first)),
                "the other copy leaves here",
            )
            .hint(hint)
    }

    /// Answers that are for nobody: what comes to `reply` is dropped where no door waits for it.
    fn nobody_asked(&self) -> Option<Diagnostic> {
        let actors = &self.wiring.actors;
        let asks = |ports: &Ports| ports.is_door() && ports.asks(None);
        if actors.iter().any(|actor| asks(&actor.ports)) {
            return None;
        }
        let links = &self.wiring.links;
        let link = links.iter().position(|link| actors[link.to].is_reply)?;
        let message = "`reply` answers nobody: the flow has no door that waits for answers";
        let hint = "what comes there is dropped: let it end at another actor, or have a door, such as `http_server`";
        let diagnostic = self.warning(About::Link(link), message.to_owned());
        Some(diagnostic.hint(hint))
    }

    /// Who gathers what came of one source, where no source makes anything that ends.
    fn gathered_in_vain(&self) -> impl Iterator<Item = Diagnostic> {
        let found = groups::in_vain(self.wiring).into_iter();
        found.map(|one| {
            let hint = "`by: source` is for what reads whole files, such as `file_in`; for a time or a number of events there is `batch`";
            self.warning(About::Actor(one.gatherer), one.message(self.wiring))
                .hint(hint)
        })
    }

    /// What actors say themselves of their settings.
    fn doubts(&self) -> impl Iterator<Item = Diagnostic> {
        let actors = self.wiring.actors.iter().enumerate();
        actors.flat_map(move |(index, actor)| {
            let doubts = actor.ports.all_doubts().iter();
            doubts.map(move |Doubt { message, help }| {
                self.warning(About::Actor(index), message.clone())
                    .hint(help)
            })
        })
    }

    fn warning(&self, about: About, message: String) -> Diagnostic {
        Diagnostic::new(self.places.of(&about), message).severity_of(Severity::Warning)
    }
}
