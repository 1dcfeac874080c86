//! An event that failed comes back by the same inbox, five times after a second each, and then goes the error path.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use compysition::{Actor, Context, Error, ErrorKind, Event, Result, Retry, TimeSpan};
use serde_json::json;
use tokio::time::Instant;

use crate::support::{Seen, with_door};

/// Notes when, how and by which inbox it was called, and fails.
struct Fails(Arc<Mutex<Vec<(u64, String, String)>>>, Instant);

impl Actor for Fails {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let seconds = self.1.elapsed().as_secs();
        let call = (seconds, ctx.inbox().to_owned(), event.text()?.to_owned());
        self.0.lock().unwrap().push(call);
        let _changed = event.with("changed");
        Err(Error::internal("always"))
    }
}

#[tokio::test(start_paused = true)]
async fn five_rescues_then_the_error_path() {
    let (mut director, door, handle) = with_door("rescue");
    let (calls, seen) = (Arc::new(Mutex::new(Vec::new())), Seen::default());
    let fails = director.register("fails", Fails(calls.clone(), Instant::now()));
    let errors = director.register("errors", seen.clone());
    director.set_retry(
        fails,
        Retry {
            attempts: 6,
            delay: TimeSpan(Duration::from_secs(1)),
            backoff: 1.0,
            jitter: 0.0,
            errors: vec![ErrorKind::Internal],
            ..Retry::default()
        },
    );
    director.connect(door, (fails, "way"));
    director.connect(fails, door);
    director.connect_error(fails, errors);
    let flow = director.start().await.unwrap();
    assert!(handle.ask("as it came").await.is_err());
    assert!(flow.stop().await.is_clean());
    let expected: Vec<_> = (0..6)
        .map(|second| (second, "way".to_owned(), "as it came".to_owned()))
        .collect();
    assert_eq!(*calls.lock().unwrap(), expected);
    let failed = seen.events().remove(0);
    assert_eq!(failed.text().unwrap(), "as it came");
    assert_eq!(*failed.attribute("failed").unwrap(), json!(["fails", 6]));
}
