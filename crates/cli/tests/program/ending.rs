//! How the program ends when it is told to.

use std::process::Command;

use crate::process::{Files, await_line, ended, signal, stdout_of};

fn slow(milliseconds: u64) -> String {
    format!(
        "
name: slow
actors:
  numbers: {{ count: {{ to: 1 }} }}
  endless: count
  slow: {{ slow: {{ milliseconds: {milliseconds} }} }}
  out: print
connect:
  - numbers -> slow
  - endless -> out
"
    )
}

/// A flow that ends when its only event is done.
fn slow_alone(milliseconds: u64) -> String {
    slow(milliseconds)
        .lines()
        .filter(|line| !line.contains("endless") && !line.contains("out"))
        .collect::<Vec<_>>()
        .join("\n")
}

pub(crate) fn a_signal_lets_what_is_under_way_finish() {
    let files = Files::new(&[("slow.yaml", &slow(50))]);
    let mut child = files.start(&["run", "slow.yaml"]);
    let rest = await_line(stdout_of(&mut child), "begun");
    signal(&child, "TERM");
    let ended = ended(child);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(rest.join().unwrap().contains("done"));
    assert!(ended.stderr.contains("stopped"), "{ended:?}");
}

/// A flow that is at work on all threads, and never waits.
const STUCK: &str = "
name: stuck
stop_deadline: 1ms
actors:
  numbers: { count: { to: 256 } }
  stuck: { stuck: {}, pool: 256 }
connect:
  - numbers -> stuck
";

pub(crate) fn a_process_whose_threads_are_stuck_ends_as_well() {
    let files = Files::new(&[("stuck.yaml", STUCK)]);
    let mut child = files.start(&["run", "stuck.yaml"]);
    let rest = await_line(stdout_of(&mut child), "begun");
    while child.try_wait().unwrap().is_none() {
        signal(&child, "TERM");
    }
    assert_eq!(ended(child).code, Some(1));
    rest.join().unwrap();
}

pub(crate) fn counters_are_told_to_who_asks_and_at_the_end() {
    let files = Files::new(&[("slow.yaml", &slow(1))]);
    let mut child = files.start(&["run", "slow.yaml"]);
    let rest = await_line(stdout_of(&mut child), "done");
    let stderr = child.stderr.take().unwrap();
    signal(&child, "USR1");
    let told = await_line(stderr, "counters flow=\"slow\" admitted=");
    signal(&child, "TERM");
    assert_eq!(ended(child).code, Some(0));
    let told = told.join().unwrap();
    for line in [
        "counters flow=\"slow\" actor=\"numbers\" passed=1",
        "stopped flow=\"slow\" admitted=",
    ] {
        assert!(told.contains(line), "{told}");
    }
    rest.join().unwrap();
}

pub(crate) fn an_interrupt_is_a_signal_too() {
    let files = Files::new(&[("slow.yaml", &slow(1))]);
    let mut child = files.start(&["run", "slow.yaml"]);
    let rest = await_line(stdout_of(&mut child), "1");
    signal(&child, "INT");
    assert_eq!(ended(child).code, Some(0));
    rest.join().unwrap();
}

/// `timeout` of the GNU tools signals the process, and then its group.
pub(crate) fn two_signals_at_once_are_one() {
    let files = Files::new(&[("slow.yaml", &slow(100))]);
    let mut child = files.start(&["run", "slow.yaml"]);
    let rest = await_line(stdout_of(&mut child), "begun");
    // Two of one kind might be told as one.
    let both = "kill -TERM $0; kill -INT $0";
    let id = child.id().to_string();
    let sent = Command::new("sh").args(["-c", both, &id]).status().unwrap();
    assert!(sent.success());
    let ended = ended(child);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(rest.join().unwrap().contains("done"));
}

pub(crate) fn a_second_signal_ends_at_once() {
    let files = Files::new(&[("slow.yaml", &slow(3_600_000))]);
    let mut child = files.start(&["run", "slow.yaml"]);
    let rest = await_line(stdout_of(&mut child), "begun");
    // It may be told again and again: all but the first are the second.
    while child.try_wait().unwrap().is_none() {
        signal(&child, "TERM");
    }
    let ended = ended(child);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("ended by a second signal"),
        "{ended:?}"
    );
    assert!(!rest.join().unwrap().contains("done"));
}

const FAILING: &str = "
name: failing
supervision: { restarts: 0, on_failed: stop_flow }
actors:
  numbers: count
  refuse: { refuse: { panic: true } }
  out: print
connect:
  - numbers -> refuse -> out
";

pub(crate) fn a_flow_that_stops_by_itself_waits_for_no_other() {
    let files = Files::new(&[
        ("slow.yaml", &slow_alone(20_000)),
        ("failing.yaml", FAILING),
    ]);
    let mut child = files.start(&["run", "slow.yaml", "failing.yaml"]);
    let begun = await_line(stdout_of(&mut child), "begun");
    let stopped = await_line(child.stderr.take().unwrap(), "stopped flow=\"failing\"");
    while child.try_wait().unwrap().is_none() {
        signal(&child, "TERM");
    }
    assert_eq!(ended(child).code, Some(1));
    assert!(
        !begun.join().unwrap().contains("done"),
        "the other still ran"
    );
    stopped.join().unwrap();
}

pub(crate) fn a_flow_that_stopped_by_itself_makes_the_program_fail() {
    let files = Files::new(&[("slow.yaml", &slow_alone(1)), ("failing.yaml", FAILING)]);
    let ended = files.run(&["run", "failing.yaml", "slow.yaml"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("done"), "{ended:?}");
    assert!(
        ended.stderr.contains("actor `refuse` has failed"),
        "{ended:?}"
    );
}
