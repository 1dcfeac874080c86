//! Wrong flow files: what is said about each, and where.
#![allow(clippy::unwrap_used)]

mod common;

use common::{check, problems};
use compysition_flow::Loader;

/// A file, and what must be said: line, column, part of the message, part of the help.
type Case = (
    &'static str,
    &'static [(usize, usize, &'static str, &'static str)],
);

const CASES: &[Case] = &[
    // Keys and kinds
    (
        "actor: {}\n",
        &[
            (1, 1, "unknown key `actor`", "did you mean `actors`"),
            (1, 1, "no `actors`", ""),
        ],
    ),
    (
        "actors: { n: numbrs }\n",
        &[(
            1,
            14,
            "unknown kind of actor `numbrs`",
            "did you mean `numbers`",
        )],
    ),
    (
        "actors: { n: { numbrs: { count: 1 } } }\n",
        &[(1, 16, "unknown kind of actor `numbrs`", "`numbers`")],
    ),
    (
        "actors:\n  n: { numbers: {}, sink: {} }\n",
        &[(2, 21, "two kinds, `numbers` and `sink`", "exactly one")],
    ),
    ("actors:\n  n:\n", &[(2, 3, "`n` has no kind", "n: KIND")]),
    (
        "actors:\n  n: { timeout: 2s }\n",
        &[(2, 3, "`n` has no kind", "")],
    ),
    (
        "actors:\n  n: { numbers: {}, tiemout: 2s }\n",
        &[(2, 21, "unknown key `tiemout`", "did you mean `timeout`")],
    ),
    (
        "actors:\n  n: { numbers: {}, count: 2 }\n",
        &[(2, 21, "unknown key `count`", "stand in it")],
    ),
    ("actors:\n  n: [numbers]\n", &[(2, 6, "not a list", "")]),
    (
        "actors: [n]\n",
        &[(1, 9, "`actors` must be a map, not a list", "")],
    ),
    (
        "actors:\n  reply: sink\n",
        &[(2, 3, "`reply` stands for the door", "")],
    ),
    (
        "actors:\n  a.b: numbers\n",
        &[(2, 3, "`a.b` cannot be the name", "letters")],
    ),
    (
        "- a\n",
        &[
            (1, 1, "a flow file must be a map, not a list", ""),
            (1, 1, "no `actors`", ""),
        ],
    ),
    (
        "name: [x]\nactors: { n: numbrs }\n",
        &[
            (1, 7, "the name of a flow must be text", ""),
            (2, 14, "unknown kind of actor `numbrs`", ""),
        ],
    ),
    (
        "actors: { n: numbers }\nactors: { s: sink }\n",
        &[(2, 1, "`actors` is there twice", "line 1")],
    ),
    (
        "actors:\n  n: numbers\n  n: sink\n",
        &[(3, 3, "`n` is there twice", "line 2")],
    ),
    // Settings
    (
        "actors:\n  n: { numbers: { cout: 3 } }\n",
        &[(2, 19, "unknown setting `cout`", "did you mean `count`")],
    ),
    (
        "actors:\n  n: { numbers: { count: many } }\n",
        &[(
            2,
            26,
            "expected a whole number from 0 to 65535, found the text `many`",
            "",
        )],
    ),
    (
        "actors:\n  n: { numbers: { count: 70000 } }\n",
        &[(2, 26, "from 0 to 65535, found `70000`", "")],
    ),
    (
        "actors:\n  n:\n    numbers:\n      count: -1\n",
        &[(4, 14, "found `-1`", "")],
    ),
    (
        "actors:\n  f: { form: {} }\n",
        &[(2, 8, "the setting `url` is missing", "")],
    ),
    (
        "actors:\n  f: form\n",
        &[(2, 6, "the setting `url` is missing", "")],
    ),
    (
        "actors:\n  f: { form: x.xsl }\n",
        &[(
            2,
            14,
            "expected a map of settings, found the text `x.xsl`",
            "",
        )],
    ),
    (
        "actors:\n  f:\n    form:\n      url: u\n      mode: fats\n",
        &[(5, 13, "unknown value `fats`", "did you mean `fast`")],
    ),
    (
        "actors:\n  f:\n    form:\n      url: u\n      list:\n        - 1\n        - 300\n",
        &[(7, 11, "found `300`", "")],
    ),
    (
        "actors:\n  f: { form: { url: u, nested: { deep: 1000 } } }\n",
        &[(2, 40, "found `1000`", "")],
    ),
    (
        "actors:\n  f: { form: { url: u, even: 3 } }\n",
        &[(2, 30, "3 is not even", "")],
    ),
    (
        "actors:\n  f: { form: { url: u, when: \"a b\" } }\n",
        &[(2, 30, "the expression `a b` is not valid", "")],
    ),
    (
        "actors:\n  n: { numbers: { text: \"{{ paylod }}\" } }\n",
        &[(2, 29, "unknown `paylod`", "")],
    ),
    (
        "actors:\n  p: { pass: { x: 1 } }\n",
        &[(2, 16, "unknown setting `x`", "no settings")],
    ),
    (
        "actors:\n  p: { picky: { word: bad } }\n",
        &[(2, 23, "the word `bad` is not good", "")],
    ),
    (
        "actors:\n  f: { form: { uri: u, list: no, when: 1 1, nested: { deep: x } } }\n",
        &[
            (2, 16, "unknown setting `uri`", "did you mean `url`"),
            (2, 30, "expected a list, found the text `no`", ""),
            (2, 40, "the expression `1 1`", ""),
            (2, 61, "found the text `x`", ""),
        ],
    ),
    (
        "defaults: { numbers: { count: x } }\nactors: { n: numbers, m: numbers }\n",
        &[(1, 31, "found the text `x`", "")],
    ),
    (
        "defaults: { numbrs: {} }\nactors: { n: numbers }\n",
        &[(1, 13, "unknown kind of actor `numbrs`", "`numbers`")],
    ),
    (
        "actors:\n  n: { numbers: {}, timeout: 30 yards }\n",
        &[(2, 30, "`30 yards` is no time", "")],
    ),
    (
        "actors:\n  n: { numbers: {}, into: nowhere.x }\n",
        &[(2, 27, "`nowhere.x` cannot be set", "")],
    ),
    // YAML traps
    (
        "actors:\n  n: { numbers: { text: 1e3 } }\n",
        &[(2, 25, "expected text, a template, found `1000`", "\"1e3\"")],
    ),
    (
        "actors:\n  s: { sink: { loud: on } }\n",
        &[(
            2,
            22,
            "expected true or false, found the text `on`",
            "write true",
        )],
    ),
    (
        "actors:\n  s: { sink: { prefix: 1e3 } }\n",
        &[(2, 24, "expected text, found `1000`", "\"1e3\"")],
    ),
    (
        "actors:\n  s: { sink: { prefix: null } }\n",
        &[(2, 24, "expected text, found nothing", "\"null\"")],
    ),
    (
        "actors:\n  s: { sink: { prefix:x } }\n",
        &[(2, 16, "unknown setting `prefix:x`", "space")],
    ),
    (
        "actors:\n  s:\n    sink:\n      prefix: I am: here\n",
        &[(4, 19, "not valid YAML", "needs quotes")],
    ),
    (
        "actors:\n\ts: sink\n",
        &[(2, 2, "not valid YAML", "spaces")],
    ),
    (
        "actors:\n  s: { sink: { prefix: {{ text }} } }\n",
        &[(2, 25, "a key must be text", "quotes")],
    ),
    (
        "actors:\n  s: { sink: { prefix: !x y } }\n",
        &[
            (2, 3, "no event can reach `s`", ""),
            (2, 24, "the tag `x`", "leave it out"),
        ],
    ),
    (
        "actors:\n  s: &a { x: *a }\n",
        &[(2, 14, "inside of what it refers to", "")],
    ),
    (
        "a: &a { b: 1 }\nactors:\n  s: { <<: *a }\n",
        &[(3, 8, "`<<` has no meaning", "defaults")],
    ),
    (
        "actors:\n  s: { sink: { prefix: a }\n  n: numbers\n",
        &[(3, 3, "not valid YAML", "not closed")],
    ),
    (
        "actors:\n  s: { sink: { prefix: a/{b} } }\n",
        &[(2, 26, "not valid YAML", "text with braces")],
    ),
    (
        "actors:\n  s: { sink: { prefix: *:80 } }\n",
        &[(2, 24, "not valid YAML", "begins with one of")],
    ),
    ("actors: { s: sink\n", &[(2, 1, "not valid YAML", "")]),
    ("", &[(0, 0, "`a.yaml` is empty", "")]),
    // Values
    (
        "actors:\n  s: { sink: { prefix: \"${who}\" } }\n",
        &[(2, 25, "`who` is not given", "--set who=")],
    ),
    (
        "settings: { port: }\nactors:\n  s: { sink: { prefix: \"at ${port}\" } }\n",
        &[(3, 28, "`port` is not given", "--set port=")],
    ),
    (
        "settings: { port: 1 }\nactors:\n  s: { sink: { prefix: \"${prot}\" } }\n",
        &[(3, 25, "`prot` is not given", "did you mean `port`")],
    ),
    (
        "actors:\n  s: { sink: { prefix: \"${secret:NONE}\" } }\n",
        &[(2, 25, "the secret `NONE` is not given", "NONE_FILE")],
    ),
    (
        "actors:\n  s: { sink: { prefix: \"${file:no.txt}\" } }\n",
        &[(2, 25, "`no.txt` cannot be read", "")],
    ),
    (
        "actors:\n  s: { sink: { prefix: \"a ${b\" } }\n",
        &[(2, 27, "has no `}`", "")],
    ),
    (
        "settings: { a: \"${b}\", b: \"${a}\" }\nactors:\n  s: { sink: { prefix: \"${a}\" } }\n",
        &[
            (1, 28, "`a` refers to itself", ""),
            (3, 3, "no event can reach `s`", ""),
        ],
    ),
    (
        "settings: { a: [1] }\nactors:\n  s: { sink: { prefix: \"x${a}\" } }\n",
        &[(3, 26, "a list, which cannot stand in a text", "")],
    ),
    (
        "include: no.yaml\nactors: { n: numbers }\n",
        &[(1, 10, "`no.yaml` cannot be read", "")],
    ),
    (
        "actors:\n  n: { numbers: {}, retry: { atempts: 3, on: [timeout, late] } }\n",
        &[
            (2, 30, "unknown setting `atempts`", "`attempts`"),
            (2, 56, "unknown value `late`", ""),
        ],
    ),
    (
        "actors:\n  n: { numbers: {}, retry: { attempts: 0 }, breaker: { failures: 0 } }\n  s: sink\nconnect: [n -> s]\n",
        &[
            (2, 3, "`attempts` must be from 1 to 1000", ""),
            (2, 3, "`failures` must be at least 1", ""),
        ],
    ),
    (
        "limits: { events: 0 }\nstop_deadline: soon\nactors: { n: numbers, s: sink }\nconnect: [n -> s]\n",
        &[
            (1, 19, "a whole number from 1, found `0`", ""),
            (2, 16, "`soon` is no time", ""),
        ],
    ),
    // What is not there yet
    (
        "dead_letters: x\nlog: s\nplace: {}\nactors: { n: numbers }\n",
        &[
            (1, 1, "this program has no kind of actor `dead_letters`", ""),
            (2, 6, "there is no actor `s`", ""),
            (3, 1, "`place`", ""),
        ],
    ),
    (
        "actors:\n  f: { flow: { file: x } }\n",
        &[(2, 22, "`x` cannot be read: there is no such file", "")],
    ),
];

#[test]
fn every_mistake_is_found_where_it_is() {
    let mut wrong = Vec::new();
    for (text, expected) in CASES {
        check(text, expected, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(CASES.len() >= 50);
}

#[test]
fn the_wiring_is_checked_with_lines() {
    let text = "actors:\n  n: numbers\n  s: sink\n  lost: sink\nconnect:\n  - n -> s\n  - n -> s\n";
    let found = problems(text);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!((found[0].0, found[0].1), (4, 3));
    assert!(found[0].2.contains("no event can reach `lost`"));
    assert_eq!((found[1].0, found[1].1), (7, 5));
    assert!(found[1].2.contains("twice"));
}

#[test]
fn the_wiring_is_checked_beside_other_mistakes() {
    let text = "actors:\n  n: { numbers: { cout: 3 } }\n  s: sink\n  lost: sink\nconnect:\n  - n -> s\n  - n -> s\n";
    let found = problems(text);
    let lines: Vec<_> = found.iter().map(|found| found.0).collect();
    assert_eq!(lines, [2, 4, 7], "{found:?}");
}

#[test]
fn what_a_line_that_cannot_be_read_may_connect_is_not_called_unconnected() {
    let text = "actors:\n  n: numbers\n  s: sink\nconnect:\n  - n -> reply\n  - n -> t.x -> s\n  - n -> nobody\n";
    let found = problems(text);
    let lines: Vec<_> = found.iter().map(|found| found.0).collect();
    assert_eq!(lines, [6, 7], "{found:?}");
    assert!(found[1].3.ends_with("there are n, reply, s"), "{found:?}");
}

#[test]
fn the_wiring_of_a_right_document_is_checked_beside_a_wrong_one() {
    let text = "actors: { s: sink }\n---\nactors: { n: numbrs }\n";
    let found = problems(text);
    assert_eq!(
        (found.len(), found[0].0, found[1].0),
        (2, 1, 3),
        "{found:?}"
    );
}

#[test]
fn diagnostics_show_the_line() {
    let text = "actors:\n  n: { numbers: { cout: 3 } }\n";
    let loader = Loader::new(common::registry());
    let shown = loader
        .load_text("dir/a.yaml", text)
        .unwrap_err()
        .to_string();
    let expected = "\
error: unknown setting `cout`
 --> dir/a.yaml:2:19
  |
2 |   n: { numbers: { cout: 3 } }
  |                   ^^^^
  = help: did you mean `count`?";
    assert_eq!(shown, expected);
}
