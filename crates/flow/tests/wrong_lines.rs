//! Wrong lines of `connect`: what is said about each, and where.

mod common;

use common::check;

/// Lines of `connect` behind two actors, `n` and `s`, on line 3.
const LINES: &[(&str, usize, &str, &str)] = &[
    (
        "n -> z",
        10,
        "there is no actor `z`",
        "there are n, reply, s",
    ),
    ("num -> s", 5, "there is no actor `num`", ""),
    ("n", 5, "the line links nothing", "from -> to"),
    ("n ->", 9, "an actor is missing here", ""),
    ("n -> s ->", 14, "an actor is missing here", ""),
    ("n -> , s", 10, "an actor is missing here", ""),
    ("n s -> s", 5, "`n s` is no name", ""),
    ("n -> s.in -> s", 10, "names a port in mid-line", "outbox"),
    ("n -> s.error", 10, "is an error outbox", "start of a line"),
    (
        "n.error.timout -> s",
        5,
        "unknown kind of error `timout`",
        "`timeout`",
    ),
    ("n.eror -> s", 5, "meant to be an error outbox", "n.error"),
    ("n.a.b -> s", 5, "too many dots", ""),
    ("n -> reply -> s", 10, "events end at `reply`", ""),
    ("n -> reply.x", 10, "`reply` has no ports", ""),
    ("n -> s, s", 5, "twice", ""),
    ("n -> s:", 5, "ends with a colon", "colon away"),
    (
        "n -> s: { best_effort: { queu: 5 } }",
        30,
        "unknown setting `queu`",
        "`queue`",
    ),
    (
        "n -> s: { best_effort: { drop: all } }",
        36,
        "unknown value `all`",
        "newest, oldest",
    ),
    ("n -> s: { slow: }", 15, "unknown setting `slow`", ""),
    (
        "n -> s: { best_effort: { queue: 0 } }",
        5,
        "has a queue of 0",
        "",
    ),
    (
        "n.error -> s: { best_effort: }",
        5,
        "an error link cannot be best-effort",
        "",
    ),
    ("5", 5, "a line of `connect` is text", ""),
    ("\"n ->  zz\"", 12, "there is no actor `zz`", ""),
];

#[test]
fn every_mistake_is_found_where_it_is() {
    let mut wrong = Vec::new();
    for (line, column, message, help) in LINES {
        let text = format!("actors: {{ n: numbers, s: sink }}\nconnect:\n  - {line}\n");
        check(&text, &[(3, *column, message, help)], &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
