//! Whether what gathers parts has any to gather, and is in the process where they were made, which alone knows that they belong
//! together.

use std::collections::{BTreeSet, HashSet};

use compysition_core::{GroupOf, Wiring};

/// An actor that gathers what another one made elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Apart {
    pub(crate) gatherer: usize,
    pub(crate) maker: usize,
}

impl Apart {
    pub(crate) fn message(self, wiring: &Wiring) -> String {
        let actor = |index: usize| {
            let actor = &wiring.actors[index];
            (&actor.name, actor.process.as_deref().unwrap_or_default())
        };
        let ((gatherer, here), (maker, there)) = (actor(self.gatherer), actor(self.maker));
        format!(
            "`{gatherer}` in node `{here}` gathers the parts that `{maker}` makes, but only node `{there}` knows which of them \
             belong together"
        )
    }
}

/// Finds the actors that gather parts which were made in another process.
pub(crate) fn apart(wiring: &Wiring) -> Vec<Apart> {
    let gatherers = (0..wiring.actors.len()).filter_map(|gatherer| {
        let of = wiring.actors[gatherer].ports.gathered()?;
        let process = &wiring.actors[gatherer].process;
        let makers = makers(wiring, gatherer, of);
        let mut others = makers.filter(|maker| wiring.actors[*maker].process != *process);
        others.next().map(|maker| Apart { gatherer, maker })
    });
    gatherers.collect()
}

/// An actor that gathers what came of one source, where no source before it makes anything that is ever complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InVain {
    pub(crate) gatherer: usize,
    /// All sources before it.
    pub(crate) sources: Vec<usize>,
}

impl InVain {
    pub(crate) fn message(&self, wiring: &Wiring) -> String {
        let sources = self.sources.iter().map(|source| {
            let actor = &wiring.actors[*source];
            let why = match actor.ports.is_endless() {
                true => "reads on for ever",
                false => "makes each event by itself",
            };
            format!("`{}` {why}", actor.name)
        });
        let sources: Vec<String> = sources.collect();
        format!(
            "nothing comes together at `{}`, which gathers what a source made of one file: {}",
            wiring.actors[self.gatherer].name,
            sources.join(", ")
        )
    }
}

/// Finds the actors that gather groups of a source, and that only sources lead to whose groups are never complete.
pub(crate) fn in_vain(wiring: &Wiring) -> Vec<InVain> {
    let ports = |actor: usize| &wiring.actors[actor].ports;
    let gathers = |actor: &usize| ports(*actor).gathered() == Some(GroupOf::Source);
    let gatherers = (0..wiring.actors.len()).filter(gathers);
    let found = gatherers.map(|gatherer| {
        let before = before(wiring, gatherer);
        let sources = before.filter(|actor| ports(*actor).is_source());
        InVain {
            gatherer,
            sources: sources.collect(),
        }
    });
    let is_vain = |source: &usize| ports(*source).is_ungrouped() || ports(*source).is_endless();
    let is_sure = |one: &InVain| !one.sources.is_empty() && one.sources.iter().all(is_vain);
    found.filter(is_sure).collect()
}

/// Returns all actors whose events may come to one.
fn before(wiring: &Wiring, actor: usize) -> impl Iterator<Item = usize> {
    let mut seen = BTreeSet::new();
    let mut open = vec![actor];
    while let Some(actor) = open.pop() {
        // What has no links of its own comes from anywhere.
        let named = wiring.errors.iter().chain(&wiring.log);
        let is_named = named.into_iter().any(|named| *named == actor);
        let links = wiring.links.iter().filter(|link| link.to == actor);
        let all = (0..wiring.actors.len()).filter(|_| is_named);
        for from in links.map(|link| link.from).chain(all) {
            if seen.insert(from) {
                open.push(from);
            }
        }
    }
    seen.into_iter()
}

/// How deep splits within splits are followed.
const DEEPEST: usize = 16;

/// Returns who makes the parts that an actor gathers: the nearest before it, but for those whose parts are gathered on the way.
fn makers(wiring: &Wiring, gatherer: usize, of: GroupOf) -> impl Iterator<Item = usize> {
    let mut makers = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![(gatherer, 0)];
    while let Some((actor, depth)) = open.pop() {
        let before = wiring.links.iter().filter(|link| link.to == actor);
        for from in before.map(|link| link.from) {
            let ports = &wiring.actors[from].ports;
            let depth = match (of, ports.gathered()) {
                (GroupOf::Event, Some(GroupOf::Event)) => depth + 1,
                _ => depth,
            };
            let makes = match of {
                // It has an outbox for an event of no parts.
                GroupOf::Event => ports.drop_outbox().is_some(),
                GroupOf::Source => ports.is_source() && !ports.is_door(),
            };
            if makes && depth == 0 {
                makers.push(from);
                continue;
            }
            let depth = depth - usize::from(makes);
            if depth <= DEEPEST && seen.insert((from, depth)) {
                open.push((from, depth));
            }
        }
    }
    makers.into_iter()
}

#[cfg(test)]
mod tests {
    use compysition_core::{Actor, Context, Director, Event, Ports, Result};

    use super::*;

    /// Is nothing but its ports.
    struct Part(Ports);

    impl Actor for Part {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            ctx.send(event)
        }

        fn ports(&self) -> Ports {
            self.0.clone()
        }
    }

    /// Returns who gathers what another one made elsewhere, in a line of actors: a letter for what each is, and one for its process.
    fn found(line: &str) -> Vec<(usize, usize)> {
        let mut director = Director::new("line");
        let mut before = None;
        for (number, actor) in line.split(' ').enumerate() {
            let (what, process) = actor.split_at(1);
            let ports = Ports::any();
            let ports = match what {
                "f" => ports.source(),
                "s" => ports.may_drop_unless("empty"),
                "j" => ports.gathers(GroupOf::Event),
                "g" => ports.gathers(GroupOf::Source),
                _ => ports,
            };
            let node = director.register(format!("a{number}"), Part(ports));
            director.place(node, process.to_owned());
            if let Some(before) = before.replace(node) {
                director.connect(before, node);
            }
        }
        let apart = apart(&director.wiring()).into_iter();
        apart.map(|apart| (apart.gatherer, apart.maker)).collect()
    }

    #[test]
    fn parts_are_gathered_where_they_were_made() {
        for (line, expected) in [
            ("f1 s1 x1 j1", vec![]),
            // They come back.
            ("f1 s1 x2 j1", vec![]),
            ("f1 s1 x2 j2", vec![(3, 1)]),
            ("f2 s1 j1", vec![]),
            // Splits within splits.
            ("f1 s1 s2 x1 j2 j1", vec![]),
            ("f1 s1 s2 j1 j2", vec![(3, 2), (4, 1)]),
            ("f1 s1 s2 j2 x2 j2", vec![(5, 1)]),
            // A file, which may be split on the way.
            ("f1 x2 g1", vec![]),
            ("f1 x2 g2", vec![(2, 0)]),
            ("f1 s2 j2 g1", vec![]),
            // Who makes the parts is not known.
            ("f1 x2 j2", vec![]),
        ] {
            assert_eq!(found(line), expected, "{line}");
        }
    }

    /// Returns what is said of an actor that gathers behind another one, which these sources lead to.
    fn said(sources: &[Ports]) -> Vec<String> {
        let mut director = Director::new("vain");
        let middle = director.register("middle", Part(Ports::any()));
        let join = director.register("join", Part(Ports::any().gathers(GroupOf::Source)));
        director.connect(middle, join);
        for (number, ports) in sources.iter().enumerate() {
            let source = director.register(format!("s{number}"), Part(ports.clone()));
            director.connect(source, middle);
        }
        let wiring = director.wiring();
        let found = in_vain(&wiring).into_iter();
        found.map(|one| one.message(&wiring)).collect()
    }

    #[test]
    fn groups_of_a_source_are_gathered_behind_one_that_ends_them() {
        let (any, endless) = (Ports::any().source(), Ports::any().source().endless());
        let ungrouped = Ports::any().source().ungrouped();
        let vain = "nothing comes together at `join`, which gathers what a source made of one file";
        assert_eq!(
            said(&[ungrouped.clone(), endless.clone()]),
            [format!(
                "{vain}: `s0` makes each event by itself, `s1` reads on for ever"
            )]
        );
        assert_eq!(
            said(&[Ports::any().door()]),
            [format!("{vain}: `s0` makes each event by itself")]
        );
        // It may end some.
        assert_eq!(said(&[ungrouped, any]), [""; 0]);
        // That nothing comes is another mistake.
        assert_eq!(said(&[]), [""; 0]);
    }

    #[test]
    fn circles_end() {
        let mut director = Director::new("circle");
        let split = director.register("split", Part(Ports::any().may_drop_unless("empty")));
        let join = director.register("join", Part(Ports::any().gathers(GroupOf::Event)));
        director.connect(split, join);
        director.connect(join, split);
        assert_eq!(apart(&director.wiring()), []);
    }
}
