//! Measures how long it takes to follow the requests of a large flow, against how long it takes to build and check it.

use std::time::Instant;

use compysition_core::{Actor, Context, Node, Ports, Result};
use compysition_core::{Director, Event, map};
use compysition_proof::{Guarantees, Replies, Stall};

const ACTORS: usize = 1_000;
const LINKS: usize = 5_000;

/// Asks nothing, as the flow never runs.
struct Door;

impl Actor for Door {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door()
    }
}

fn flow(doors: usize) -> Director {
    let mut director = Director::new("large");
    let mut nodes: Vec<Node> = (0..doors)
        .map(|door| director.register(format!("door{door}"), Door))
        .collect();
    for actor in doors..ACTORS {
        let node = director.register(format!("a{actor}"), map(|event: Event| event));
        director.connect(nodes[actor / 2], node);
        nodes.push(node);
    }
    let reply = director.reply();
    // Multiples of two large primes, as good as random.
    for number in 0..LINKS - (ACTORS - doors) {
        let (from, to) = (number * 7_919 % ACTORS, (number * 104_729 + 1) % ACTORS);
        match number % 4 {
            0 => director.connect_error(nodes[from.max(doors)], reply),
            _ => director.connect(nodes[from], nodes[to.max(doors)]),
        }
    }
    director
}

fn main() {
    for doors in [1, 10, 100] {
        let begin = Instant::now();
        let director = flow(doors);
        // What is connected twice is told, and does no harm here.
        let _ = director.check();
        let built = begin.elapsed();
        let wiring = director.wiring();
        let measure = |name: &str, work: &dyn Fn() -> usize| {
            let begin = Instant::now();
            let found = work();
            let took = begin.elapsed();
            let ratio = took.as_secs_f64() / built.as_secs_f64();
            println!(
                "{doors} doors: {name} took {took:?}, {ratio:.2} times as long as to build the flow; {found} found"
            );
        };
        measure("replies", &|| {
            let replies = Replies::of(&wiring);
            replies
                .doors
                .iter()
                .map(|door| door.silent.len() + door.failed.len())
                .sum()
        });
        measure("guarantees", &|| Guarantees::of(&wiring).routes.len());
        measure("stall", &|| {
            Stall::of(&wiring, ACTORS / 2).map_or(0, |stall| stall.sources.len())
        });
    }
}
