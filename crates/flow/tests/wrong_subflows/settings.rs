//! Settings of sub-flows.

use super::{Case, USED};

pub(super) const CASES: &[Case] = &[
    // Settings
    (
        &[
            (
                "main.yaml",
                "actors:\n  n: numbers\n  p: { flow: { file: p.yaml, with: { ulr: x, timeout: 1 } } }\n  s: sink\nconnect: [n -> p -> s]\n",
            ),
            (
                "p.yaml",
                "settings:\n  url:\n  limit: 5\nactors: { x: { form: { url: \"${url}\" } } }\nconnect: [inbox -> x -> outbox]\n",
            ),
        ],
        &[
            (
                "main.yaml",
                3,
                3,
                "the sub-flow `p` needs the setting `url`",
                "note: it has no value of its own (p.yaml:2:3)\n  = help: give it: `with: { url: … }`",
            ),
            (
                "main.yaml",
                3,
                38,
                "`p.yaml` has no setting `ulr`",
                "did you mean `url`?",
            ),
            (
                "main.yaml",
                3,
                46,
                "`p.yaml` has no setting `timeout`",
                "there are url, limit",
            ),
        ],
    ),
    (
        &[
            (
                "main.yaml",
                "settings: { inner: 1 }\nactors:\n  n: numbers\n  p: { flow: p.yaml }\n  s: sink\nconnect: [n -> p -> s]\n",
            ),
            (
                "p.yaml",
                "actors: { x: { sink: { prefix: \"${inner}\" } } }\nconnect: [inbox -> x]\n",
            ),
        ],
        &[
            (
                "main.yaml",
                6,
                16,
                "the sub-flow `p` has no outbox",
                "a line `… -> outbox` in its file makes one",
            ),
            (
                "p.yaml",
                1,
                33,
                "the setting `inner` is not given",
                "note: used by `p` (main.yaml:4:3)",
            ),
        ],
    ),
    (
        // A secret is not shown, wherever it went.
        &[
            (
                "main.yaml",
                "actors:\n  n: numbers\n  p: { flow: { file: p.yaml, with: { word: \"${secret:TOKEN}\" } } }\nconnect: [n -> p]\n",
            ),
            (
                "p.yaml",
                "settings: { word: }\nactors: { x: { picky: { word: \"${word}\" } } }\nconnect: [inbox -> x]\n",
            ),
        ],
        &[("p.yaml", 2, 16, "the word `***` is not good", USED)],
    ),
    (
        // What was put in is not read once more.
        &[
            (
                "main.yaml",
                "settings: { a: x }\nactors:\n  n: numbers\n  p: { flow: { file: p.yaml, with: { word: \"$${a}\" } } }\nconnect: [n -> p]\n",
            ),
            (
                "p.yaml",
                "settings: { word: }\nactors: { x: { picky: { word: \"${word}\" } } }\nconnect: [inbox -> x]\n",
            ),
        ],
        &[("p.yaml", 2, 31, "the word `${a}` is not good", "")],
    ),
    (
        // Neither `--set` nor the environment touches the settings of a sub-flow; they give what it does not have.
        &[
            (
                "main.yaml",
                "actors:\n  n: numbers\n  p: { flow: p.yaml }\nconnect: [n -> p]\n",
            ),
            (
                "p.yaml",
                "settings: { mine: own }\nactors: { x: { picky: { word: \"${mine} ${set} ${VAR}\" } } }\nconnect: [inbox -> x]\n",
            ),
        ],
        &[
            (
                "",
                0,
                0,
                "setting `mine` does nothing: it is a sub-flow's own",
                "",
            ),
            (
                "p.yaml",
                2,
                31,
                "the word `own of the line of the environment` is not good",
                "",
            ),
        ],
    ),
];
