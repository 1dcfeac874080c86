//! What a stall stops, in sentences.

use compysition_core::Wiring;

use crate::stall::{Does, Effect, Stall};
use crate::tell::{Section, link_name, names, span};

impl Stall {
    /// Says it for people.
    pub fn tell(&self, wiring: &Wiring) -> Vec<Section> {
        let sources = self
            .sources
            .iter()
            .map(|effect| on_source(effect, self, wiring));
        let sections = [
            ("sources", sources.collect()),
            ("others", self.others(wiring)),
            ("what would keep the rest going", self.mends(wiring)),
        ];
        sections
            .into_iter()
            .map(|(title, lines)| Section { title, lines })
            .filter(|section| !section.lines.is_empty())
            .collect()
    }

    fn others(&self, wiring: &Wiring) -> Vec<String> {
        let cuts = self.cuts.iter().map(|cut| {
            let link = link_name(cut.link, wiring);
            format!(
                "{link} is best effort: once {} events wait behind it, it drops, and stops nobody",
                cut.queue
            )
        });
        let mut lines: Vec<String> = cuts.collect();
        if !self.idle.is_empty() {
            lines.push(format!(
                "no more events come to {}",
                names(&self.idle, wiring)
            ));
        }
        lines
    }

    fn mends(&self, wiring: &Wiring) -> Vec<String> {
        let name = &wiring.actors[self.actor].name;
        if let Some(timeout) = self.timeout {
            let timeout = span(timeout);
            return vec![format!(
                "`{name}` has `timeout: {timeout}`: what it does not get done by then fails, so nothing waits for good"
            )];
        }
        if self
            .sources
            .iter()
            .all(|effect| effect.does == Does::GoesOn)
        {
            return Vec::new();
        }
        let mut lines = vec![format!(
            "`timeout` on `{name}`: what it does not get done in time fails"
        )];
        if !self.answers {
            let links = self.could_cut.iter().map(|&link| link_name(link, wiring));
            let links: Vec<String> = links.collect();
            if !links.is_empty() {
                lines.push(format!(
                    "`best_effort` on {}: what does not fit is dropped and counted",
                    links.join(", ")
                ));
            }
        }
        lines
    }
}

fn on_source(effect: &Effect, stall: &Stall, wiring: &Wiring) -> String {
    let source = &wiring.actors[effect.source];
    let (name, share) = (&source.name, effect.share);
    let stalled = &wiring.actors[stall.actor].name;
    let then = match source.ports.is_door() {
        true => {
            let waiting = wiring.limits.waiting;
            format!("; then {waiting} requests wait, and further ones are refused")
        }
        false => String::new(),
    };
    match effect.does {
        Does::GoesOn => format!("`{name}` goes on"),
        Does::Stops => format!("`{name}` stops after exactly {share} events{then}"),
        Does::StopsLater => format!(
            "`{name}` stops after {share} events and those that are held before `{stalled}` meanwhile{then}"
        ),
        Does::MayStop => format!(
            "`{name}` stops when {share} of its events have come to `{stalled}`; others pass it by{then}"
        ),
        Does::GoesOnIfWell => {
            format!("`{name}` goes on, unless {share} of its events fail and come to `{stalled}`")
        }
    }
}
