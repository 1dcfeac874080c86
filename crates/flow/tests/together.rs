//! Several mistakes in one file: each is told, and none that only comes of another.

mod common;

use common::check;

/// A file, and all that is said: line, column, part of the message, part of the help.
type Case = (
    &'static str,
    &'static [(usize, usize, &'static str, &'static str)],
);

const CASES: &[Case] = &[
    (
        // What was misspelt is not also missing.
        "actors:\n  f: { form: { ulr: u } }\n  n: numbers\nconnect: [n -> f]\n",
        &[(2, 16, "unknown setting `ulr`", "`url`")],
    ),
    (
        "actors:\n  f: { form: { mode: fats, nested: { deep: x, depe: 1 } } }\n  n: numbers\nconnect: [n -> f]\n",
        &[
            (2, 8, "the setting `url` is missing", ""),
            (2, 22, "unknown value `fats`", ""),
            (2, 44, "found the text `x`", ""),
            (2, 47, "unknown setting `depe`", ""),
        ],
    ),
    (
        "actors:\n  f: { form: { url: u, list: [1, 300, 2, -1] } }\n  n: numbers\nconnect: [n -> f]\n",
        &[(2, 34, "found `300`", ""), (2, 42, "found `-1`", "")],
    ),
    (
        // The word is wrong; that it is missing when it is left out is not.
        "actors:\n  p: { picky: { word: bad } }\n  n: numbers\nconnect: [n -> p]\n",
        &[(2, 23, "the word `bad` is not good", "")],
    ),
    (
        // A line that cannot be read hides nothing but what it may have connected.
        "actors:\n  n: { numbers: {}, retry: { attempts: 0 } }\n  s: sink\n  lost: sink\nconnect:\n  - n -> s.x -> s\n",
        &[
            (2, 3, "`attempts` must be from 1 to 1000", ""),
            (6, 10, "names a port in mid-line", ""),
        ],
    ),
    (
        "actors:\n  n: { numbers: {}, retry: { attempts: 0 } }\n  s: sink\n  lost: sink\nconnect:\n  - n -> s\n  - s -> qqqq\n  - qqqq -> s\n",
        &[
            (2, 3, "`attempts` must be from 1 to 1000", ""),
            (4, 3, "no event can reach `lost`", ""),
            (7, 10, "there is no actor `qqqq`", ""),
            (8, 5, "there is no actor `qqqq`", ""),
        ],
    ),
    (
        // `lost` may be meant.
        "actors:\n  n: numbers\n  s: sink\n  lost: sink\nconnect:\n  - n -> s\n  - s -> qqqq\n",
        &[(7, 10, "there is no actor `qqqq`", "")],
    ),
    (
        // Who misspells the one that was meant has still connected it.
        "actors:\n  n: numbers\n  store: sink\n  lost: sink\nconnect:\n  - n -> stroe\n",
        &[
            (4, 3, "no event can reach `lost`", ""),
            (6, 10, "there is no actor `stroe`", "did you mean `store`"),
        ],
    ),
    (
        // What stands beside a kind is checked also if its settings are wrong.
        "actors:\n  n: { numbers: { cout: 1 }, retry: { attempts: 0 }, pool: 0 }\n  s: sink\nconnect: [n -> s]\n",
        &[
            (2, 3, "`attempts` must be from 1 to 1000", ""),
            (2, 19, "unknown setting `cout`", ""),
            (2, 60, "a whole number from 1, found `0`", ""),
        ],
    ),
];

#[test]
fn each_mistake_is_told_and_none_that_comes_of_another() {
    let mut wrong = Vec::new();
    for (text, expected) in CASES {
        check(text, expected, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn an_actor_that_could_not_be_made_is_not_also_a_source_in_replicas() {
    let text = "nodes: { one: { replicas: 2 }, two: \"tcp://127.0.0.1:7001\" }\nplace: { one: s, two: n }\nactors:\n  n: numbers\n  s: { sink: { prefx: a } }\nconnect: [n -> s]\n";
    let mut wrong = Vec::new();
    check(
        text,
        &[(5, 16, "unknown setting `prefx`", "`prefix`")],
        &mut wrong,
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
