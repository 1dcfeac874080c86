//! A test leaves alone what is not its own: files that lie beside the flow are those of the flow that is at work.

use crate::support::{Files, compysition};

/// A flow whose actors read, remove and write files beside it.
const FLOW: &str = r#"
name: kept
settings: { folder: . }
actors:
  http: { http_server: { address: "127.0.0.1:0" } }
  once: { deduplicate: { key: text, store: "${folder}/seen.db" } }
  rows: { sql: { url: "sqlite:${folder}/rows.db", setup: "create table if not exists t (x text)", query: "insert into t values (:x)", with: { x: "{{ text }}" } } }
  tick: { cron: { schedule: "* * * * *", state: "${folder}/tick.state" } }
  in:   { file_in: { path: "${folder}/in/*.txt", checkpoint: "${folder}/in.state", delivered: delete } }
  out:  { file_out: { path: "${folder}/out.txt" } }
connect:
  - http -> once -> rows -> out -> reply
  - in, tick -> out
tests:
"#;

/// Runs one test of the flow, and returns whether it passed, what was said, and which files there are then.
fn run(test: &str) -> (bool, String, Vec<String>) {
    run_flow(FLOW, test)
}

fn run_flow(flow: &str, test: &str) -> (bool, String, Vec<String>) {
    let files = Files::new();
    files.write("kept.yaml", &format!("{flow}{test}"));
    std::fs::create_dir(files.path().join("in")).unwrap();
    files.write("in/one.txt", "one");
    let mut command = compysition(["test", "kept.yaml"]);
    let output = command.current_dir(files.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let mut there: Vec<String> = std::fs::read_dir(files.path())
        .unwrap()
        .chain(std::fs::read_dir(files.path().join("in")).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    (output.status.success(), text, there)
}

#[test]
fn a_test_that_would_work_on_files_of_the_flow_says_so_and_does_not_run() {
    let (passed, told, there) = run(
        "  - name: one\n    in: { http: { body: hi } }\n    after: 2m\n    expect: { answer: { status: 200 } }\n",
    );
    assert!(!passed, "{told}");
    for part in [
        "`once` (deduplicate) works on `./seen.db`, which is no file of the test: put it below `{dir}` by a setting, say `copy: true`, give it a mock (`mock: { once: … }`), or say `real: [once]`",
        "`rows` (sql) works on `./rows.db`",
        "`tick` (cron) works on `./tick.state`",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    assert!(!told.contains("`in`") && !told.contains("`out`"), "{told}");
    assert_eq!(there, ["in", "kept.yaml", "one.txt"]);
}

#[test]
fn what_is_read_and_written_elsewhere_is_left_alone() {
    let (passed, told, there) = run(
        "  - name: one\n    files: { mine.txt: x }\n    mock: { once: pass, rows: pass, tick: discard }\n    in: { http: { body: hi } }\n    after: 2m\n    expect: { answer: { status: 200 }, out: [hi] }\n",
    );
    assert!(passed, "{told}");
    assert_eq!(there, ["in", "kept.yaml", "one.txt"]);
}

#[test]
fn what_lies_in_the_directory_of_the_test_is_worked_on() {
    let (passed, told, there) = run(
        "  - name: one\n    set: { folder: \"{dir}\" }\n    files: { in/two.txt: two }\n    in: { http: { body: hi } }\n    after: 20s\n    expect: { answer: { status: 200 } }\n    finally: { files: { out.txt: { regex: \"hi\\ntwo\\n\" } } }\n",
    );
    assert!(passed, "{told}");
    assert_eq!(there, ["in", "kept.yaml", "one.txt"]);
}

#[test]
fn who_is_real_works_on_the_files_of_the_flow() {
    let (passed, told, there) = run(
        "  - name: one\n    real: [rows, out]\n    clock: real\n    mock: { once: pass, tick: discard }\n    in: { http: { body: hi } }\n    expect: { answer: { status: 200 } }\n",
    );
    assert!(passed, "{told}");
    assert!(there.contains(&"out.txt".to_owned()), "{there:?}");
    assert!(there.contains(&"rows.db".to_owned()), "{there:?}");
}

#[test]
fn a_source_that_works_on_files_of_both_is_told_and_not_silent() {
    let flow = FLOW.replace("${folder}/in.state", "in.state");
    let (passed, told, there) = run_flow(
        &flow,
        "  - name: one\n    set: { folder: \"{dir}\" }\n    in: { http: { body: hi } }\n    expect: { answer: { status: 200 } }\n",
    );
    assert!(!passed, "{told}");
    assert!(
        told.contains("`in` (file_in) works on `in.state`, which is no file of the test"),
        "{told}"
    );
    assert_eq!(there, ["in", "kept.yaml", "one.txt"]);
}
