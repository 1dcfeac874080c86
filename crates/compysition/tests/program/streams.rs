//! Program B from its file, and the examples that are programs.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::{Files, Process, compysition, examples};

fn two_outputs() -> String {
    std::fs::read_to_string(examples().join("two_outputs/two_outputs.yaml")).unwrap()
}

/// Returns a program among the examples, which cargo builds with the tests.
fn example(name: &str) -> Command {
    let tests = std::env::current_exe().unwrap();
    let target: PathBuf = tests.ancestors().nth(2).unwrap().join("examples");
    let program = target.join(name);
    let hint = "`cargo test --package compysition --all-features` builds it";
    assert!(
        program.exists(),
        "there is no {}: {hint}",
        program.display()
    );
    Command::new(program)
}

#[test]
fn each_output_prints_each_event() {
    let file = examples().join("two_outputs/two_outputs.yaml");
    let mut process = Process::run(&file, &[]);
    let lines = [process.next_output(), process.next_output()];
    for prefix in ["I am number one: ", "I am number two: "] {
        let printed = lines.iter().filter(|line| line.contains(prefix));
        assert_eq!(printed.count(), 1, "{lines:?}");
    }
    assert!(lines.iter().all(|line| line.ends_with("test")), "{lines:?}");
    let ended = process.stop();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn a_count_ends_the_flow_by_itself() {
    let files = Files::new();
    let counted = two_outputs().replace("interval: 1s", "interval: 1ms, count: 3");
    let ended = Process::run(&files.write("counted.yaml", &counted), &[]).ended();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    for prefix in ["number one", "number two"] {
        let lines = ended.output.iter().filter(|line| line.contains(prefix));
        assert_eq!(lines.count(), 3, "{ended:#?}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_flow_quietly() {
    let files = Files::new();
    let quick = two_outputs().replace("interval: 1s", "interval: 1ms");
    let file = files.write("quick.yaml", &quick);
    let mut command = compysition(["run", "--log", "json", "--log-level", "warn"]);
    let mut child = command
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    drop(reader);
    let output = child.wait_with_output().unwrap();
    assert!(line.contains("I am number"), "{line}");
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), log.as_str()), (Some(0), ""));
}

#[test]
fn the_custom_actor_shouts() {
    let ended = Process::start(&mut example("custom_actor")).ended();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.output, ["HELLO"]);
}

#[test]
fn a_program_of_ones_own_runs_files_with_actors_of_ones_own() {
    let file = examples().join("own_program/shout.yaml");
    let ended = Process::start(example("own_program").arg("run").arg(&file)).ended();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.output, ["HELLO!"; 3]);
    let checked = Process::start(example("own_program").arg("check").arg(&file)).ended();
    assert_eq!(checked.code, Some(0), "{checked:#?}");
}

#[test]
fn program_b_in_rust_ends_after_its_count() {
    let ended = Process::start(example("two_outputs").arg("1")).ended();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.output.len(), 2, "{ended:#?}");
}

#[test]
fn program_a_in_rust_answers() {
    let mut command = example("xml_gateway");
    let mut process = Process::start(command.arg("127.0.0.1:0").env("NO_COLOR", "1"));
    let line = process.await_log("listening on");
    let (_, url) = line.split_once("listening on ").unwrap();
    let url = format!("{}/submit", url.split_whitespace().next().unwrap());
    let order = "<order><item>pen</item><count>3</count></order>";
    let user = [
        "--user",
        "alice:secret",
        "--header",
        "Content-Type: application/xml",
    ];
    let answer = crate::curl::curl(&[&user[..], &["--data", order, &url]].concat());
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("<price>2.70</price>"), "{answer:?}");
    let unknown = order.replace("pen", "moon");
    let answer = crate::curl::curl(&[&user[..], &["--data", &unknown, &url]].concat());
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(
        answer.body.contains("there is no price for 'moon'"),
        "{answer:?}"
    );
}
