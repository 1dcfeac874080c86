//! Flows that end by themselves, and flows that never begin.

use crate::process::Files;

fn numbers(name: &str, prefix: &str) -> String {
    format!(
        "
name: {name}
settings: {{ prefix: \"{prefix}\" }}
actors:
  numbers: {{ count: {{ to: 3 }} }}
  out: {{ print: {{ prefix: \"${{prefix}}\" }} }}
connect:
  - numbers -> out
"
    )
}

pub(crate) fn a_flow_whose_sources_end_exits_with_0() {
    let files = Files::new(&[("numbers.yaml", &numbers("numbers", ""))]);
    let ended = files.run(&["run", "numbers.yaml"]);
    assert_eq!(
        (ended.code, &*ended.stdout),
        (Some(0), "1\n2\n3\n"),
        "{ended:?}"
    );
}

pub(crate) fn several_files_run_side_by_side() {
    let files = Files::new(&[
        ("a.yaml", &numbers("a", "a")),
        ("b.yaml", &numbers("b", "b")),
    ]);
    let ended = files.run(&["run", "a.yaml", "b.yaml"]);
    let mut lines: Vec<_> = ended.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["a1", "a2", "a3", "b1", "b2", "b3"]);
    assert_eq!(ended.code, Some(0));
}

pub(crate) fn a_setting_of_the_command_line_is_used() {
    let files = Files::new(&[("numbers.yaml", &numbers("numbers", "x"))]);
    let ended = files.run(&["run", "numbers.yaml", "--set", "prefix=n="]);
    assert_eq!(ended.stdout, "n=1\nn=2\nn=3\n");
}

pub(crate) fn a_wrong_file_keeps_all_from_running() {
    let wrong = numbers("wrong", "").replace("-> out", "-> nobody");
    let files = Files::new(&[("good.yaml", &numbers("good", "")), ("wrong.yaml", &wrong)]);
    let ended = files.run(&["run", "good.yaml", "wrong.yaml"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    assert!(ended.stderr.contains("nobody"), "{ended:?}");
    assert!(!ended.stderr.contains("backtrace"), "{ended:?}");
}

const BROKEN: &str = "
name: broken
actors:
  numbers: { count: { to: 3 } }
  middle: broken
  out: print
connect:
  - numbers -> middle -> out
";

pub(crate) fn what_keeps_a_flow_from_starting_is_a_record_of_a_log_of_json() {
    let files = Files::new(&[("broken.yaml", BROKEN)]);
    let ended = files.run(&["run", "broken.yaml", "--log", "json"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let records = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let records: Vec<serde_json::Value> = records.collect();
    let message = "actor `middle` cannot start: the port is in use";
    let found = records
        .iter()
        .find(|one| one["message"] == message)
        .unwrap();
    assert_eq!(
        (&found["level"], &found["line"], &found["column"]),
        (&"ERROR".into(), &5.into(), &3.into())
    );
    assert_eq!(found["path"], "broken.yaml");
    // So is what stands in no file.
    let ended = files.run(&["run", "broken.yaml", "--log", "json", "--node", "front"]);
    let record: serde_json::Value =
        serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap();
    let message = record["message"].as_str().unwrap();
    assert!(
        message.starts_with("none of the flows has a node `front`"),
        "{record}"
    );
}

pub(crate) fn an_actor_that_cannot_start_is_shown_in_its_file() {
    let files = Files::new(&[("good.yaml", &numbers("good", "")), ("broken.yaml", BROKEN)]);
    let ended = files.run(&["run", "broken.yaml"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""), "{ended:?}");
    for part in [
        "broken.yaml:5:3",
        "actor `middle` cannot start: the port is in use",
        "middle: broken",
    ] {
        assert!(ended.stderr.contains(part), "{part} is not in {ended:?}");
    }
    // One flow does not run without the other.
    assert_eq!(
        files.run(&["run", "good.yaml", "broken.yaml"]).code,
        Some(1)
    );
}
