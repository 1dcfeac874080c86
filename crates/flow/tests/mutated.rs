//! Damaged and hostile flow files: whatever they hold, they are refused in words, and soon.

mod common;

use std::time::{Duration, Instant};

use compysition_flow::Loader;
use proptest::prelude::*;

/// Far more than a file takes, far less than somebody waits.
const PATIENCE: Duration = Duration::from_secs(120);

const FILES: [&str; 3] = [
    "name: two
description: 'says: so'
settings: { n: 3, word: \"${n} times\", nested: [a, {b: c}] }
defaults: { timeout: 2s, sink: { loud: true } }
namespaces: { x: urn:x }
actors:
  n: { numbers: { count: \"${n}\", text: \"{{ attributes.number }} of ${n:-5}\" } }
  f:
    form:
      url: \"http://${host:-localhost:${port:-80}}/\"
      mode: { every: 3 }
      list: [1, 0x2, 3]
      nested: { deep: -5 }
      when: text == 'a' and payload is not none
      path: ./a.txt
    into: attributes.f
  one: { sink: }
  two: sink
  errors: null
errors: errors
connect:
  - n -> f -> one, two
  - f.error.timeout -> two
  - f.error -> one
",
    "actors: &a\r\n  n: &b { numbers: { count: 1 } }\r\n  m: *b\r\n  s: !!str sink\r\nconnect:\r\n- n, m -> s # done\r\n---\r\nactors: { ü: sink }\r\n",
    "actors:\n  n:\n    numbers:\n      text: |\n        two\n         lines\n  s:\n    sink: { prefix: >-\n      folded }\nconnect: [\"n -> s\"]\n",
];

/// A flow with sub-flows, one of which is used twice and in another one.
const SUB_FLOWS: [(&str, &str); 3] = [
    (
        "main.yaml",
        "errors: q
actors:
  n: { numbers: { count: 3 } }
  p: { flow: { file: p.yaml, with: { url: \"${n:-5}\", list: [1, \"${port:-2}\"] } } }
  q: { flow: common.yaml }
  r: { flow: { file: p.yaml, with: { url: u } } }
  s: sink
connect:
  - n -> p.left, p.right, r.left, r.right
  - p, r.only -> q.in: { best_effort: { queue: 2 } }
  - p.error.timeout, r.error -> s
",
    ),
    (
        "p.yaml",
        "settings: { url: , list: [] }
defaults: { timeout: 2s }
actors:
  f: { form: { url: \"${url}\", list: \"${list}\", path: x.txt } }
  inner: { flow: common.yaml }
connect:
  - inbox.left -> f -> outbox.only
  - inbox.right -> inner.in: { best_effort: }
  - f.error -> inner.in
",
    ),
    (
        "common.yaml",
        "settings: { a: 1 }\nactors: { x: pass, y: sink }\nconnect:\n  - inbox.in -> x -> y\n  - x.error -> y\n",
    ),
];

/// What damages a file: pieces with a meaning somewhere in it.
const PIECES: [&str; 34] = [
    ":",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "\n",
    "\t",
    "  ",
    "#",
    "&a ",
    "*a",
    "<<: *a",
    "!x ",
    "---\n",
    "...\n",
    "|\n",
    ">",
    "${",
    "${n}",
    "{{",
    "}}",
    "{% if %}",
    "->",
    ".error",
    "null",
    "1e999",
    "\u{0}",
    "ü\u{2028}",
    "\u{feff}",
];

/// Loads a text and reads all that is said about it.
fn load(text: &str) {
    let begun = Instant::now();
    let loader = Loader::new(common::registry()).environment(|_| None);
    if let Err(diagnostics) = loader.load_text("a.yaml", text) {
        assert!(
            !diagnostics.to_string().is_empty(),
            "refused without a word: {text:?}"
        );
        // A lone carriage return ends a line too, in YAML.
        let lines = text.replace('\r', "\n").lines().count();
        for diagnostic in diagnostics.iter() {
            let line = diagnostic.line().unwrap_or(1);
            assert!((1..=lines + 1).contains(&line), "line {line} of {text:?}");
            assert!(diagnostic.column().unwrap_or(1) >= 1, "{text:?}");
        }
    }
    assert!(
        begun.elapsed() < PATIENCE,
        "{:?} took {:?}",
        text.chars().take(200).collect::<String>(),
        begun.elapsed()
    );
}

/// Loads the first of these files and reads all that is said about it.
fn load_files(files: &[(&str, String)]) {
    let begun = Instant::now();
    let directory = common::Directory::new("mutated");
    let paths = files.iter().map(|(name, text)| directory.write(name, text));
    let paths: Vec<_> = paths.collect();
    let loader = Loader::new(common::registry()).environment(|_| None);
    if let Err(diagnostics) = loader.load(&paths[0]) {
        assert!(
            !diagnostics.to_string().is_empty(),
            "refused without a word: {files:?}"
        );
        for diagnostic in diagnostics.iter() {
            let path = diagnostic.path().unwrap_or(&paths[0]);
            let file = paths.iter().position(|one| one == path);
            // A damaged name may lead anywhere.
            let Some(file) = file else { continue };
            let lines = files[file].1.replace('\r', "\n").lines().count();
            let line = diagnostic.line().unwrap_or(1);
            assert!((1..=lines + 1).contains(&line), "line {line} of {files:?}");
        }
    }
    assert!(
        begun.elapsed() < PATIENCE,
        "{files:?} took {:?}",
        begun.elapsed()
    );
}

/// The byte at or before a position where a character begins.
fn boundary(text: &str, mut position: usize) -> usize {
    position = position.min(text.len());
    while !text.is_char_boundary(position) {
        position -= 1;
    }
    position
}

fn damage(text: &mut String, (kind, at, length, piece): (u8, usize, usize, usize)) {
    let at = boundary(text, at % (text.len() + 1));
    let end = boundary(text, at + length);
    let part = text[at..end].to_owned();
    match kind {
        0 => text.truncate(at),
        1 => text.replace_range(at..end, ""),
        2 => text.insert_str(at, &part),
        3 => text.insert_str(at, PIECES[piece % PIECES.len()]),
        _ => text.replace_range(at..end, PIECES[piece % PIECES.len()]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_refused_in_words(
        file in 0..FILES.len(),
        damages in proptest::collection::vec((0..5u8, 0..2000usize, 0..20usize, 0..100usize), 1..8),
    ) {
        let mut text = FILES[file].to_owned();
        damages.into_iter().for_each(|one| damage(&mut text, one));
        load(&text);
    }

    #[test]
    fn damaged_sub_flows_are_refused_in_words(
        damages in proptest::collection::vec((0..3usize, 0..5u8, 0..2000usize, 0..20usize, 0..100usize), 1..8),
    ) {
        let mut files = SUB_FLOWS.map(|(name, text)| (name, text.to_owned()));
        for (file, kind, at, length, piece) in damages {
            damage(&mut files[file].1, (kind, at, length, piece));
        }
        load_files(&files);
    }

    #[test]
    fn noise_is_refused_in_words(text in "\\PC{0,200}") {
        load(&text);
        load(&format!("actors:\n  n: {{ numbers: {{ text: {text} }} }}\n"));
        load(&format!("actors: {{ n: numbers, s: sink }}\nconnect:\n  - {text}\n"));
    }
}

#[test]
fn a_file_that_breaks_off_anywhere_is_refused_in_words() {
    for file in FILES {
        for (end, _) in file.char_indices() {
            load(&file[..end]);
        }
    }
}

#[test]
fn the_sub_flows_are_right_before_they_are_damaged() {
    let directory = common::Directory::new("unmutated");
    let paths = SUB_FLOWS.map(|(name, text)| directory.write(name, text));
    let loader = Loader::new(common::registry()).environment(|_| None);
    if let Err(diagnostics) = loader.load(&paths[0]) {
        panic!("{diagnostics}");
    }
}

#[test]
fn the_files_are_right_before_they_are_damaged() {
    for file in [FILES[0], FILES[2]] {
        let loader = Loader::new(common::registry()).environment(|_| None);
        if let Err(diagnostics) = loader.load_text("a.yaml", file) {
            panic!("{diagnostics}");
        }
    }
}

#[test]
fn bombs_do_not_go_off() {
    let aliases = |level: usize| {
        let list = vec![format!("*a{level}"); 10].join(", ");
        format!("a{0}: &a{0} [{list}]\n", level + 1)
    };
    let laughs: String = (0..12).map(aliases).collect();
    load(&format!("a0: &a0 ha\n{laughs}actors: {{ s: sink }}\n"));

    let doubling = |level: usize| format!("  a{}: \"${{a{level}}}${{a{level}}}\"\n", level + 1);
    let doublings: String = (0..60).map(doubling).collect();
    let use_it = "actors: { s: { sink: { prefix: \"${a60}\" } } }\n";
    load(&format!("settings:\n  a0: aaaaaaaa\n{doublings}{use_it}"));

    let listing =
        |level: usize| format!("  a{}: [\"${{a{level}}}\", \"${{a{level}}}\"]\n", level + 1);
    let listings: String = (0..60).map(listing).collect();
    load(&format!("settings:\n  a0: x\n{listings}{use_it}"));
}

#[test]
fn what_is_deep_or_long_is_refused_in_words() {
    let settings = |text: &str| format!("actors:\n  s: {{ sink: {{ prefix: {text} }} }}\n");
    for text in ["[", "{a: ", "- ", "? ", "${", "{{ (", "\"${a:-", "&a [*a, "] {
        load(&settings(&text.repeat(20_000)));
        load(&text.repeat(20_000));
    }
    load(&settings(&format!("\"{}\"", "{{ 1 }}".repeat(20_000))));
    load(&settings(&format!(
        "\"{}1{}\"",
        "${a:-".repeat(5_000),
        "}".repeat(5_000)
    )));
    load(&settings(&format!(
        "\"{{{{ {}1{} }}}}\"",
        "(".repeat(20_000),
        ")".repeat(20_000)
    )));
    load(&settings(&format!("\"{{{{ {}1 }}}}\"", "-".repeat(20_000))));
    load(&settings(&format!(
        "\"{{{{ 1{} }}}}\"",
        " + 1".repeat(20_000)
    )));
    load(&settings(&"x".repeat(1 << 20)));
    load(&"a: b\n".repeat(20_000));
    load(&format!(
        "settings: {{ a: b }}\nactors:\n{}",
        "  s: { sink: { prefix: \"${a}\" } }\n".repeat(20_000)
    ));
    load(&format!(
        "settings: {{ a: b }}\nactors:\n  s: [\n{}]",
        "   \"${a}\",\n".repeat(20_000)
    ));
    load(
        &(0..20_000)
            .map(|n| format!("a{n}: b\n"))
            .collect::<String>(),
    );
    let names: Vec<String> = (0..150).map(|n| format!("a{n}")).collect();
    let group = names.join(", ");
    load(&format!(
        "actors: {{ n: numbers }}\nconnect:\n  - {group} -> {group} -> {group}\n"
    ));
}
