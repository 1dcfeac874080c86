//! What the log says, in both forms.

use crate::process::{Ended, Files};

fn run(panics: bool, args: &[&str]) -> Ended {
    let flow = format!(
        "
name: refusing
actors:
  numbers: {{ count: {{ to: 1 }} }}
  taster: {{ refuse: {{ panic: {panics} }} }}
  out: print
connect:
  - numbers -> taster -> out
"
    );
    let files = Files::new(&[("refusing.yaml", &flow)]);
    assert!(files.directory().is_absolute());
    let ended = files.run(&[&["run", "refusing.yaml"], args].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended
}

pub(crate) fn a_line_of_the_log_names_flow_actor_and_meta_id() {
    let ended = run(false, &[]);
    let line = ended
        .stderr
        .lines()
        .find(|line| line.contains("not to my taste"))
        .unwrap();
    for part in ["WARN", "flow=refusing", "actor=taster", "meta_id=number-1"] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(
        ended.stderr.contains("started flow=\"refusing\""),
        "{ended:?}"
    );
}

pub(crate) fn json_is_one_object_a_line() {
    let ended = run(false, &["--log", "json"]);
    let lines = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<serde_json::Value> = lines.collect();
    let line = lines
        .iter()
        .find(|line| line["message"] == "not to my taste")
        .unwrap();
    assert_eq!(line["level"], "WARN");
    assert_eq!(
        (&line["flow"], &line["actor"]),
        (&"refusing".into(), &"taster".into())
    );
    assert_eq!(line["meta_id"], "number-1");
    assert!(line["timestamp"].is_string());
}

pub(crate) fn the_level_hides_what_is_below_it() {
    assert_eq!(run(false, &["--log-level", "error"]).stderr, "");
}

pub(crate) fn a_panic_is_a_line_of_the_log() {
    let ended = run(true, &["--log", "json"]);
    for line in ended.stderr.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    assert!(ended.stderr.contains("out of order"), "{ended:?}");
    assert!(!ended.stderr.contains("RUST_BACKTRACE"), "{ended:?}");
}
