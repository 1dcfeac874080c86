//! Program B in Rust: what a generator makes goes to two outputs, each with a copy of its own.
//!
//! Run it with `cargo run --example two_outputs`; give a number to end after so many events.

use std::time::Duration;

use compysition::actors::{EventGenerator, Stdout};
use compysition::{Director, Result};

#[tokio::main]
async fn main() -> Result {
    let mut director = Director::new("two_outputs");

    let mut generator = EventGenerator::new("test").every(Duration::from_secs(1));
    if let Some(count) = std::env::args().nth(1) {
        generator = generator.count(count.parse()?);
    }
    let event_generator = director.register("event_generator", generator);
    let output_one = director.register(
        "output_one",
        Stdout::new().prefix("I am number one: ").timestamp(),
    );
    let output_two = director.register(
        "output_two",
        Stdout::new().prefix("I am number two: ").timestamp(),
    );

    director.connect(event_generator, [output_one, output_two]);

    director.run().await
}
