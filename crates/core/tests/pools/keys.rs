//! Pools whose events of one key are handled one after the other.

use std::collections::HashMap;
use std::time::Duration;

use compysition_core::{Director, Error, Event, Pool, map};

use crate::common::{Collect, Forward};
use crate::support::{Dice, Emit, Log, Worker, by_key, finish, job, number, run};

#[tokio::test(start_paused = true)]
async fn one_key_is_handled_in_order_and_others_pass_it() {
    let log = Log::new();
    let mut events: Vec<Event> = (0..6).map(|n| job(format!("slow{n}"), 1, 1000)).collect();
    events.extend((0..6).map(|n| job(format!("quick{n}"), 2 + n, 10)));
    let trial = run(events, Worker::factory(&log), by_key(Pool::of(2))).await;
    // While one instance has the one key in hand, the other does all the rest.
    assert_eq!(trial.out[..2], ["quick0", "quick1"]);
    assert_eq!(trial.out[5..8], ["quick5", "slow0", "slow1"]);
    assert_eq!(log.end(), Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_key_takes_the_error_path() {
    let pool = Pool::of(2).by_key(|event: &Event, inbox| {
        assert_eq!(inbox, "source");
        match event.text()? {
            "panic" => panic!("as wanted"),
            "none" => Err(Error::unprocessable("no key")),
            text => Ok(text.to_owned()),
        }
    });
    let events = ["a", "none", "panic", "b"]
        .map(|name| job(name, 0, 100))
        .to_vec();
    let trial = run(events, Worker::factory(&Log::new()), pool).await;
    assert_eq!(trial.out, ["none", "panic", "a", "b"]);
    assert_eq!((trial.pooled.failed, trial.pooled.restarts), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn an_event_without_a_key_tells_by_which_inbox_it_came() {
    let told = Collect::default();
    let mut director = Director::new("told");
    let source = director.register("source", Emit(vec![job("x", 0, 0)]));
    let pooled = director.register("pooled", || Forward);
    let tell = director.register(
        "tell",
        map(|event: Event| {
            let inbox = event.lookup("error.inbox");
            event
                .recovered()
                .with(inbox.unwrap_or_default().to_string())
        }),
    );
    let sink = director.register("sink", told.clone());
    director.set_pool(
        pooled,
        Pool::of(2).by_key(|_, _| Err::<String, _>(Error::unprocessable("no key"))),
    );
    director.connect(source, pooled.port("second"));
    director.connect(pooled, sink);
    director.connect_error(pooled, tell);
    director.connect(tell, sink);
    finish(director).await;
    assert_eq!(told.texts(), ["\"second\""]);
}

/// Says when all would be done if each instance that is free took the first event whose key is free.
fn ideal(events: &[Event], instances: usize) -> Duration {
    let mut waiting: Vec<(u64, u64)> = events
        .iter()
        .map(|event| (number(event, "key"), number(event, "millis")))
        .collect();
    let mut busy: Vec<(u64, u64)> = Vec::new();
    let mut now = 0;
    while !waiting.is_empty() || !busy.is_empty() {
        while busy.len() < instances {
            let is_free = |(key, _): &(u64, u64)| busy.iter().all(|(_, other)| other != key);
            let Some(next) = waiting.iter().position(is_free) else {
                break;
            };
            let (key, millis) = waiting.remove(next);
            busy.push((now + millis, key));
        }
        busy.sort_unstable();
        now = busy.remove(0).0;
    }
    Duration::from_millis(now)
}

#[tokio::test(start_paused = true)]
async fn the_order_of_each_key_holds_and_nobody_is_idle_in_vain() {
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let (count, keys) = (dice.below(80), 1 + dice.below(12));
        let has_faults = seed % 2 == 0;
        let mut events = Vec::new();
        let mut expected: HashMap<u64, Vec<String>> = HashMap::new();
        for n in 0..count {
            let kind =
                ["", "fail", "back", "panic"][dice.below(if has_faults { 4 } else { 3 }) as usize];
            let (name, key) = (format!("{kind}{n}"), dice.below(keys));
            expected.entry(key).or_default().push(name.clone());
            events.push(job(name, key, 1 + dice.below(20)));
        }
        let instances = 1 + dice.below(8) as usize;
        let ideal = ideal(&events, instances);
        let log = Log::new();
        let trial = run(events, Worker::factory(&log), by_key(Pool::of(instances))).await;
        assert_eq!(trial.out.len() as u64, count, "seed {seed}");
        assert_eq!(log.by_key(), expected, "seed {seed}");
        let entries = log.entries();
        for (n, one) in entries.iter().enumerate() {
            for other in &entries[n + 1..] {
                let apart = one.to <= other.from || other.to <= one.from;
                assert!(
                    apart || one.key != other.key,
                    "seed {seed}: {one:?} {other:?}"
                );
                assert!(
                    apart || one.instance != other.instance,
                    "seed {seed}: {one:?} {other:?}"
                );
            }
        }
        if !has_faults {
            assert_eq!(log.end(), ideal, "seed {seed}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_order_of_each_key_holds_on_several_threads() {
    let mut dice = Dice(1);
    let mut expected: HashMap<u64, Vec<String>> = HashMap::new();
    let mut events = Vec::new();
    for n in 0..3000 {
        let (name, key) = (n.to_string(), dice.below(20));
        expected.entry(key).or_default().push(name.clone());
        events.push(job(name, key, 0));
    }
    let log = Log::new();
    run(events, Worker::factory(&log), by_key(Pool::of(8))).await;
    assert_eq!(log.by_key(), expected);
}
