//! Sub-flows that are named wrongly, and files that cannot be one.

use super::{Case, MAIN, USED};

pub(super) const CASES: &[Case] = &[
    // How a sub-flow is named
    (
        &[("main.yaml", "actors:\n  p: flow\n")],
        &[(
            "main.yaml",
            2,
            6,
            "the sub-flow `p` has no file",
            "write `p: { flow: { file: … } }`",
        )],
    ),
    (
        &[("main.yaml", "actors:\n  p: { flow: { fil: p.yaml } }\n")],
        &[
            ("main.yaml", 2, 8, "the sub-flow `p` has no file", ""),
            (
                "main.yaml",
                2,
                16,
                "unknown key `fil`",
                "did you mean `file`?",
            ),
        ],
    ),
    (
        &[("main.yaml", "actors:\n  p: { flow: [p.yaml] }\n")],
        &[(
            "main.yaml",
            2,
            14,
            "the file of a sub-flow must be text, not a list",
            "",
        )],
    ),
    (
        &[
            (
                "main.yaml",
                "actors:\n  p: { flow: p.yaml, timeout: 3s, pool: 2, sink: {}, wiht: {} }\n",
            ),
            (
                "p.yaml",
                "actors: { n: numbers, s: sink }\nconnect: [n -> s]\n",
            ),
        ],
        &[
            (
                "main.yaml",
                2,
                22,
                "`timeout` cannot stand beside `flow`, which is no actor",
                "put it to the actors in the sub-flow's file",
            ),
            (
                "main.yaml",
                2,
                35,
                "`pool` cannot stand beside `flow`, which is no actor",
                "",
            ),
            (
                "main.yaml",
                2,
                44,
                "the actor `p` has two kinds, `flow` and `sink`",
                "",
            ),
            (
                "main.yaml",
                2,
                54,
                "unknown key `wiht` beside `flow`",
                "write `flow: { with: … }`",
            ),
        ],
    ),
    (
        &[
            (
                "main.yaml",
                "actors:\n  a.b: { flow: p.yaml }\n  reply: { flow: p.yaml }\n  q: flwo\n",
            ),
            (
                "p.yaml",
                "actors: { n: numbers, s: sink }\nconnect: [n -> s]\n",
            ),
        ],
        &[
            (
                "main.yaml",
                2,
                3,
                "`a.b` cannot be the name of an actor",
                "",
            ),
            (
                "main.yaml",
                3,
                3,
                "`reply` stands for the door that an event came in by; no actor can be named so",
                "",
            ),
            (
                "main.yaml",
                4,
                6,
                "unknown kind of actor `flwo`",
                "did you mean `flow`?",
            ),
        ],
    ),
    // Its file
    (
        &[("main.yaml", MAIN), ("p.yaml", "# nothing\n")],
        &[("main.yaml", 3, 14, "`p.yaml` is empty", "")],
    ),
    (
        &[
            ("main.yaml", MAIN),
            (
                "p.yaml",
                "actors: { x: pass }\nconnect: [inbox -> x -> outbox]\n---\na: b\n",
            ),
        ],
        &[(
            "p.yaml",
            4,
            1,
            "the file of a sub-flow has one document",
            USED,
        )],
    ),
    (
        &[("main.yaml", MAIN), ("p.yaml", "actors: { x: [ }\n")],
        &[(
            "p.yaml",
            1,
            16,
            "this is not valid YAML: while parsing a node, did not find expected node content",
            USED,
        )],
    ),
    (
        &[("main.yaml", MAIN), ("p.yaml", "connect: []\n")],
        &[("p.yaml", 1, 1, "the flow has no `actors`", USED)],
    ),
    (
        &[
            ("main.yaml", MAIN),
            (
                "p.yaml",
                "log: x\ndead_letters: d\nlimits: {}\nsupervision: {}\nstop_deadline: 1s\nactors: { x: pass }\nconnect: [inbox -> x -> outbox]\n",
            ),
        ],
        &[
            (
                "p.yaml",
                1,
                1,
                "a sub-flow has no `log`: that is for the flow as a whole",
                "put it into the file of the flow that uses this one",
            ),
            (
                "p.yaml",
                2,
                1,
                "a sub-flow has no `dead_letters`: that is for the flow as a whole",
                USED,
            ),
            (
                "p.yaml",
                3,
                1,
                "a sub-flow has no `limits`: that is for the flow as a whole",
                "",
            ),
            (
                "p.yaml",
                4,
                1,
                "a sub-flow has no `supervision`: that is for the flow as a whole",
                "",
            ),
            (
                "p.yaml",
                5,
                1,
                "a sub-flow has no `stop_deadline`: that is for the flow as a whole",
                "",
            ),
        ],
    ),
    (
        &[
            ("main.yaml", MAIN),
            (
                "p.yaml",
                "nodes: {}\nactors: { x: pass }\nconnect: [inbox -> x -> outbox]\nactor: {}\n",
            ),
        ],
        &[
            (
                "p.yaml",
                1,
                1,
                "a sub-flow has no `nodes`: that is for the flow as a whole",
                "put it into the file of the flow that uses this one",
            ),
            (
                "p.yaml",
                4,
                1,
                "unknown key `actor`",
                "did you mean `actors`?",
            ),
        ],
    ),
    (
        &[
            ("main.yaml", MAIN),
            (
                "p.yaml",
                "actors: { x: { form: { url: u, list: [x] } } }\nconnect: [inbox -> x -> outbox]\n",
            ),
        ],
        &[(
            "p.yaml",
            1,
            39,
            "expected a whole number from 0 to 255, found the text `x`",
            USED,
        )],
    ),
    (
        // What the director finds.
        &[
            ("main.yaml", MAIN),
            (
                "p.yaml",
                "actors: { x: pass, lost: sink, g: gate }\nconnect: [inbox -> x -> outbox, x -> g]\n",
            ),
        ],
        &[
            (
                "p.yaml",
                1,
                20,
                "no event can reach `p/lost`: no path leads to it from an actor that makes events",
                USED,
            ),
            (
                "p.yaml",
                1,
                32,
                "outbox `through` of `p/g` is not connected",
                USED,
            ),
        ],
    ),
    // Cycles and depth
    (
        &[
            ("main.yaml", MAIN),
            (
                "p.yaml",
                "actors: { y: { flow: q.yaml } }\nconnect: [inbox -> y -> outbox]\n",
            ),
            (
                "q.yaml",
                "actors: { y: { flow: ./p.yaml } }\nconnect: [inbox -> y -> outbox]\n",
            ),
        ],
        &[(
            "q.yaml",
            1,
            22,
            "sub-flows use each other without end: main.yaml -> p.yaml -> q.yaml -> ./p.yaml",
            "note: used by `y` (p.yaml:1:11)\n  = note: used by `p` (main.yaml:3:3)",
        )],
    ),
    (
        &[("main.yaml", "actors:\n  p: { flow: main.yaml }\n")],
        &[(
            "main.yaml",
            2,
            14,
            "sub-flows use each other without end: main.yaml -> main.yaml",
            "",
        )],
    ),
    (
        &[
            ("main.yaml", MAIN),
            (
                "p.yaml",
                "include: c.yaml\nactors: { x: pass }\nconnect: [inbox -> x -> outbox]\n",
            ),
            ("c.yaml", "include: [c.yaml]\n"),
        ],
        &[(
            "c.yaml",
            1,
            11,
            "files include each other without end: p.yaml -> c.yaml -> c.yaml",
            USED,
        )],
    ),
];
