//! What is said of a test that does not end.

use std::time::Duration;

use compysition_core::{Flow, Snapshot};

/// Ends a flow that hangs, and says who has what.
pub(crate) async fn hanging(flow: &Flow, patience: Duration) -> String {
    let held = holders(&flow.snapshot());
    let unfinished = flow.abort().await.unfinished;
    let busy = match unfinished.as_slice() {
        [] => String::new(),
        names => format!("\n  not done: {}", names.join(", ")),
    };
    format!("the test hangs: not all is done after {patience:?} of the flow's time{busy}{held}")
}

/// Says which actors hold events, or have some waiting.
pub(crate) fn holders(snapshot: &Snapshot) -> String {
    let mut lines = String::new();
    for actor in &snapshot.actors {
        let mut line = |count: u64, what: &str| {
            if count > 0 {
                lines.push_str(&format!("\n  `{}` {what} {count}", actor.name));
            }
        };
        line(actor.held, "holds");
        line(actor.waiting, "has waiting in its inboxes");
        line(
            actor.pool.map_or(0, |pool| pool.busy as u64),
            "is busy in instances:",
        );
    }
    if snapshot.open > 0 {
        lines.push_str(&format!("\n  {} events are under way", snapshot.open));
    }
    lines
}
