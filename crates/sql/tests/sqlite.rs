//! `sql` with SQLite.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::{Path, PathBuf};
use std::time::Duration;

use common::{HOSTILE, answer, ask, failure, not_started, pool, run, start};
use compysition_actors::Door;
use compysition_core::testing::Harness;
use compysition_core::{Director, ErrorKind, Event};
use compysition_sql::Sql;
use serde_json::json;

/// A directory of a test's own.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sqlite_{name}"));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.0.join("hooks.db").display())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const MEMORY: &str = "sqlite::memory:";

#[test]
fn the_webhook_of_the_guide_is_stored() {
    let directory = Directory::new("webhook");
    ask(
        &directory.url(),
        "create table hook (id text primary key, body text)",
    );
    let yaml = r#"
name: webhook
actors:
  http:  { once: { text: "it's here" } }
  store: { sql: { url: "sqlite:hooks.db", query: "insert into hook values (:id, :body)", with: { id: "{{ id }}", body: "{{ text }}" } } }
  taken: { set: { payload: { id: "{{ meta_id }}" } } }
  work:  { set: {} }
connect:
  - http -> store -> taken -> reply
  - store -> work
"#;
    let seen = run(&directory.0.join("flow.yaml"), yaml, "", &["work", "taken"]);
    let stored = ask(&directory.url(), "select id, body from hook");
    assert_eq!(stored[0]["body"], "it's here");
    assert!(
        seen.contains(&("work".into(), "it's here".into())),
        "the hook itself goes on: {seen:?}"
    );
    assert!(
        seen.contains(&("taken".into(), json!({ "id": stored[0]["id"] }))),
        "{seen:?}"
    );
}

#[test]
fn an_event_is_enriched() {
    let directory = Directory::new("enriched");
    ask(
        &directory.url(),
        "create table credit (id integer primary key, max integer)",
    );
    ask(
        &directory.url(),
        "insert into credit values (7, 100), (8, 200)",
    );
    let yaml = r#"
name: soap_orders
actors:
  http:   { once: { text: order, attributes: { customer: { id: 8 } } } }
  credit: { sql: { url: "${secret:DB}", query: "select max from credit where id = :id", with: { id: "{{ attributes.customer.id }}" } }, into: attributes.credit }
  raise:  { sql: { url: "${secret:DB}", query: "update credit set max = max + 1" }, into: attributes.raised, pool: 4 }
  shape:  { set: { payload: { order: "{{ text }}", limit: "{{ attributes.credit[0].max }}", raised: "{{ attributes.raised }}" } } }
connect:
  - http -> credit -> raise -> shape
"#;
    let seen = run(
        &directory.0.join("flow.yaml"),
        yaml,
        &directory.url(),
        &["shape"],
    );
    let shaped = json!({ "order": "order", "limit": 200, "raised": { "affected": 2 } });
    assert_eq!(seen, [("shape".into(), shaped)]);
}

#[test]
fn values_keep_their_types() {
    let mut harness = start(json!({
        "url": MEMORY,
        "query": "select :whole as whole, :float as float, :text as text, :yes as yes, :none as none, :tree as tree, \
            :list ->> 1 as second, x'00ff' as bytes, typeof(:whole) as type, 9e999 as large",
        "with": { "whole": "{{ payload.whole }}", "float": 1.5, "text": "{{ payload.text }}", "yes": true, "none": null,
            "tree": { "a": ["{{ payload.whole }}"] }, "list": [1, "two"] },
    }));
    let event = Event::new(json!({ "whole": 9_007_199_254_740_993_i64, "text": "12" }));
    let expected = json!([{
        "whole": 9_007_199_254_740_993_i64, "float": 1.5, "text": "12", "yes": 1, "none": null,
        "tree": "{\"a\":[9007199254740993]}", "second": "two", "bytes": "AP8=", "type": "integer", "large": "Infinity",
    }]);
    assert_eq!(answer(&mut harness, event), expected);
}

#[test]
fn columns_declared_so_are_json_and_booleans() {
    let mut harness = start(json!({
        "url": MEMORY,
        "setup": ["create table t (doc json, yes boolean, words text); insert into t values ('{\"a\":1}', 1, '{}'), ('no', null, null)"],
        "query": "select * from t",
    }));
    let expected = json!([{ "doc": { "a": 1 }, "yes": true, "words": "{}" }, { "doc": "no", "yes": null, "words": null }]);
    assert_eq!(answer(&mut harness, ""), expected);
}

#[test]
fn hostile_values_come_back_as_they_went() {
    let mut harness = start(json!({
        "url": MEMORY,
        "setup": "create table kept (value text)",
        "query": "insert into kept values (:value) returning value, value = :value as same",
        "with": { "value": "{{ text }}" },
    }));
    for value in HOSTILE.iter().copied().chain(["nul \0 nul"]) {
        let row = answer(&mut harness, value);
        assert_eq!(row, json!([{ "value": value, "same": 1 }]));
    }
}

#[test]
fn the_first_row_or_none_can_be_asked_for() {
    let mut harness = start(json!({
        "url": MEMORY, "rows": "first",
        "query": "select 1 as a where :yes union select 2 where :yes", "with": { "yes": "{{ payload }}" },
    }));
    assert_eq!(answer(&mut harness, json!(true)), json!({ "a": 1 }));
    assert_eq!(
        failure(&mut harness, json!(false)).kind(),
        ErrorKind::NotFound
    );
}

#[test]
fn there_are_no_more_rows_than_may_be() {
    let query = "with recursive n(i) as (values (1) union all select i + 1 from n limit :most) select i from n";
    let mut harness = start(
        json!({ "url": MEMORY, "query": query, "with": { "most": "{{ payload }}" }, "max_rows": 3 }),
    );
    assert_eq!(answer(&mut harness, json!(3)).as_array().unwrap().len(), 3);
    let error = failure(&mut harness, json!(1_000_000));
    assert_eq!(error.kind(), ErrorKind::Exceeded);
    assert!(error.message().contains("more than 3 rows"), "{error}");
    assert_eq!(
        answer(&mut harness, json!(1)),
        json!([{ "i": 1 }]),
        "and it goes on"
    );
}

#[test]
fn several_statements_are_one_transaction() {
    let directory = Directory::new("transaction");
    ask(
        &directory.url(),
        "create table t (id integer primary key check (id < 100))",
    );
    let mut harness = start(json!({
        "url": directory.url(),
        "query": ["insert into t values (:id)", "insert into t values (:other)", "select count(*) as count from t"],
        "with": { "id": "{{ payload[0] }}", "other": "{{ payload[1] }}" },
    }));
    assert_eq!(answer(&mut harness, json!([1, 2])), json!([{ "count": 2 }]));
    assert_eq!(
        failure(&mut harness, json!([3, 1])).kind(),
        ErrorKind::Conflict
    );
    assert_eq!(
        failure(&mut harness, json!([4, 100])).kind(),
        ErrorKind::Unprocessable
    );
    assert_eq!(
        failure(&mut harness, json!([5, "x"])).kind(),
        ErrorKind::Malformed
    );
    assert_eq!(
        answer(&mut harness, json!([8, 9])),
        json!([{ "count": 4 }]),
        "of the others nothing is left"
    );
}

#[test]
fn errors_say_what_the_client_can_do() {
    let kind = |query: &str| {
        let mut harness = start(json!({
            "url": MEMORY,
            "setup": "create table p (id integer primary key); create table t (id text unique not null, p references p)",
            "query": query, "with": { "x": "{{ text }}" },
        }));
        harness.send("1");
        failure(&mut harness, "1").kind()
    };
    assert_eq!(kind("insert into t values (:x, null)"), ErrorKind::Conflict);
    assert_eq!(
        kind("insert into t values (nullif(:x, :x), null)"),
        ErrorKind::Unprocessable
    );
    assert_eq!(
        kind("insert into t values (hex(randomblob(8)), :x)"),
        ErrorKind::Unprocessable
    );
    assert_eq!(
        kind("insert into p values ('a' || :x)"),
        ErrorKind::Malformed
    );
}

#[test]
fn a_statement_that_takes_too_long_is_called_off() {
    let query = "with recursive n(i) as (values (1) union all select i + 1 from n limit :most) select count(*) as count from n";
    let mut harness = start(
        json!({ "url": MEMORY, "query": query, "with": { "most": "{{ payload }}" }, "timeout": "100ms" }),
    );
    let error = failure(&mut harness, json!(-1));
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(
        answer(&mut harness, json!(9)),
        json!([{ "count": 9 }]),
        "and it goes on"
    );
}

#[test]
fn who_would_write_waits_for_another() {
    let directory = Directory::new("busy");
    ask(&directory.url(), "create table t (id integer)");
    let path = directory.0.join("hooks.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let insert = |timeout: &str| json!({ "url": directory.url(), "query": "insert into t values (1)", "timeout": timeout });
    let mut harness = start(insert("50ms"));
    assert_eq!(failure(&mut harness, "").kind(), ErrorKind::Timeout);
    assert_eq!(
        ask(&directory.url(), "select count(*) as n from t"),
        json!([{ "n": 0 }]),
        "reading is possible"
    );
    let writer = std::thread::spawn({
        let settings = insert("30s");
        move || answer(&mut start(settings), "body")
    });
    other.execute_batch("commit").unwrap();
    assert_eq!(writer.join().unwrap(), "body");
    assert_eq!(
        ask(&directory.url(), "select count(*) as n from t"),
        json!([{ "n": 1 }])
    );
}

#[test]
fn a_pool_writes_side_by_side_and_loses_nothing() {
    let directory = Directory::new("pool");
    let settings = json!({
        "url": directory.url(), "setup": "create table if not exists t (id integer)",
        "query": "insert into t values (:id)", "with": { "id": "{{ payload }}" },
    });
    assert!(
        pool(settings, 4, 40)
            .iter()
            .all(|answer| answer.error().is_none())
    );
    assert_eq!(
        ask(
            &directory.url(),
            "select count(*) as n, sum(id) as sum from t"
        ),
        json!([{ "n": 40, "sum": 780 }])
    );
}

#[test]
fn a_table_may_change_meanwhile() {
    let directory = Directory::new("changed");
    ask(&directory.url(), "create table t (a)");
    let mut harness = start(json!({ "url": directory.url(), "query": "select * from t" }));
    ask(&directory.url(), "insert into t values (1)");
    assert_eq!(answer(&mut harness, ""), json!([{ "a": 1 }]));
    ask(&directory.url(), "alter table t add column b");
    assert_eq!(answer(&mut harness, ""), json!([{ "a": 1, "b": null }]));
}

#[test]
fn what_changes_nothing_affects_nothing() {
    let directory = Directory::new("affected");
    ask(&directory.url(), "create table t (a)");
    ask(&directory.url(), "insert into t values (1), (2)");
    let yaml = r#"
name: affected
actors:
  in:  { once: { text: "" } }
  one: { sql: { url: "sqlite:hooks.db", query: ["update t set a = 3", "create table u (a)"] }, into: payload.one }
  two: { sql: { url: "sqlite:hooks.db", query: "delete from t" }, into: payload.two }
  out: { set: {} }
connect:
  - in -> one -> two -> out
"#;
    let yaml = yaml.replace("text: \"\"", "json: true");
    let seen = run(&directory.0.join("flow.yaml"), &yaml, "", &["out"]);
    assert_eq!(
        seen[0].1,
        json!({ "one": { "affected": 0 }, "two": { "affected": 2 } })
    );
}

#[test]
fn what_the_database_does_not_know_keeps_it_from_starting() {
    let error = not_started(json!({ "url": MEMORY, "query": "select a,\nb from missing" }));
    assert!(error.contains("no such table: missing"), "{error}");
    let directory = Directory::new("not_a_database");
    std::fs::write(
        directory.0.join("hooks.db"),
        "this is a text, and no database at all".repeat(100),
    )
    .unwrap();
    let error = not_started(json!({ "url": directory.url(), "query": "select 1" }));
    assert!(error.contains("hooks.db` cannot be opened"), "{error}");
    let mut harness = start(json!({ "url": MEMORY, "query": "select 1 as a, 2 as a" }));
    assert!(
        failure(&mut harness, "")
            .message()
            .contains("two columns are called `a`")
    );
}

#[test]
fn it_works_with_a_clock_that_stands() {
    let actor: compysition_sql::Sql =
        serde_json::from_value(json!({ "url": MEMORY, "query": "select 1 as a" })).unwrap();
    let mut harness = Harness::new(actor);
    assert_eq!(answer(&mut harness, ""), json!([{ "a": 1 }]));
}

#[test]
fn what_is_broken_off_leaves_a_database_in_memory_as_it_was() {
    let settings = json!({
        "url": MEMORY,
        "query": [
            "create table if not exists t (n integer)",
            "insert into t values (1)",
            "with recursive n(i) as (values (1) union all select i + 1 from n limit :most) select (select count(*) from t) as stored, count(*) as n from n",
        ],
        "with": { "most": "{{ payload }}" },
    });
    let mut director = Director::new("broken_off");
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let actor = director.register("actor", serde_json::from_value::<Sql>(settings).unwrap());
    director.set_timeout(actor, Duration::from_millis(100));
    director.connect(door, actor);
    director.connect(actor, door);
    director.connect_error(actor, door);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let flow = director.start().await.unwrap();
        let ask = async |most: i64| handle.ask(json!(most)).await;
        let stored = |answer: Event| answer.json().unwrap()[0]["stored"].clone();
        assert_eq!(stored(ask(1).await.unwrap()), 1);
        // It never ends, and the time of the actor is up before its own.
        assert!(ask(-1).await.unwrap().error().is_some());
        assert_eq!(stored(ask(1).await.unwrap()), 2);
        flow.stop().await;
    });
}
