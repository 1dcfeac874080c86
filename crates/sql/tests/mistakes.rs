//! Mistakes in the settings of `sql`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::refused;
use serde_json::{Value, json};

const MEMORY: &str = "sqlite::memory:";

#[test]
fn mistakes_are_found_when_it_is_read() {
    let about =
        |query: Value, with: Value| refused(json!({ "url": MEMORY, "query": query, "with": with }));
    let cases = [
        (
            json!("select :a"),
            json!({}),
            "`:a` in `query` has no value in `with`",
        ),
        (
            json!("select ':b' -- :b"),
            json!({ "b": 1 }),
            "no `:b` in `query` asks for the `b` in `with`",
        ),
        (json!("select ?1"), json!({}), "`?` is no parameter here"),
        (
            json!("select :1"),
            json!({}),
            "a parameter in `query` that has no name",
        ),
        (json!(""), json!({}), "`query` is empty"),
        (json!([]), json!({}), "`query` is empty"),
        (
            json!("select 1; select 2"),
            json!({}),
            "write them as a list",
        ),
        (
            json!("select\n  :a frm t"),
            json!({ "a": 1 }),
            "the statement is wrong at line 2, column 10: near \"t\": syntax error",
        ),
        (json!("select 'a"), json!({}), "unrecognized token"),
        (
            json!("select :a"),
            json!({ "a": "{{ nothing }}" }),
            "unknown `nothing`",
        ),
    ];
    for (query, with, expected) in cases {
        let mistake = about(query.clone(), with);
        assert!(mistake.contains(expected), "{query}: {mistake}");
    }
    let url = |url: &str| refused(json!({ "url": url, "query": "select 1" }));
    assert!(url("mysql://me:secret@host/db").contains("names no database"));
    assert!(!url("mysql://me:secret@host/db").contains("secret"));
    assert!(
        url("sqlite:/no/such/place/hooks.db")
            .contains("`/no/such/place` of the database is missing")
    );
    assert!(url("sqlite:").contains("names no file"));
    assert!(
        refused(json!({ "url": MEMORY, "query": "select 1", "timeout": 0 }))
            .contains("no time at all")
    );
}
