//! What is said of a flow with a stalled actor, against what random flows do.

// A test may panic; clippy knows tests only by their attribute.
#![allow(clippy::unwrap_used)]

mod cast;
#[path = "../replies/dice.rs"]
mod dice;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use cast::{Emit, Made, Manner, Stalled, Step};
use compysition_core::testing::Simulation;
use compysition_core::{BestEffort, Director, Limits, Node};
use compysition_proof::{Does, Stall};
use dice::Dice;

/// How many events each source makes if nothing stops it.
const COUNT: u64 = 60;

/// A flow to be built as often as it is run, whose actor `stalled` stalls.
struct Plan {
    sources: usize,
    stalled: usize,
    roots: usize,
    manners: Vec<Manner>,
    /// From, to, and whether as a link for errors, or with a queue that drops.
    links: Vec<(usize, usize, bool, Option<usize>)>,
    errors: Option<usize>,
    has_timeout: bool,
}

impl Plan {
    fn of(seed: u64) -> Plan {
        let dice = &mut Dice(seed);
        let sources = 1 + dice.below(3) as usize;
        let actors = 1 + dice.below(7) as usize;
        let end = sources + actors;
        let manners = (0..actors).map(|_| match dice.below(7) {
            0 => Manner::Chooses,
            1 => Manner::Drops,
            2 => Manner::Holds,
            3 => Manner::Fails,
            _ => Manner::Sends,
        });
        let manners: Vec<Manner> = manners.collect();
        let mut links = Vec::new();
        let mut seen = HashSet::new();
        let mut add = |from: usize, to: usize, dice: &mut Dice| {
            if from == to || !seen.insert((from, to)) {
                return;
            }
            let is_error = from >= sources && dice.one_in(6);
            let queue = dice.one_in(7).then(|| 1 + dice.below(4) as usize);
            links.push((from, to, is_error, queue.filter(|_| !is_error)));
        };
        for actor in sources..end {
            add(dice.below(actor as u64) as usize, actor, dice);
        }
        for source in 0..sources {
            add(source, sources + dice.below(actors as u64) as usize, dice);
        }
        for _ in 0..dice.below(5) {
            let from = dice.below(end as u64) as usize;
            let to = sources + dice.below(actors as u64) as usize;
            // Cycles multiply events without end.
            if from < to {
                add(from, to, dice);
            }
        }
        Plan {
            sources,
            stalled: sources + dice.below(actors as u64) as usize,
            roots: 1 + dice.below(40) as usize,
            errors: dice
                .one_in(4)
                .then(|| sources + dice.below(actors as u64) as usize),
            has_timeout: dice.one_in(8),
            manners,
            links,
        }
    }

    fn build(&self, made: &Made, seen: &Made) -> Director {
        let mut director = Director::new("random");
        director.set_limits(Limits {
            roots: self.roots,
            ..Limits::default()
        });
        let mut nodes: Vec<Node> = Vec::new();
        for number in 0..self.sources {
            let emit = Emit {
                number,
                count: COUNT,
                made: made.clone(),
            };
            nodes.push(director.register(format!("source{number}"), emit));
        }
        for (index, &manner) in self.manners.iter().enumerate() {
            let number = self.sources + index;
            let name = format!("a{number}");
            let (made, seen) = (made.clone(), seen.clone());
            nodes.push(match number == self.stalled {
                true => director.register(
                    name,
                    Stalled {
                        until: None,
                        made,
                        seen,
                    },
                ),
                false => director.register(
                    name,
                    Step {
                        manner,
                        held: Vec::new(),
                    },
                ),
            });
        }
        for &(from, to, is_error, queue) in &self.links {
            let (from, to) = (nodes[from], nodes[to]);
            match (is_error, queue) {
                (true, _) => director.connect_error(from, to),
                (false, None) => director.connect(from, to),
                (false, Some(queue)) => {
                    let settings = BestEffort {
                        queue,
                        ..BestEffort::default()
                    };
                    director.connect_best_effort(from, to, settings);
                }
            }
        }
        if let Some(errors) = self.errors {
            director.set_errors(nodes[errors]);
        }
        if self.has_timeout {
            director.set_timeout(nodes[self.stalled], Duration::from_secs(2));
        }
        director
    }
}

#[test]
fn what_is_said_of_a_stall_is_what_random_flows_do() {
    let mut seen_does: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 0..300 {
        let plan = Plan::of(seed);
        let (made, seen) = (Made::default(), Made::default());
        *made.lock().unwrap() = vec![0; plan.sources];
        let director = plan.build(&made, &seen);
        if director.check().is_err() {
            continue;
        }
        let stall = Stall::of(&director.wiring(), plan.stalled).unwrap();
        assert_eq!(stall.sources.len(), plan.sources);
        Simulation::seed(seed).run(|| director);
        let seen = match seen.lock().unwrap().as_slice() {
            // All was done before the actor would have woken.
            [] => made.lock().unwrap().clone(),
            seen => seen.to_vec(),
        };
        let fails = plan.manners.contains(&Manner::Fails);
        for effect in &stall.sources {
            let (count, share) = (seen[effect.source], effect.share as u64);
            *seen_does.entry(format!("{:?}", effect.does)).or_default() += 1;
            let is_right = match effect.does {
                Does::GoesOn => count == COUNT,
                Does::GoesOnIfWell => fails || count == COUNT,
                // What fails on the way does not come.
                Does::Stops if fails => count >= share.min(COUNT),
                Does::Stops => count == share.min(COUNT),
                Does::StopsLater if fails => count >= share.min(COUNT),
                // What is held for three seconds has no permit meanwhile, at each of seven actors.
                Does::StopsLater => (share.min(COUNT)..=share + 3 * 7 + 1).contains(&count),
                Does::MayStop => count >= share.min(COUNT),
            };
            let idle = &stall.idle;
            assert!(
                is_right,
                "seed {seed}: {count} of {effect:?}, idle {idle:?}, {:?} {:?}",
                plan.manners, plan.links
            );
        }
    }
    println!("{seen_does:?}");
    // Else little was compared, or too little said.
    let least = |does: &str| if does == "Stops" { 230 } else { 10 };
    let is_enough = |(does, count): (&String, &u64)| *count >= least(does);
    assert!(
        seen_does.len() == 5 && seen_does.iter().all(is_enough),
        "{seen_does:?}"
    );
}
