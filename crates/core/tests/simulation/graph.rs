//! Random flows.

use std::collections::HashSet;
use std::time::Duration;

use compysition_core::{
    BestEffort, Director, Event, Limits, Node, Overflow, Pool, Retry, Supervision, TimeSpan, map,
};

use crate::cast::{Ask, Background, Batch, Emit, Forward, Gather, Keep, Mark, Split, Stumble};

/// A sequence of random numbers (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

fn add_actor(director: &mut Director, dice: &mut Dice, number: u64) -> Node {
    let name = format!("a{number}");
    let size = 1 + dice.below(6);
    match dice.below(8) {
        0 => director.register(name, Forward),
        1 => director.register(name, || Forward),
        2 => director.register(name, map(|event: Event| event.with("mapped"))),
        3 => director.register(
            name,
            map(|event: Event| {
                (!event.payload().size().is_multiple_of(3)).then(|| event.recovered())
            }),
        ),
        4 => director.register(name, move || Mark(size / 2)),
        5 => director.register(name, move || Split(size * size)),
        6 => {
            let merges = dice.one_in(2);
            director.register(name, move || Batch {
                size: size as usize,
                held: Vec::new(),
                merges,
            })
        }
        _ => director.register(name, || Background),
    }
}

fn set_options(director: &mut Director, dice: &mut Dice, node: Node) {
    if dice.one_in(4) {
        let retry = Retry {
            attempts: 1 + dice.below(4) as u32,
            delay: TimeSpan(Duration::from_millis(dice.below(2_000))),
            keep_order: dice.one_in(2),
            ..Retry::default()
        };
        director.set_retry(node, retry);
    }
    if dice.one_in(5) {
        director.set_timeout(node, Duration::from_millis(1 + dice.below(5_000)));
    }
}

fn set_pool(director: &mut Director, dice: &mut Dice, node: Node) {
    if !dice.one_in(3) || !director.may_pool(node) {
        return;
    }
    let pool = Pool::of(1 + dice.below(5) as usize);
    let keys = 1 + dice.below(6) as usize;
    let pool = match dice.below(3) {
        0 => pool,
        1 => pool.by_key(move |event: &Event, _| Ok(event.payload().size() % keys)),
        _ => pool.in_order(),
    };
    director.set_pool(node, pool);
}

/// Makes the flow of a seed.
pub(crate) fn flow(seed: u64) -> Director {
    let dice = &mut Dice(seed);
    // Of their own: whether there are pools and dead letters changes nothing else.
    let extras = &mut Dice(!seed);
    let mut director = Director::new("random");
    director.set_limits(Limits {
        roots: 1 + dice.below(32) as usize,
        bytes: 4_000 << dice.below(6),
        hops: 6,
        live: 2_000,
        held_bytes: 2_000 << dice.below(6),
        ..Limits::default()
    });
    director.set_supervision(Supervision {
        restarts: dice.below(4) as u32,
        ..Supervision::default()
    });
    let mut nodes = Vec::new();
    for number in 0..1 + dice.below(2) {
        let count = dice.below(24);
        nodes.push(match dice.one_in(2) {
            true => director.register(format!("emit{number}"), Emit(count)),
            false => director.register(format!("ask{number}"), Ask(count)),
        });
    }
    let sources = nodes.len();
    let actors = 1 + dice.below(7);
    let mut links = HashSet::new();
    for number in 0..actors {
        let node = match extras.below(12) {
            0 => {
                let often = extras.below(6);
                director.register(format!("a{number}"), move || Stumble(often))
            }
            1 | 2 => director.register(format!("a{number}"), Gather::default),
            _ => add_actor(&mut director, dice, number),
        };
        set_options(&mut director, dice, node);
        set_pool(&mut director, extras, node);
        let before = nodes[dice.below(nodes.len() as u64) as usize];
        links.insert((before, node));
        director.connect(before, node);
        nodes.push(node);
    }
    let reply = director.reply();
    for _ in 0..dice.below(6) {
        let from = nodes[dice.below(nodes.len() as u64) as usize];
        let to = match dice.one_in(3) {
            true => reply,
            false => nodes[sources + dice.below(actors) as usize],
        };
        if !links.insert((from, to)) {
            continue;
        }
        match dice.one_in(4) && to != reply {
            true => {
                let settings = BestEffort {
                    queue: 1 + dice.below(8) as usize,
                    drop: match dice.one_in(2) {
                        true => Overflow::Oldest,
                        false => Overflow::Newest,
                    },
                    ..BestEffort::default()
                };
                director.connect_best_effort(from, to, settings);
            }
            false => director.connect(from, to),
        }
    }
    let mut failing = HashSet::new();
    for _ in 0..dice.below(4) {
        let from = nodes[dice.below(nodes.len() as u64) as usize];
        if !failing.insert(from) {
            continue;
        }
        let to = match dice.one_in(2) {
            true => reply,
            false => nodes[sources + dice.below(actors) as usize],
        };
        director.connect_error(from, to);
    }
    if dice.one_in(3) {
        director.set_errors(nodes[sources + dice.below(actors) as usize]);
    }
    if extras.one_in(3) {
        let letters = director.register("letters", || Keep);
        director.set_dead_letters(letters);
        if extras.one_in(4) {
            director.connect(letters, nodes[sources + extras.below(actors) as usize]);
        }
    }
    director
}
