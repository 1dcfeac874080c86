//! Draws a flow of 1,000 actors and 5,000 links, and says how long that takes.

use std::time::Instant;

use compysition_draw::{Line, Picture, Role, Shape, Style};

fn main() {
    let shape = |number: usize| Shape {
        title: format!("actor_{number}"),
        kind: Some("set".to_owned()),
        role: if number == 0 {
            Role::Source
        } else {
            Role::Step
        },
        instances: 1,
        hint: String::new(),
        frames: Vec::new(),
    };
    // The same pseudorandom links each time: near ones, as people write them, and one in fifty across the flow.
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    let lines = (0..5_000).map(|number| {
        let from = number / 5;
        let to = match number % 50 {
            0 => random(1_000),
            _ => (from + 1 + random(40)) % 1_000,
        };
        Line {
            from,
            to,
            label: None,
            style: Style::Plain,
            hint: String::new(),
            answers: false,
        }
    });
    let picture = Picture {
        title: "large".to_owned(),
        shapes: (0..1_000).map(shape).collect(),
        lines: lines.collect(),
    };
    let start = Instant::now();
    let svg = picture.svg();
    println!("{} bytes in {:?}", svg.len(), start.elapsed());
}
