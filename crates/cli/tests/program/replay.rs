//! Dead letters are kept, chosen, and sent once more.

use crate::process::{Ended, Files, await_line, ended, signal, stdout_of};

const FLOW: &str = "
name: numbers
dead_letters: letters/dead.jsonl
actors:
  numbers: { count: { to: 3 } }
  refuse: refuse
  out: { print: { prefix: \"out \" } }
connect:
  - numbers -> refuse -> out
";

const LETTERS: &str = "letters/dead.jsonl";

/// Runs the flow once, so that there are three letters.
fn with_letters() -> Files {
    let files = Files::new(&[("numbers.yaml", FLOW)]);
    let ended = files.run(&["run", "numbers.yaml"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{ended:?}");
    assert_eq!(lines(&files).len(), 3);
    files
}

fn lines(files: &Files) -> Vec<String> {
    let text = std::fs::read_to_string(files.directory().join(LETTERS)).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn replay(files: &Files, args: &[&str]) -> Ended {
    files.run(&[&["replay", LETTERS, "--into"], args].concat())
}

pub(crate) fn letters_go_where_they_are_wanted_and_only_once() {
    let files = with_letters();
    let ended = replay(&files, &["numbers.yaml.out"]);
    let mut printed: Vec<_> = ended.stdout.lines().collect();
    assert_eq!(
        printed.remove(0),
        "letters/dead.jsonl: 3 letters to be sent"
    );
    assert_eq!(
        printed,
        [
            "out 1",
            "out 2",
            "out 3",
            "3 of 3 letters sent: 3 delivered, 0 are dead letters again, 0 failed"
        ]
    );
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let ended = replay(&files, &["numbers.yaml.out"]);
    assert!(
        ended.stdout.contains("0 letters to be sent; 3 sent before"),
        "{ended:?}"
    );
    assert_eq!(ended.code, Some(0));
    let ended = replay(&files, &["numbers.yaml.out", "--again"]);
    assert!(ended.stdout.contains("out 3"), "{ended:?}");
}

pub(crate) fn what_fails_again_is_a_letter_again() {
    let files = with_letters();
    let ended = replay(&files, &["numbers.yaml"]);
    assert!(
        ended.stdout.contains("3 are dead letters again"),
        "{ended:?}"
    );
    assert_eq!(ended.code, Some(1));
    // Not the letters that were sent, nor for ever.
    assert_eq!(lines(&files).len(), 6);
    let ended = replay(&files, &["numbers.yaml", "--dry-run"]);
    assert!(
        ended
            .stdout
            .contains("3 letters would be sent; 3 sent before"),
        "{ended:?}"
    );
}

pub(crate) fn what_dies_again_into_a_file_that_comes_later_is_not_sent_again() {
    let files = with_letters();
    let full = format!("{LETTERS}.1");
    let path = |name: &str| files.directory().join(name);
    std::fs::rename(path(LETTERS), path(&full)).unwrap();
    files.run(&["run", "numbers.yaml"]);
    let ended = files.run(&["replay", &full, LETTERS, "--into", "numbers.yaml"]);
    assert_eq!(lines(&files).len(), 3 + 6, "{ended:?}");
}

/// Returns the letter of an event that always has the same id, and always died at the same moment.
fn letter(text: &str, actor: &str) -> String {
    let id = "0190a5d0-0000-7000-8000-000000000001";
    let error = format!(r#"{{"at":"2026-11-24T08:30:15.250Z","actor":"{actor}"}}"#);
    let payload = format!(r#"{{"kind":"text","text":"{text}"}}"#);
    format!(r#"{{"flow":"numbers","id":"{id}","meta_id":"m","payload":{payload},"error":{error}}}"#)
}

pub(crate) fn a_signal_ends_more_than_the_file_at_hand() {
    let flow = "
name: numbers
actors: { numbers: count, slow: { slow: { milliseconds: 50 } } }
connect: [numbers -> slow]
";
    let letter = letter("one", "slow");
    let files = [
        ("numbers.yaml", flow),
        ("a.jsonl", &letter),
        ("b.jsonl", &letter),
    ];
    let files = Files::new(&files);
    let mut child = files.start(&["replay", "a.jsonl", "b.jsonl", "--into", "numbers.yaml"]);
    let rest = await_line(stdout_of(&mut child), "begun");
    signal(&child, "TERM");
    let ended = ended(child);
    let rest = rest.join().unwrap();
    assert!(rest.contains("1 delivered"), "{rest}");
    assert!(!rest.contains("b.jsonl"), "{rest}");
    assert_eq!(ended.code, Some(1), "{ended:?}");
}

/// Copies of one event keep its id, and may die at the same moment.
pub(crate) fn letters_of_one_event_are_told_apart() {
    let flow = FLOW.replace("dead_letters: letters/dead.jsonl\n", "");
    let letters = [("one", "out"), ("two", "refuse"), ("three", "out")];
    let letters = letters.map(|(text, actor)| letter(text, actor)).join("\n");
    let files = Files::new(&[("numbers.yaml", &*flow)]);
    std::fs::create_dir(files.directory().join("letters")).unwrap();
    std::fs::write(files.directory().join(LETTERS), letters).unwrap();

    let ended = replay(&files, &["numbers.yaml"]);
    assert!(ended.stdout.contains("2 delivered"), "{ended:?}");
    assert!(ended.stdout.contains("1 failed"), "{ended:?}");
    let ended = replay(&files, &["numbers.yaml.out"]);
    assert!(ended.stdout.contains("out two"), "{ended:?}");
    assert!(ended.stdout.contains("2 sent before"), "{ended:?}");
    assert_eq!(ended.code, Some(0));
}

pub(crate) fn nothing_is_sent_that_could_not_be_noted() {
    let files = with_letters();
    let list = format!("{LETTERS}.replayed");
    let path = files.directory().join(&list);
    let refused = |message: &str| {
        let ended = replay(&files, &["numbers.yaml.out"]);
        assert!(!ended.stdout.contains("out"), "{ended:?}");
        assert!(
            ended.stderr.contains(&format!("`{list}`{message}")),
            "{ended:?}"
        );
        assert_eq!(ended.code, Some(1));
    };
    std::fs::create_dir(&path).unwrap();
    refused(" cannot be read");
    std::fs::remove_dir(&path).unwrap();
    std::os::unix::fs::symlink("nowhere/list", &path).unwrap();
    refused(", the list of what was sent, cannot be written");
}

pub(crate) fn letters_are_chosen_by_kind_actor_and_time() {
    let files = with_letters();
    let count = |args: &[&str]| {
        let ended = replay(&files, &[&["numbers.yaml", "--dry-run"], args].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.stdout.lines().count() - 1
    };
    assert_eq!(count(&["--kind", "malformed", "--actor", "refuse"]), 3);
    assert_eq!(count(&["--kind", "timeout"]), 0);
    assert_eq!(count(&["--kind", "timeout", "--kind", "malformed"]), 3);
    assert_eq!(count(&["--actor", "out"]), 0);
    let typo = replay(&files, &["numbers.yaml", "--actor", "refuze"]);
    let note = "no letter in `letters/dead.jsonl` failed at `refuze`; they failed at refuse";
    assert!(typo.stderr.contains(note), "{typo:?}");
    assert_eq!(count(&["--flow", "others"]), 0);
    assert_eq!(count(&["--since", "1h"]), 3);
    assert_eq!(count(&["--until", "1h"]), 0);
    assert_eq!(count(&["--until", "2999-01-01"]), 3);
    assert_eq!(lines(&files).len(), 3);
}

pub(crate) fn what_cannot_be_sent_is_told_and_the_rest_is_sent() {
    let files = with_letters();
    let path = files.directory().join(LETTERS);
    let mut lines = lines(&files);
    lines.insert(1, "{\"flow\":\"numbers\",\"tor".into());
    lines.push(lines[0].replace("\"refuse\"", "\"gone\""));
    std::fs::write(&path, lines.join("\n")).unwrap();
    let ended = replay(&files, &["numbers.yaml"]);
    assert!(
        ended
            .stderr
            .contains("letters/dead.jsonl:2: no dead letter: "),
        "{ended:?}"
    );
    assert!(
        ended.stderr.contains("flow `numbers` has no actor `gone`"),
        "{ended:?}"
    );
    assert!(
        ended
            .stdout
            .contains("3 letters to be sent; 2 cannot be sent"),
        "{ended:?}"
    );
    assert!(ended.stdout.contains("3 of 3 letters sent"), "{ended:?}");
    assert_eq!(ended.code, Some(1));
}

pub(crate) fn several_files_are_sent_one_after_the_other() {
    let files = with_letters();
    let directory = files.directory().join("letters");
    std::fs::rename(directory.join("dead.jsonl"), directory.join("dead.jsonl.1")).unwrap();
    files.run(&["run", "numbers.yaml"]);
    let ended = files.run(&[
        "replay",
        "letters/dead.jsonl.1",
        "letters/dead.jsonl.replayed",
        LETTERS,
        "--into",
        "numbers.yaml.out",
    ]);
    assert_eq!(ended.stdout.matches("out ").count(), 6, "{ended:?}");
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

pub(crate) fn a_target_that_is_none_is_refused() {
    let files = with_letters();
    let refused = |into: &str, message: &str| {
        let ended = replay(&files, &[into]);
        assert!(ended.stderr.contains(message), "{ended:?}");
        assert_ne!(ended.code, Some(0));
    };
    refused("nothing.yaml", "there is no flow file in `nothing.yaml`");
    refused("numbers.yaml.nobody", "has no actor `nobody`");
    refused(
        "numbers.yaml.out.door",
        "`out` has no inbox `door`; there are refuse",
    );
    refused(
        "numbers.yaml.numbers",
        "`numbers` makes events and takes none",
    );
    let ended = files.run(&["replay", "no.jsonl", "--into", "numbers.yaml"]);
    assert!(
        ended.stderr.contains("`no.jsonl` cannot be read"),
        "{ended:?}"
    );
}
