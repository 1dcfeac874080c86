//! What an instance never took, when the flow ends.

use std::time::Duration;

use compysition_core::{Event, Pool};

use crate::support::{Log, Worker, by_key, flow, job};

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_key_or_its_turn_settles_when_the_flow_is_aborted() {
    for pool in [by_key(Pool::of(2)), Pool::of(2).in_order(), Pool::of(2)] {
        let hour = 3_600_000;
        let events: Vec<Event> = [("slow", hour), ("quick", 1), ("last", hour)]
            .map(|(name, millis)| job(name, 0, millis))
            .to_vec();
        let (director, _, _) = flow(events, Worker::factory(&Log::new()), pool.clone());
        let flow = director.start().await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        // What is put aside waits like the rest.
        assert_eq!(flow.snapshot().imbalance(), None, "{pool:?}");
        flow.abort().await;
        let snapshot = flow.snapshot();
        assert_eq!((snapshot.open, snapshot.permits), (0, 0), "{pool:?}");
        assert_eq!(snapshot.delivered + snapshot.failed, 3, "{pool:?}");
    }
}
