//! Actors and flows for these tests.

use std::sync::{Arc, Mutex};

use compysition::actors::{Door, DoorHandle};
use compysition::testing::Harness;
use compysition::{Actor, Built, Context, Director, Event, Node, Ports, Result};

/// Makes an actor from what would stand behind its name in a flow file.
pub(crate) fn actor(yaml: &str) -> Built {
    try_actor(yaml).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Makes an actor, or says what is wrong.
pub(crate) fn try_actor(yaml: &str) -> std::result::Result<Built, String> {
    let (registry, functions) = (compysition::registry(), compysition::cli::functions());
    let made = compysition::flow::testing::actor_with(&registry, &functions, yaml);
    made.map_err(|mistakes| mistakes.to_string())
}

/// Puts an actor into a harness.
pub(crate) fn harness(yaml: &str) -> Harness {
    Harness::of(actor(yaml)).start()
}

/// Begins a flow with a door.
pub(crate) fn with_door(name: &str) -> (Director, Node, DoorHandle) {
    let (door, handle) = Door::new();
    let mut director = Director::new(name);
    let door = director.register("door", door);
    (director, door, handle)
}

/// Keeps what comes, and passes it on.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Event>>>);

impl Seen {
    /// Returns what has come, without what it owes.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    /// Returns the texts of what has come.
    pub(crate) fn texts(&self) -> Vec<String> {
        let events = self.events();
        events
            .iter()
            .map(|event| event.text().unwrap().to_owned())
            .collect()
    }
}

impl Actor for Seen {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        // A copy of its own would keep its request from settling.
        let mut copy = Event::new(event.payload().clone()).with_id(event.id());
        copy.set_meta_id(event.meta_id().as_ref());
        if let Some(failure) = event.error() {
            let failed = (failure.actor.to_string(), failure.attempts);
            copy.set_attribute("failed", serde_json::json!(failed));
        }
        copy.set_attribute("inbox", ctx.inbox());
        self.0.lock().unwrap().push(copy);
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}
