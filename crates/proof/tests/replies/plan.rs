//! Random flows with doors.

use std::collections::HashSet;
use std::sync::Arc;

use compysition_core::{BestEffort, Director, ErrorKind, Limits, Node, Port};

use crate::cast::{Ask, Ends, Free, Nature, Path, Sends};
use crate::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Plain,
    BestEffort,
    Error(Option<ErrorKind>),
}

/// A flow to be built as often as it is run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) doors: usize,
    named_doors: Vec<bool>,
    natures: Vec<Nature>,
    edges: Vec<(usize, usize, Kind)>,
    errors: Option<usize>,
    dead_letters: Option<usize>,
}

const KINDS: [Option<ErrorKind>; 3] = [None, Some(ErrorKind::Timeout), Some(ErrorKind::NotFound)];

impl Plan {
    pub(crate) fn of(seed: u64) -> Plan {
        let dice = &mut Dice(seed);
        // Such flows answer errors, and drop little.
        let careful = dice.one_in(2);
        // Such flows answer them in one place.
        let central = careful && dice.one_in(3);
        let doors = 1 + dice.below(2) as usize;
        let actors = 1 + dice.below(7) as usize;
        let (end, reply) = (doors + actors, doors + actors);
        let mut edges = Vec::new();
        for actor in doors..end {
            let before = dice.below(actor as u64) as usize;
            let kind = match before >= doors && dice.one_in(5) {
                true => Kind::Error(KINDS[dice.below(3) as usize]),
                false => Kind::Plain,
            };
            edges.push((before, actor, kind));
        }
        for _ in 0..dice.below(8) {
            let from = dice.below(end as u64) as usize;
            let to = match dice.below(3) {
                0 => reply,
                1 => dice.below(doors as u64) as usize,
                _ => doors + dice.below(actors as u64) as usize,
            };
            let is_link = (doors..end).contains(&to);
            let kind = match dice.below(6) {
                0 if is_link => Kind::BestEffort,
                1 if from >= doors => Kind::Error(KINDS[dice.below(3) as usize]),
                _ => Kind::Plain,
            };
            edges.push((from, to, kind));
        }
        let chosen = doors + dice.below(actors as u64) as usize;
        for actor in doors..end {
            let to = match dice.one_in(6) {
                true => doors + dice.below(actors as u64) as usize,
                false => reply,
            };
            let connects = if central { actor == chosen } else { careful };
            if connects && !dice.one_in(12) {
                edges.push((actor, to, Kind::Error(None)));
            }
            let has_out = edges
                .iter()
                .any(|edge| edge.0 == actor && edge.2 == Kind::Plain);
            if careful && !has_out {
                edges.push((actor, reply, Kind::Plain));
            }
        }
        for door in 0..doors {
            if !edges.iter().any(|edge| edge.0 == door) {
                edges.push((door, doors, Kind::Plain));
            }
        }
        let mut seen = HashSet::new();
        edges.retain(|(from, to, kind)| {
            let port = match kind {
                Kind::Error(_) => true,
                Kind::Plain | Kind::BestEffort => false,
            };
            // The director knows errors of all kinds by one port.
            from != to && seen.insert((*from, *to, port))
        });
        let few = if careful { 12 } else { 4 };
        let natures = (doors..end)
            .map(|number| {
                let plain = |edge: &&(usize, usize, Kind)| {
                    edge.0 == number && !matches!(edge.2, Kind::Error(_))
                };
                let outboxes: Vec<Port> = edges
                    .iter()
                    .filter(plain)
                    .map(|edge| name(edge.1, doors, end))
                    .collect();
                let kinds = edges.iter().filter(|edge| edge.0 == number);
                let kinds = kinds.filter_map(|edge| match edge.2 {
                    Kind::Error(Some(kind)) => Some(kind),
                    _ => None,
                });
                Nature {
                    number,
                    sends: match dice.below(6) {
                        0 if !outboxes.is_empty() => Sends::Named,
                        1 => Sends::Chosen,
                        2 => Sends::Aside,
                        _ => Sends::All,
                    },
                    outboxes,
                    drops: dice.one_in(few),
                    sink: dice.one_in(8),
                    unites: dice.one_in(8),
                    holds: dice.one_in(5),
                    recovers: dice.one_in(6),
                    never_fails: false,
                    kinds: kinds.collect(),
                    strays: edges.iter().any(|edge| edge.2 == Kind::BestEffort),
                }
            })
            .collect();
        let any = |dice: &mut Dice, often: u64| {
            dice.one_in(often)
                .then(|| doors + dice.below(actors as u64) as usize)
        };
        let errors = if central { Some(chosen) } else { any(dice, 3) };
        Plan {
            doors,
            named_doors: (0..doors).map(|_| dice.one_in(4)).collect(),
            natures,
            edges,
            errors,
            dead_letters: any(dice, 5),
        }
    }

    /// Builds the flow: free, or with one door that asks one request on a path.
    pub(crate) fn build(&self, steered: Option<(usize, Arc<Path>)>, ends: &Ends) -> Director {
        let mut director = Director::new("random");
        director.set_limits(Limits {
            hops: 30,
            live: 400,
            ..Limits::default()
        });
        let end = self.doors + self.natures.len();
        if steered.as_ref().is_some_and(|(_, path)| path.circles) {
            // Copies that multiply on their way round must not meet another limit before.
            director.set_limits(Limits {
                hops: 12,
                live: 1_000_000,
                ..Limits::default()
            });
        }
        let path = steered.as_ref().map(|(_, path)| path.clone());
        let mut nodes: Vec<Node> = Vec::new();
        for number in 0..self.doors {
            let count = match &steered {
                None => 8,
                Some((door, _)) => u64::from(*door == number),
            };
            let own = self
                .edges
                .iter()
                .filter(|edge| edge.0 == number && self.named_doors[number]);
            let outboxes: Vec<Port> = own.map(|edge| name(edge.1, self.doors, end)).collect();
            let ask = Ask {
                number,
                count,
                outboxes,
                path: path.clone(),
                ends: ends.clone(),
            };
            nodes.push(director.register(name(number, self.doors, end).as_str(), ask));
        }
        for nature in &self.natures {
            let (nature, path) = (nature.clone(), path.clone());
            let name = name(nature.number, self.doors, end);
            nodes.push(director.register(name.as_str(), move || Free {
                nature: nature.clone(),
                path: path.clone(),
                held: Vec::new(),
                gone: HashSet::new(),
            }));
        }
        nodes.push(director.reply());
        for &(from, to, kind) in &self.edges {
            match kind {
                Kind::Plain => director.connect(nodes[from], nodes[to]),
                Kind::BestEffort => {
                    director.connect_best_effort(nodes[from], nodes[to], BestEffort::default());
                }
                Kind::Error(None) => director.connect_error(nodes[from], nodes[to]),
                Kind::Error(Some(kind)) => {
                    director.connect_error_kind(nodes[from], kind, nodes[to]);
                }
            }
        }
        if let Some(errors) = self.errors {
            director.set_errors(nodes[errors]);
        }
        if let Some(letters) = self.dead_letters {
            director.set_dead_letters(nodes[letters]);
        }
        director
    }
}

fn name(number: usize, doors: usize, end: usize) -> Port {
    match number {
        _ if number < doors => format!("door{number}").into(),
        _ if number < end => format!("a{number}").into(),
        _ => "reply".into(),
    }
}
