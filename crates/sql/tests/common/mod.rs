//! What the tests of both databases have in common.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "not every test needs all, and fails by panicking"
)]

use std::path::Path;
use std::sync::{Arc, Mutex};

use compysition_actors::Door;
use compysition_core::testing::Harness;
use compysition_core::{
    Actor, Context, Director, Error, Event, Pool, Ports, Registry, Result, inspect,
};
use compysition_flow::Loader;
use compysition_sql::Sql;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// Starts the actor with these settings.
pub(crate) fn start(settings: Value) -> Harness {
    let actor = serde_json::from_value::<Sql>(settings).unwrap();
    Harness::of(actor).real_time().start()
}

/// Returns why the settings are refused.
pub(crate) fn refused(settings: Value) -> String {
    let built = serde_json::from_value::<Sql>(settings);
    built.err().unwrap().to_string()
}

/// Returns why the actor does not start.
pub(crate) fn not_started(settings: Value) -> String {
    let actor = serde_json::from_value::<Sql>(settings).unwrap();
    let started = Harness::of(actor).real_time().try_start();
    started.err().unwrap().to_string()
}

/// Sends an event, and returns what its payload became.
pub(crate) fn answer(harness: &mut Harness, event: impl Into<Event>) -> Value {
    harness.send(event);
    if let Some(failed) = harness.errors().pop() {
        panic!("{:?}", failed.error().unwrap().error);
    }
    harness.take().pop().unwrap().payload().to_value()
}

/// Sends an event that must fail.
pub(crate) fn failure(harness: &mut Harness, event: impl Into<Event>) -> Error {
    harness.send(event);
    let failed = harness.errors().pop().unwrap();
    failed.error().unwrap().error.clone()
}

/// Carries out one statement, and returns what it gives.
pub(crate) fn ask(url: &str, query: &str) -> Value {
    answer(&mut start(json!({ "url": url, "query": query })), "")
}

/// Texts that try to be more than a value.
pub(crate) const HOSTILE: [&str; 12] = [
    "'; drop table kept; --",
    "' or '1'='1",
    "\\'; drop table kept; --",
    "$1 :id ?1 @id",
    "$$; drop table kept; $$",
    "\"; drop table kept; \"",
    "/* */ -- \n\r\t",
    "NULL",
    "{\"a\": [1, \"'\"]}",
    "{1,\"2\",NULL}",
    "größer \u{1F980} \u{202e} \u{feff}",
    "",
];

/// Makes one event of its settings.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Once {
    #[serde(default)]
    text: String,
    #[serde(default)]
    json: bool,
    #[serde(default)]
    attributes: serde_json::Map<String, Value>,
}

impl Actor for Once {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }

    async fn start(&mut self, ctx: &Context) -> Result {
        let mut event = match self.json {
            true => Event::new(json!({})),
            false => Event::new(self.text.clone()),
        };
        for (name, value) in &self.attributes {
            event = event.with_attribute(name.as_str(), value.clone());
        }
        ctx.produce(async move |source| {
            drop(source.emit(event).await?);
            Ok(())
        });
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Runs a flow file to its end, in which `once` makes events. Returns the payloads that come out of some of its actors, by their names.
pub(crate) fn run(
    path: &Path,
    yaml: &str,
    database: &str,
    watched: &[&str],
) -> Vec<(String, Value)> {
    let mut registry = Registry::new();
    compysition_actors::register(&mut registry);
    compysition_sql::register(&mut registry);
    registry.add::<Once>("once");
    let database = database.to_owned();
    let environment = move |name: &str| (name == "DB").then(|| database.clone());
    let loader = Loader::new(registry).environment(environment);
    let mut loaded = match loader.load_text(path, yaml) {
        Ok(loaded) => loaded,
        Err(diagnostics) => panic!("{diagnostics}"),
    };
    let mut director = loaded.remove(0).into_director();
    let seen: Arc<Mutex<Vec<(String, Value)>>> = Arc::default();
    for name in watched {
        let (name, ours) = ((*name).to_owned(), seen.clone());
        let watched = director.node(&name).unwrap();
        let note = inspect(move |event: &Event| {
            let payload = event.payload().to_value();
            ours.lock().unwrap().push((name.clone(), payload));
        });
        let note = director.register(format!("seen from {watched:?}"), note);
        director.connect(watched, note);
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(director.run()).unwrap();
    std::mem::take(&mut *seen.lock().unwrap())
}

/// Asks a pool of actors with numbers from 0, all at once. Returns the answers in their order.
pub(crate) fn pool(settings: Value, size: usize, events: usize) -> Vec<Event> {
    let mut director = Director::new("pool");
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let make = move || -> Result<Sql> { Ok(serde_json::from_value(settings.clone())?) };
    let actor = director.register("actor", make);
    director.set_pool(actor, Pool::of(size));
    director.connect(door, actor);
    director.connect(actor, door);
    director.connect_error(actor, door);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let flow = director.start().await.unwrap();
        let asked: Vec<_> = (0..events)
            .map(|number| {
                let handle = handle.clone();
                tokio::spawn(async move { handle.ask(json!(number)).await.unwrap() })
            })
            .collect();
        let mut answers = Vec::new();
        for answer in asked {
            answers.push(answer.await.unwrap());
        }
        flow.stop().await;
        answers
    })
}
