//! Pools without an order, and those that keep the order of what comes in.

use std::time::Duration;

use compysition_core::Pool;

use crate::support::{Dice, Log, Worker, job, run};

#[tokio::test(start_paused = true)]
async fn instances_work_side_by_side() {
    let log = Log::new();
    let events = (0..8).map(|n| job(n, 0, 1000)).collect();
    let trial = run(events, Worker::factory(&log), Pool::of(4)).await;
    assert_eq!(trial.out.len(), 8);
    assert_eq!(log.end(), Duration::from_secs(2));
    let mut instances: Vec<usize> = log.entries().iter().map(|entry| entry.instance).collect();
    instances.sort_unstable();
    assert_eq!(instances, [0, 0, 1, 1, 2, 2, 3, 3]);
    let pool = trial.pooled.pool.unwrap();
    assert_eq!((pool.size, pool.busy, pool.failed), (4, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_first_that_is_free_takes_the_next() {
    let log = Log::new();
    let times = [900, 100, 100, 100, 100, 100, 100];
    let events = times.iter().enumerate().map(|(n, time)| job(n, 0, *time));
    let trial = run(events.collect(), Worker::factory(&log), Pool::of(2)).await;
    assert_eq!(trial.out, ["1", "2", "3", "4", "5", "6", "0"]);
}

#[tokio::test(start_paused = true)]
async fn what_they_send_leaves_in_the_order_of_what_came_in() {
    let log = Log::new();
    let times = [900, 100, 500, 100, 300, 700, 100];
    let names = ["a", "b", "fail_c", "d", "panic_e", "f", "back_g"];
    let events = names
        .iter()
        .zip(times)
        .map(|(name, time)| job(name, 0, time));
    let pool = Pool::of(3).in_order();
    let trial = run(events.collect(), Worker::factory(&log), pool).await;
    assert_eq!(trial.out, names);
    assert_eq!(trial.pooled.restarts, 1);
    assert_eq!(
        log.end(),
        Duration::from_millis(1200),
        "they worked side by side"
    );
}

#[tokio::test(start_paused = true)]
async fn the_order_holds_whatever_happens() {
    for seed in 0..300 {
        let mut dice = Dice(seed);
        let count = dice.below(80);
        let events = (0..count).map(|n| {
            let kind = ["", "", "", "fail", "panic", "back"][dice.below(6) as usize];
            job(format!("{kind}{n}"), 0, dice.below(20))
        });
        let events: Vec<_> = events.collect();
        let names: Vec<String> = events
            .iter()
            .map(|e| e.text().unwrap().to_owned())
            .collect();
        let pool = Pool::of(1 + dice.below(12) as usize).in_order();
        let trial = run(events, Worker::factory(&Log::new()), pool).await;
        assert_eq!(trial.out, names, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_order_holds_on_several_threads() {
    let events: Vec<_> = (0..3000)
        .map(|n| job(format!("{}{n}", if n % 7 == 0 { "back" } else { "" }), 0, 0))
        .collect();
    let names: Vec<String> = events
        .iter()
        .map(|e| e.text().unwrap().to_owned())
        .collect();
    let pool = Pool::of(8).in_order();
    let trial = run(events, Worker::factory(&Log::new()), pool).await;
    assert_eq!(trial.out, names);
}
