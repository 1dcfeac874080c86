//! How the program ends when it is told to.

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

pub(crate) fn an_interrupt_is_a_signal_too() {
    let files = Files::new(&[("slow.yaml", &slow(1))]);
    let mut child = files.start(&["run", "slow.yaml"]);
    let rest = await_line(stdout_of(&mut child), "1");
    signal(&child, "INT");
    assert_eq!(ended(child).code, Some(0));
    rest.join().unwrap();
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
