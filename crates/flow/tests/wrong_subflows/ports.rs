//! Ports of sub-flows.

use super::{Case, MAIN, USED};

pub(super) const CASES: &[Case] = &[
    // Ports
    (
        &[
            (
                "main.yaml",
                "actors: { n: numbers, p: { flow: p.yaml }, s: sink }\nconnect:\n  - n -> p.lfet\n  - p.mid -> s\n  - p/x -> s\n",
            ),
            (
                "p.yaml",
                "actors: { x: pass }\nconnect: [inbox.left -> x, x -> outbox]\n",
            ),
        ],
        &[
            (
                "main.yaml",
                3,
                10,
                "`p` has no inbox `lfet`",
                "did you mean `left`?",
            ),
            (
                "main.yaml",
                4,
                5,
                "`p` has no outbox `mid`",
                "it has one without a name; write `p`",
            ),
            ("main.yaml", 5, 5, "`p/x` is no name of an actor", ""),
        ],
    ),
    (
        &[
            (
                "main.yaml",
                "actors: { n: numbers, p: { flow: p.yaml }, s: sink }\nconnect:\n  - n -> p\n  - p -> s\n",
            ),
            (
                "p.yaml",
                "actors: { x: pass }\nconnect: [inbox -> x, x.a -> outbox.a, x.b -> outbox.b]\n",
            ),
        ],
        &[(
            "main.yaml",
            4,
            5,
            "`p` has several outboxes, none of them without a name",
            "name one of a, b",
        )],
    ),
    (
        &[
            (
                "main.yaml",
                "actors: { n: numbers, p: { flow: p.yaml }, s: sink }\nconnect:\n  - n -> s\n",
            ),
            (
                "p.yaml",
                "actors: { x: pass }\nconnect: [inbox -> x, x.a -> outbox.a, x -> outbox]\n",
            ),
        ],
        &[
            ("main.yaml", 1, 23, "the inbox of `p` is not connected", ""),
            ("main.yaml", 1, 23, "the outbox of `p` is not connected", ""),
            (
                "main.yaml",
                1,
                23,
                "outbox `a` of `p` is not connected",
                "note: the sub-flow has it here (p.yaml:2:30)",
            ),
        ],
    ),
    (
        &[(
            "main.yaml",
            "actors: { n: numbers, s: sink }\nconnect: [inbox -> s, n -> outbox]\n",
        )],
        &[
            (
                "main.yaml",
                2,
                11,
                "there is no actor `inbox`",
                "this is a port of a sub-flow",
            ),
            (
                "main.yaml",
                2,
                28,
                "there is no actor `outbox`",
                "this is a port of a sub-flow",
            ),
        ],
    ),
    (
        &[
            ("main.yaml", MAIN),
            (
                "p.yaml",
                "actors:\n  x: pass\n  inbox: pass\nconnect:\n  - inbox -> x -> outbox\n  - inbox -> outbox\n  - outbox -> x\n  - x -> inbox\n  - inbox.error -> x\n  - x -> y\n",
            ),
        ],
        &[
            (
                "p.yaml",
                3,
                3,
                "`inbox` stands for a port of the sub-flow; no actor can be named so",
                USED,
            ),
            (
                "p.yaml",
                6,
                5,
                "the line passes no actor: what comes in goes out as it is",
                "",
            ),
            (
                "p.yaml",
                7,
                5,
                "events leave the sub-flow at `outbox`; nothing can come after it",
                "",
            ),
            (
                "p.yaml",
                8,
                10,
                "events come into the sub-flow at `inbox`; nothing can come before it",
                "",
            ),
            (
                "p.yaml",
                9,
                5,
                "`inbox` is no actor, and fails with nothing",
                "",
            ),
            (
                "p.yaml",
                10,
                10,
                "there is no actor `y`",
                "there are reply, x",
            ),
        ],
    ),
    (
        &[
            (
                "main.yaml",
                "actors: { n: numbers, a: pass, p: { flow: p.yaml } }\nlog: p\nconnect:\n  - n -> a -> p.loose\n  - a.error -> p.loose\n",
            ),
            (
                "p.yaml",
                "actors: { s: sink }\nconnect:\n  - inbox.loose -> s: { best_effort: }\n",
            ),
        ],
        &[
            (
                "main.yaml",
                2,
                6,
                "`log` must name an actor, not the sub-flow `p`",
                "",
            ),
            (
                "main.yaml",
                5,
                5,
                "an error link cannot be best-effort: an error must not be lost",
                "",
            ),
        ],
    ),
    (
        // A mistake in a file that is used twice is said once.
        &[
            (
                "main.yaml",
                "actors: { n: numbers, p: { flow: p.yaml }, q: { flow: p.yaml }, s: sink }\nconnect: [n -> p -> q -> s]\n",
            ),
            (
                "p.yaml",
                "actors: { x: pas }\nconnect: [inbox -> x -> outbox]\n",
            ),
        ],
        &[(
            "p.yaml",
            1,
            14,
            "unknown kind of actor `pas`",
            "note: used by `p` (main.yaml:1:23)",
        )],
    ),
];
