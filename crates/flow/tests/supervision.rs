//! Actors of flow files that panic are made again from their settings.
#![allow(clippy::unwrap_used)]

mod common;

use compysition_core::{Actor, Context, Event, FilePath, Result};
use compysition_expression::Expression;
use compysition_flow::Loader;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Fails when a condition is met, and when it is asked again for what it has seen already.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fragile {
    breaks: Expression,
    file: FilePath,
    #[serde(skip)]
    seen: u32,
}

impl Actor for Fragile {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        assert!(
            self.file.as_path().starts_with("dir"),
            "the file's own directory is known"
        );
        self.seen += 1;
        assert!(self.seen <= 2, "it is made again each time");
        assert_ne!(self.breaks.evaluate(&event)?, json!(true));
        ctx.send(event)
    }
}

fn loader() -> Loader {
    let mut registry = common::registry();
    registry.add::<Fragile>("fragile");
    Loader::new(registry)
}

const TEXT: &str = "
limits: { events: 16, bytes: 1MiB, held_for: 1m }
stop_deadline: 5s
supervision: { restarts: 3, within: 1m, backoff: 1ms, on_failed: stop_flow }
actors:
  n: { numbers: { count: COUNT, text: x } }
  f: { fragile: { breaks: attributes.number % 2 == 1, file: x.txt } }
  s: sink
connect: [n -> f -> s]
";

#[tokio::test(start_paused = true)]
async fn an_actor_is_made_again_from_its_settings() {
    let text = TEXT.replace("COUNT", "6");
    let mut flows = loader().load_text("dir/a.yaml", &text).unwrap();
    let flow = flows.remove(0).start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    assert_eq!((snapshot.delivered, snapshot.failed), (3, 3));
    assert_eq!(snapshot.actors[1].restarts, 3);
    assert!(flow.failure().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_flow_stops_when_that_does_not_help() {
    let text = TEXT.replace("COUNT", "60");
    let mut flows = loader().load_text("dir/a.yaml", &text).unwrap();
    let flow = flows.remove(0).start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let failure = flow.failure().unwrap().to_string();
    assert!(failure.contains("restarted 3 times"), "{failure}");
}
