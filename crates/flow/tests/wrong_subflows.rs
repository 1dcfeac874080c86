//! Wrong flows with sub-flows: what is said about each, in which file, and where.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::Directory;
use compysition_flow::{Diagnostic, Loader};

/// A file, line and column, the message and part of what follows it.
type Said = (&'static str, usize, usize, &'static str, &'static str);

/// The files, of which the first is loaded; and all that must be said.
type Case = (&'static [(&'static str, &'static str)], &'static [Said]);

const P: &str = "actors: { x: pass }\nconnect: [inbox -> x -> outbox]\n";

/// Uses `p.yaml` between a source and a sink.
const MAIN: &str =
    "actors:\n  n: numbers\n  p: { flow: p.yaml }\n  s: sink\nconnect: [n -> p -> s]\n";

const USED: &str = "note: used by `p` (main.yaml:3:3)";

const CASES: &[Case] = &[
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

/// Returns where a mistake is and its text, with the paths as the files name each other.
fn said(one: &Diagnostic, directory: &Directory) -> (String, usize, usize, String, String) {
    let directory = format!("{}/", directory.0.display());
    let short = |text: String| text.replace(&directory, "");
    let path = one.path().map(Path::display).map(|path| path.to_string());
    (
        short(path.unwrap_or_default()),
        one.line().unwrap_or(0),
        one.column().unwrap_or(0),
        short(one.message().to_owned()),
        short(one.to_string()),
    )
}

#[test]
fn every_mistake_is_found_where_it_is() {
    let mut wrong = Vec::new();
    for (number, (files, expected)) in CASES.iter().enumerate() {
        let directory = Directory::new(&format!("wrong-sub-{number}"));
        let paths = files.iter().map(|(name, text)| directory.write(name, text));
        let paths: Vec<_> = paths.collect();
        let mut loader = Loader::new(common::registry()).environment(|name| match name {
            "TOKEN" => Some("s3cret".into()),
            "mine" | "VAR" => Some("of the environment".into()),
            _ => None,
        });
        if files.iter().any(|(_, text)| text.contains("${set}")) {
            loader = loader.set("mine", "of the line").set("set", "of the line");
        }
        let found = match loader.load(&paths[0]) {
            Ok(_) => Vec::new(),
            Err(found) => found.iter().map(|one| said(one, &directory)).collect(),
        };
        let fits = |(found, expected): (&(String, usize, usize, String, String), &Said)| {
            let (file, line, column, message, rest) = *expected;
            (found.0.as_str(), found.1, found.2, found.3.as_str()) == (file, line, column, message)
                && found.4.contains(rest)
        };
        if found.len() != expected.len() || !found.iter().zip(*expected).all(fits) {
            wrong.push(format!(
                "{files:#?}\nexpected {expected:#?}\nfound {found:#?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_multiplies_is_refused() {
    let load = |name: &str, files: &[(String, String)]| {
        let directory = Directory::new(name);
        let paths = files.iter().map(|(name, text)| directory.write(name, text));
        let paths: Vec<_> = paths.collect();
        let loader = Loader::new(common::registry()).environment(|_| None);
        loader.load(&paths[0]).unwrap_err().to_string()
    };
    let chain = |text: &dyn Fn(usize) -> String, last: &str, levels: usize| {
        let file = |level| (format!("{level}.yaml"), text(level));
        let mut files: Vec<_> = (0..levels).map(file).collect();
        files.push((format!("{levels}.yaml"), last.to_owned()));
        files
    };
    let deep = |level: usize| format!("actors: {{ a: {{ flow: {}.yaml }} }}\n", level + 1);
    let deep = load("deep", &chain(&deep, P, 30));
    assert!(deep.contains("nested more than 16 deep"), "{deep}");

    let uses = |level: usize| {
        let one = |name: usize| format!("a{name}: {{ flow: {}.yaml }}", level + 1);
        let uses: Vec<String> = (0..10).map(one).collect();
        format!("actors: {{ {} }}\n", uses.join(", "))
    };
    let uses = load("uses", &chain(&uses, P, 10));
    assert!(
        uses.contains("a flow has at most 1000 sub-flows"),
        "{}",
        uses.len()
    );

    let list = vec!["1"; 10_000].join(", ");
    let large = format!("settings: {{ list: [{list}] }}\n{P}");
    let large = load(
        "large",
        &chain(
            &|_| {
                let one = |name: usize| format!("a{name}: {{ flow: 1.yaml }}");
                let uses: Vec<String> = (0..100).map(one).collect();
                format!("actors: {{ {} }}\n", uses.join(", "))
            },
            &large,
            1,
        ),
    );
    assert!(
        large.contains("have more than 500000 values"),
        "{}",
        large.len()
    );

    let ports: Vec<String> = (0..10).map(|port| format!("p{port}")).collect();
    let all = |of: &str| {
        let ports = ports.iter().map(|port| format!("{of}.{port}"));
        ports.collect::<Vec<_>>().join(", ")
    };
    let wide = |level: usize| {
        let from = if level == 0 {
            "n".to_owned()
        } else {
            all("inbox")
        };
        let actors = format!("n: numbers, a: {{ flow: {}.yaml }}", level + 1);
        format!(
            "actors: {{ {actors} }}\nconnect: [\"{from} -> {}\"]\n",
            all("a")
        )
    };
    let last = format!(
        "actors: {{ x: pass }}\nconnect: [\"{} -> x\"]\n",
        all("inbox")
    );
    let wide = load("wide", &chain(&wide, &last, 12));
    assert!(wide.contains("stand for more than 100000 links"), "{wide}");
}
