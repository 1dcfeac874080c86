//! Whether what gathers the parts of an event is in the process where they were made, which alone knows that they belong together.

use std::collections::HashSet;

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
