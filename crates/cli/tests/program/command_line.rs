//! The commands that end by themselves.

use crate::process::{Files, ended};

const GOOD: &str = "
name: numbers
actors:
  numbers: { count: { to: 3 } }
  out: print
connect:
  - numbers -> out
";

const BAD: &str = "
name: wrong
actors:
  numbers: { cuont: { to: 3 } }
  out: { print: { prefx: x } }
connect:
  - numbers -> output
";

pub(crate) fn without_a_command_the_help_is_shown() {
    let ended = Files::new(&[]).run(&[]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("check") && ended.stderr.contains("run"),
        "{ended:?}"
    );
    let ended = Files::new(&[]).run(&["--help"]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout.contains("Usage"), "{ended:?}");
}

pub(crate) fn a_wrong_option_is_answered_with_the_right_one() {
    let ended = Files::new(&[]).run(&["run", "--log-levle", "info", "a.yaml"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("--log-level"), "{ended:?}");
    let ended = Files::new(&[]).run(&["run", "--set", "name", "a.yaml"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("NAME=VALUE"), "{ended:?}");
}

pub(crate) fn check_reports_all_mistakes_of_all_files() {
    let files = Files::new(&[("good.yaml", GOOD), ("bad.yaml", BAD)]);
    let ended = files.run(&["check", "bad.yaml", "good.yaml", "absent.yaml"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""));
    for part in [
        "bad.yaml:4:14",
        "`count`",
        "bad.yaml:5:19",
        "`prefix`",
        "bad.yaml:7:16",
        "absent.yaml",
    ] {
        assert!(
            ended.stderr.contains(part),
            "{part} is not in {}",
            ended.stderr
        );
    }
}

pub(crate) fn check_runs_nothing() {
    let ended = Files::new(&[("good.yaml", GOOD)]).run(&["check", "good.yaml"]);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
    assert_eq!(ended.stdout, "flow `numbers` is ok\n");
}

pub(crate) fn actors_are_listed_by_their_purpose() {
    let ended = Files::new(&[]).run(&["actors"]);
    assert_eq!(ended.code, Some(0));
    let expected = "\
observe
  print         Prints each event. Also: echo.

errors
  dead_letters  ";
    assert!(ended.stdout.starts_with(expected), "{}", ended.stdout);
    let others = "\nothers\n  count         Makes numbered events.\n";
    assert!(ended.stdout.contains(others), "{}", ended.stdout);
}

pub(crate) fn an_actor_has_a_manual() {
    let ended = Files::new(&[]).run(&["actors", "echo"]);
    assert_eq!(ended.code, Some(0));
    let expected = "\
print

  Prints each event.

  Also named: echo
  Purpose: observe
  Patterns: wire tap
  Ports: may be the end of a flow, so it needs no outbox

Settings

  prefix: text; default: \"\"
      What stands before the text.

Beside it may stand: `pool`, `retry`, `timeout`, `breaker`, `into` and `description`, as in
      `it: { print: …, timeout: 2s }`

Example

  print: { prefix: \"> \" }
";
    assert_eq!(ended.stdout, expected);
    let ended = Files::new(&[]).run(&["actors", "prnt"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("did you mean `print`?"), "{ended:?}");
}

pub(crate) fn actors_are_found_by_words_and_purposes() {
    let files = Files::new(&[]);
    let found = files.run(&["actors", "WIRE", "tap"]);
    let expected = "\
observe
  print  Prints each event. Also: echo.

The engine does wire tap: one more outbox; with `best_effort` it cannot slow the others
";
    assert_eq!((found.code, &*found.stdout), (Some(0), expected));
    let engine = files.run(&["actors", "return address"]);
    assert_eq!(engine.code, Some(0));
    assert!(engine.stdout.contains("`reply`"), "{engine:?}");
    let errors = files.run(&["actors", "--purpose", "err"]);
    assert!(
        errors.stdout.starts_with("errors\n  dead_letters"),
        "{errors:?}"
    );
    assert_eq!(errors.stdout.lines().count(), 2);
    let unknown = files.run(&["actors", "--purpose", "fun"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stderr.contains("there are observe, errors, others"),
        "{unknown:?}"
    );
}

pub(crate) fn nobody_reading_is_no_error() {
    let files = Files::new(&[("good.yaml", GOOD)]);
    for args in [&["actors"][..], &["check", "good.yaml"], &["--help"]] {
        let mut child = files.start(args);
        drop(child.stdout.take());
        let ended = ended(child);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{args:?}");
    }
}
