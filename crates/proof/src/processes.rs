//! Which links lead from one process into another, and what a lost process takes with it.

use compysition_core::{WiredLink, Wiring};
use serde::Serialize;

use crate::tell::link_name;

/// A link between two processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Crossing {
    /// The number of the link.
    pub link: usize,
    /// The process that it leads from.
    pub from: String,
    /// The process that it leads to.
    pub to: String,
    /// Whether it brings answers to a door, which find their way to the request by themselves.
    pub answers: bool,
}

pub(crate) fn of(wiring: &Wiring) -> Vec<Crossing> {
    let process = |actor: usize| wiring.actors[actor].process.clone();
    let crossing = |(link, wired): (usize, &WiredLink)| {
        let (from, to) = (process(wired.from)?, process(wired.to)?);
        let answers = wiring.actors[wired.to].ports.is_door();
        (from != to).then_some(Crossing {
            link,
            from,
            to,
            answers,
        })
    };
    wiring
        .links
        .iter()
        .enumerate()
        .filter_map(crossing)
        .collect()
}

impl Crossing {
    /// Says it for people.
    pub(crate) fn tell(&self, wiring: &Wiring) -> String {
        let (name, from, to) = (link_name(self.link, wiring), &self.from, &self.to);
        if self.answers {
            return format!(
                "{name}: answers find their way from process `{from}` to the request, wherever that came in"
            );
        }
        let target = &wiring.actors[wiring.links[self.link].to].name;
        format!(
            "{name}: from process `{from}` to `{to}`; a broken connection loses and repeats nothing, and what a lost `{to}` was at work \
             on takes the error path of `{target}`, as `unavailable`"
        )
    }
}

#[cfg(test)]
mod tests {
    use compysition_core::{Director, Event, map};

    use super::*;

    #[test]
    fn only_links_between_processes_are_told() {
        let mut director = Director::new("shop");
        let [a, b, c] =
            ["a", "b", "c"].map(|name| director.register(name, map(|event: Event| event)));
        director.connect(a, b);
        director.connect(b, c);
        director.place(a, "front");
        director.place(b, "work");
        director.place(c, "work");
        let crossings = of(&director.wiring());
        let told: Vec<_> = crossings
            .iter()
            .map(|one| (one.link, &*one.from, &*one.to))
            .collect();
        assert_eq!(told, [(0, "front", "work")]);
    }
}
