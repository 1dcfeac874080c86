//! What goes wrong, and what it is called.

use std::net::TcpListener;

use compysition_core::ErrorKind;
use serde_json::json;

use crate::cluster::cluster;
use crate::common::{ask, failure, not_started, refused, start};

#[test]
fn errors_say_what_the_client_can_do() {
    let cluster = cluster();
    ask(&cluster.url(), "create table parent (id int primary key)");
    ask(
        &cluster.url(),
        "create table child (id text unique not null, parent int references parent)",
    );
    let kind = |query: &str| {
        let mut harness =
            start(json!({ "url": cluster.url(), "query": query, "with": { "x": "{{ text }}" } }));
        harness.send("1");
        let error = failure(&mut harness, "1");
        assert!(error.detail("sqlstate").is_some(), "{error}");
        error.kind()
    };
    assert_eq!(
        kind("insert into child values (:x, null)"),
        ErrorKind::Conflict
    );
    assert_eq!(
        kind("insert into child values (nullif(:x, :x), null)"),
        ErrorKind::Unprocessable
    );
    assert_eq!(
        kind("insert into child values (gen_random_uuid(), :x)"),
        ErrorKind::Unprocessable
    );
    assert_eq!(kind("select 1 / (:x::int - 1) as a"), ErrorKind::Malformed);
    assert_eq!(kind("select ('a' || :x)::int as a"), ErrorKind::Malformed);
    let error = failure(
        &mut start(
            json!({ "url": cluster.url(), "query": "select :x::bytea as x", "with": { "x": "*" } }),
        ),
        "",
    );
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}

#[test]
fn a_wrong_statement_keeps_it_from_starting() {
    let cluster = cluster();
    let about = |query: &str| {
        not_started(json!({ "url": cluster.url(), "query": query, "with": { "x": 2 } }))
    };
    let error = about("select :x::int as größe,\n  b frm t");
    assert!(
        error.contains("wrong at line 2, column 9: syntax error at or near \"t\""),
        "{error}"
    );
    let error = about("select :x::int as a, b from missing");
    assert!(
        error.contains("line 1, column 29: relation \"missing\" does not exist"),
        "{error}"
    );
    let error = about("select :x::int as a, 2 as a");
    assert!(error.contains("two columns are called `a`"), "{error}");
    let error = about("select :x::int as a, point(1, 2) as b");
    assert!(
        error.contains(
            "column `b` is of the type point, which has no form in JSON: write `b::text`"
        ),
        "{error}"
    );
    let error = refused(json!({ "url": cluster.url(), "query": "select $1" }));
    assert!(error.contains("is no parameter here"), "{error}");
}

#[test]
fn a_wrong_login_keeps_it_from_starting_and_shows_no_password() {
    let cluster = cluster();
    for (user, database) in [
        ("nobody", "postgres"),
        ("postgres", "postgres"),
        ("postgres", "missing"),
    ] {
        let url = format!(
            "postgres://{user}:s3cret@127.0.0.1:{}/{database}",
            cluster.port
        );
        let error = not_started(json!({ "url": url, "query": "select 1 as a" }));
        assert!(
            error.contains("refuses the connection") && !error.contains("s3cret"),
            "{error}"
        );
    }
    let error = not_started(
        json!({ "url": cluster.url().replace("/postgres?", "/missing?"), "query": "select 1 as a" }),
    );
    assert!(
        error.contains("database \"missing\" does not exist"),
        "{error}"
    );
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let url = format!("postgres://me:s3cret@127.0.0.1:{port}/orders");
    let settings = json!({ "url": url, "query": "select 1 as a", "connect_timeout": "50ms" });
    let error = failure(&mut start(settings.clone()), "");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(
        error
            .message()
            .contains(&format!("127.0.0.1:{port}/orders did not answer in 50ms")),
        "{error}"
    );
    drop(silent);
    let error = failure(&mut start(settings), "");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(
        error.message().contains("cannot be reached") && !error.message().contains("s3cret"),
        "{error}"
    );
}
