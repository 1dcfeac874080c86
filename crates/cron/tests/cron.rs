//! `cron`, as flows see it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use compysition_core::testing::Harness;
use compysition_core::{Event, Registry};
use compysition_cron::{Cron, Missed};
use compysition_flow::testing;
use compysition_schedule::{Schedule, Zone};
use jiff::Timestamp;

fn registry() -> Registry {
    let mut registry = Registry::new();
    compysition_cron::register(&mut registry);
    registry
}

fn harness(yaml: &str) -> Harness {
    testing::harness(&registry(), yaml)
}

fn wrong(yaml: &str) -> String {
    testing::actor(&registry(), yaml).err().unwrap().to_string()
}

fn attribute(event: &Event, name: &str) -> Option<Timestamp> {
    let value = event.lookup(&format!("attributes.{name}"))?;
    Some(value.as_str().unwrap().parse().unwrap())
}

/// Returns the times that events are for, in seconds.
fn scheduled(events: &[Event]) -> Vec<i64> {
    let times = events
        .iter()
        .map(|event| attribute(event, "scheduled_at").unwrap());
    times.map(Timestamp::as_second).collect()
}

fn assert_regular(times: &[i64], period: i64) {
    for time in times {
        assert_eq!(time % period, 0, "{times:?}");
    }
    for pair in times.windows(2) {
        assert_eq!(pair[1] - pair[0], period, "{times:?}");
    }
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn events_come_at_the_times_of_the_schedule() {
    let mut harness = harness(
        "cron: { schedule: '*/5 * * * *', data: { a: 1 }, attributes: { color: red }, service: night }",
    );
    harness.advance(HOUR);
    let events = harness.take();
    let times = scheduled(&events);
    assert!((11..=13).contains(&times.len()), "{times:?}");
    assert_regular(&times, 300);
    let event = &events[0];
    assert_eq!(event.text().unwrap(), r#"{"a":1}"#);
    assert_eq!(event.service(), "night");
    assert_eq!(event.lookup("attributes.color").unwrap(), "red");
    assert!(event.lookup("attributes.missed_from").is_none());
    harness.stop();
}

#[test]
fn a_sixth_field_is_the_second() {
    let mut harness = harness("cron_event_generator: { cron: '*/12 * * * * *', payload: tick }");
    harness.advance(Duration::from_secs(60));
    let events = harness.take();
    assert_regular(&scheduled(&events), 12);
    assert!((4..=6).contains(&events.len()));
    assert_eq!(events[0].text().unwrap(), "tick");
    harness.stop();
}

#[test]
fn times_are_told_as_they_are_in_the_zone() {
    let mut harness = harness("cron: { schedule: '0 12 * * *', time_zone: Asia/Kolkata }");
    harness.advance(48 * HOUR);
    let events = harness.take();
    let time = events[0].lookup("attributes.scheduled_at").unwrap();
    assert!(
        time.as_str().unwrap().ends_with("T12:00:00+05:30"),
        "{time}"
    );
    harness.stop();
}

/// In the original all generators had the interval of the last one.
#[test]
fn two_generators_do_not_share_the_last_ones_interval() {
    let mut slow = harness("cron: { schedule: '0 * * * *', data: slow }");
    let mut fast = harness("cron: { schedule: '*/10 * * * *', data: fast }");
    for _ in 0..3 {
        slow.advance(HOUR);
        fast.advance(HOUR);
    }
    let (slow_events, fast_events) = (slow.take(), fast.take());
    assert_regular(&scheduled(&slow_events), 3600);
    assert_regular(&scheduled(&fast_events), 600);
    assert!((2..=4).contains(&slow_events.len()) && fast_events.len() >= 17);
    assert!(
        slow_events
            .iter()
            .all(|event| event.text().unwrap() == "slow")
    );
    slow.stop();
    fast.stop();
}

#[test]
fn an_event_that_comes_in_makes_it_send_one_more() {
    let mut harness = harness("cron: { schedule: '@yearly', data: now }");
    harness.send("ignored");
    let events = harness.take();
    assert_eq!(events[0].text().unwrap(), "now");
    assert!(attribute(&events[0], "scheduled_at").is_some());
    harness.stop();
}

struct State(PathBuf);

impl State {
    /// Makes the state of a flow that ended two hours ago.
    fn new(name: &str) -> State {
        let name = format!("compysition-cron-{name}-{}", std::process::id());
        let state = State(std::env::temp_dir().join(name));
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        let last = now.as_secs() - 7200;
        let text = format!(r#"{{"last":{last},"local":""}}"#);
        std::fs::write(&state.0, text).unwrap();
        state
    }

    fn cron(&self, missed: Missed) -> Cron {
        let schedule = Schedule {
            cron: "0 */10 * * * *".parse().unwrap(),
            time_zone: Zone::default(),
        };
        Cron::new(schedule, "x").missed(missed).state(&self.0)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Returns what comes within a minute of the start.
fn first_minute(state: &State, missed: Missed) -> Vec<Event> {
    let mut harness = Harness::new(state.cron(missed));
    harness.advance(Duration::from_secs(60));
    let events = harness.take();
    harness.stop();
    events
}

#[test]
fn what_was_missed_while_the_flow_was_down_is_told_once() {
    let state = State::new("once");
    let events = first_minute(&state, Missed::Once);
    let stands = attribute(&events[0], "scheduled_at").unwrap().as_second();
    let first = attribute(&events[0], "missed_from").unwrap().as_second();
    assert_eq!((first % 600, stands % 600), (0, 0));
    assert!(
        (6600..=7200).contains(&(stands - first)),
        "{first} {stands}"
    );
    // It is remembered: nothing comes again.
    let again = first_minute(&state, Missed::Once);
    let again = scheduled(&again);
    assert!(again.iter().all(|time| *time > stands), "{again:?}");
}

#[test]
fn what_was_missed_while_the_flow_was_down_is_told_in_full_or_left_out() {
    let state = State::new("all");
    let times = scheduled(&first_minute(&state, Missed::All));
    assert_regular(&times, 600);
    assert!((12..=13).contains(&times.len()), "{times:?}");
    let state = State::new("skip");
    assert!(first_minute(&state, Missed::Skip).len() <= 1);
}

#[test]
fn a_first_start_begins_with_the_flow() {
    let state = State::new("first");
    std::fs::remove_file(&state.0).unwrap();
    assert!(first_minute(&state, Missed::All).len() <= 1);
    let written = std::fs::read_to_string(&state.0).unwrap();
    assert!(written.contains("\"last\":"), "{written}");
}

#[test]
fn a_state_that_is_none_stops_the_start() {
    let state = State::new("broken");
    std::fs::write(&state.0, "{").unwrap();
    let started = Harness::of(state.cron(Missed::Once)).try_start();
    let error = started.err().unwrap().to_string();
    assert!(error.contains("remove it to begin anew"), "{error}");
}

#[test]
fn check_finds_what_is_wrong_with_its_place() {
    let error = wrong("cron:\n  data: x\n  schedule: '*/5 25 * * *'");
    assert!(
        error.contains("the hour `25` is not within 0 to 23 (column 5)"),
        "{error}"
    );
    assert!(error.contains("actor.yaml:3:"), "{error}");
    let error = wrong("cron:\n  schedule: '@daily'\n  time_zone: Europe/Nowhere");
    assert!(
        error.contains("no time zone") && error.contains("actor.yaml:3:"),
        "{error}"
    );
    let error = wrong("cron: { schedule: '0 0 31 feb *' }");
    assert!(error.contains("it never comes"), "{error}");
    let error = wrong("cron: { data: x }");
    assert!(error.contains("schedule"), "{error}");
    let error = wrong("cron: { schedule: '@daily', missed: twice }");
    assert!(error.contains("twice"), "{error}");
}
