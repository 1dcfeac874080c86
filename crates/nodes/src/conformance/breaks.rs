//! Lines that say that they break.

use std::time::Duration;

use compysition_core::Outcome;

use super::{Bench, Stream, start_patient_front, start_patient_work, until};
use crate::Patience;

/// So long that within a test silence tells nothing.
const QUIET: Duration = Duration::from_secs(600);

/// A process that is killed is missed at once, and the next one takes its place.
pub async fn killed_processes(bench: &dyn Bench) {
    if bench.loses() || !bench.transport("front").promises().tells_of_breaks {
        return;
    }
    let patience = Patience {
        heartbeat: QUIET,
        lost_after: Duration::from_secs(1),
    };
    let mut stream = Stream::of(1_000_000);
    stream.pause = Duration::from_millis(1);
    let (work, address) = start_patient_work(bench, stream.whole("stream"), patience).await;
    let front = start_patient_front(bench, &address, stream.whole("stream"), patience).await;
    until("some events", || stream.keep.events.lock().len() > 20).await;
    front.abort().await;
    until("what the first one sent is done", || {
        work.snapshot().open == 0
    })
    .await;
    // So many of the next one's are done before `work` is killed.
    stream.keep.go.forget_permits(usize::MAX);
    stream.keep.go.add_permits(5);
    stream.keep.events.lock().clear();
    let second = Stream::of(100);
    let front = start_patient_front(bench, &address, second.whole("stream"), patience).await;
    until("the next one is served", || {
        stream.keep.events.lock().len() == 5
    })
    .await;
    work.abort().await;
    until("all outcomes", || second.outcomes.lock().len() == 100).await;
    let is_lost = |outcome: &&Outcome| matches!(outcome, Outcome::Failed(failure) if failure.to_string().contains("is lost"));
    let lost = second.outcomes.lock().iter().filter(is_lost).count();
    // That some of the five are done may not have been told before.
    assert!((95..=100).contains(&lost), "{lost}");
    front.abort().await;
}
