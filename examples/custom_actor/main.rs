//! A whole custom actor, and a program that sends events round a circle through it.
//!
//! Run it with `cargo run --example custom_actor`.

use compysition::actors::Door;
use compysition::{Actor, Context, Director, Event, Result};

/// Turns the text of each event into upper case.
pub struct Upper;

impl Actor for Upper {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let upper = event.text()?.to_uppercase();
        ctx.send(event.with(upper))
    }
}

#[tokio::main]
async fn main() -> Result {
    let mut director = Director::new("shout");
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let upper = director.register("upper", Upper);
    director.connect(door, upper);
    director.connect(upper, door);
    director.connect_error(upper, door);

    let flow = director.start().await?;
    let answer = handle.ask("hello").await?;
    println!("{}", answer.text()?);
    flow.stop().await;
    Ok(())
}
