//! Formatting flow files: all of ours, and damaged ones.

// A test may panic; clippy knows tests only by their attribute.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use compysition_flow::{NotFormatted, format};
use proptest::prelude::*;

fn formatted(text: &str) -> String {
    match format("a.yaml", text) {
        Ok(formatted) => formatted,
        Err(reason) => panic!("{reason}\n{text}"),
    }
}

/// All flow files of the project.
fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut open = vec![root.join("examples"), root.join("tests/flows")];
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path.extension().is_some_and(|form| form == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            files.push((path, text));
        }
    }
    files.sort();
    files
}

#[test]
fn a_file_is_written_evenly() {
    let text = "\
# first
name:   'one'


settings: {a: 1,   b: \"x: y\"}   # beside
actors:
    # about a
    a:   {event_generator: {data: 'it''s', count: 0x10}}
    longer:    stdout  # prints
    other:
        set:
            payload:   |
                two
                  lines
            # the end of set
        timeout: 2s
    # the end of actors
connect:
- a->longer,other   # all
- 'a.error  ->  longer'
- a -> other: {best_effort: {queue: 5}}
# the end
";
    let even = "\
# first
name: one

settings: { a: 1, b: \"x: y\" } # beside
actors:
  # about a
  a:      { event_generator: { data: \"it's\", count: 0x10 } }
  longer: stdout # prints
  other:
    set:
      payload: |
        two
          lines
      # the end of set
    timeout: 2s
  # the end of actors
connect:
  - a -> longer, other # all
  - a.error -> longer
  - a -> other: { best_effort: { queue: 5 } }
# the end
";
    assert_eq!(formatted(text), even);
}

#[test]
fn comments_beside_quotes_are_kept() {
    for quoted in ["\"a: b\"", "'it''s: b'", "\"a: \\\" b\"", "plain"] {
        let text = format!("a: {quoted} # c\n\nb: {quoted} # d\nc: {quoted} # e\n");
        let once = formatted(&text);
        assert_eq!(comments(&once), ["# c", "# d", "# e"], "{once}");
    }
}

#[test]
fn what_is_in_brackets_on_several_lines_goes_on_one_or_below() {
    let text = "\
actors: { a: {
    discard }, b: stdout }
defaults: {
  timeout: 2s, # each
  retry: { attempts: 5 }
}
";
    let even = "\
actors: { a: { discard }, b: stdout }
defaults:
  timeout: 2s # each
  retry: { attempts: 5 }
";
    assert_eq!(formatted(text), even);
}

#[test]
fn quotes_stay_where_they_are_needed() {
    for value in [
        "\"yes\"", "\"1\"", "\"${a}\"", "\"a: b\"", "'\\d'", "\"\"", "\"a #b\"", "\"null\"",
        "\"on\"",
    ] {
        let text = format!("settings:\n  a: {value}\n");
        assert_eq!(formatted(&text), text);
    }
    assert_eq!(
        formatted("settings: { a: 'b c' }\n"),
        "settings: { a: b c }\n"
    );
    assert_eq!(
        formatted("settings: { a: 'b: c' }\n"),
        "settings: { a: \"b: c\" }\n"
    );
}

#[test]
fn texts_over_several_lines_are_kept() {
    for text in [
        "a:\n  b: |+\n    x\n\n\n  c: >-\n    y\n    z\n",
        "a:\n  - |\n    x\n  - >\n    y\n\n    z\n",
        "a: plain text\n  over lines\n\n  and more\n",
        "a: \"quoted: text\n  over lines\"\n",
        "- - a\n  - b: 1\n    c: 2\n- d\n",
    ] {
        assert_eq!(formatted(text), text);
    }
}

#[test]
fn what_cannot_be_kept_is_left_as_it_is() {
    for (text, line, part) in [
        ("a: 1\nb: &x 2\n", 2, "an anchor or a tag"),
        ("a: !!str 2\n", 1, "an anchor or a tag"),
        ("%YAML 1.2\n---\na: 1\n", 1, "a directive"),
        ("a: 1\n? b\n: 2\n", 2, "a key with `?`"),
    ] {
        match format("a.yaml", text) {
            Err(NotFormatted::Kept {
                line: Some(at),
                reason,
            }) => {
                assert_eq!(at, line, "{text}");
                assert!(reason.contains(part), "{reason}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    let broken = format("a.yaml", "a: [1\nb: }");
    assert!(matches!(broken, Err(NotFormatted::Broken(_))), "{broken:?}");
}

#[test]
fn all_files_of_ours_can_be_formatted_and_stay_so() {
    let files = files();
    assert!(files.len() > 40, "{}", files.len());
    for (path, text) in files {
        let once = match format("a.yaml", &text) {
            Ok(once) => once,
            // They show what an anchor is good for.
            Err(NotFormatted::Kept { .. })
                if path.ends_with("fan_out/flow.yaml")
                    || path.to_string_lossy().ends_with(".test.yaml") =>
            {
                continue;
            }
            Err(reason) => panic!("{}: {reason}", path.display()),
        };
        assert_eq!(formatted(&once), once, "{}", path.display());
        assert_eq!(comments(&once), comments(&text), "{}", path.display());
    }
}

/// Counts comments in another way than the formatter: all our files have `#` in no text but at its start.
fn comments(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .filter_map(|line| match line.trim().starts_with('#') {
            true => Some(line.trim().to_owned()),
            false => line.split_once(" # ").map(|(_, text)| format!("# {text}")),
        });
    lines.collect()
}

/// What damages a file.
const PIECES: [&str; 20] = [
    ":", ": ", "- ", "[", "]", "{", "}", ", ", "\"", "'", "\n", "  ", " # c\n", "# c\n", "|\n",
    ">", "->", "\n\n", "---\n", "ü",
];

fn boundary(text: &str, at: usize) -> usize {
    let at = at % (text.len() + 1);
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_keeps_its_values_and_comments_or_stays_as_it_is(
        file in 0..1000usize,
        damages in proptest::collection::vec((0..3u8, 0..5000usize, 0..10usize, 0..PIECES.len()), 1..5),
    ) {
        let files = FILES.with(Clone::clone);
        let mut text = files[file % files.len()].1.clone();
        for (kind, at, length, piece) in damages {
            let at = boundary(&text, at);
            let end = boundary(&text, (at + length).min(text.len())).max(at);
            match kind {
                0 => text.replace_range(at..end, ""),
                1 => text.insert_str(at, PIECES[piece]),
                _ => text.replace_range(at..end, PIECES[piece]),
            }
        }
        if let Ok(once) = format("a.yaml", &text) {
            prop_assert_eq!(format("a.yaml", &once).unwrap(), once.clone());
            let marks = |text: &str| text.matches('#').count();
            prop_assert_eq!(marks(&once), marks(&text));
        }
    }
}

thread_local! {
    static FILES: Vec<(PathBuf, String)> = files();
}
