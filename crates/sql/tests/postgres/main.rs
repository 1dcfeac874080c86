//! `sql` with a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod cluster;
#[path = "../common/mod.rs"]
mod common;
mod errors;
mod tls;

use std::path::Path;

use cluster::{cluster, cluster_alone};
use common::{HOSTILE, answer, ask, failure, pool, run, start};
use compysition_core::{ErrorKind, Event};
use serde_json::{Value, json};

#[test]
fn an_event_is_enriched_and_stored() {
    let cluster = cluster();
    ask(
        &cluster.url(),
        "create table credit (id int primary key, max numeric(10, 2))",
    );
    ask(
        &cluster.url(),
        "insert into credit values (7, 100), (8, 250.5)",
    );
    ask(
        &cluster.url(),
        "create table hook (id text primary key, body text)",
    );
    let yaml = r#"
name: soap_orders
actors:
  http:   { once: { text: "it's here", attributes: { customer: { id: 8 } } } }
  credit: { sql: { url: "${secret:DB}", query: "select max from credit where id = :id", with: { id: "{{ attributes.customer.id }}" } }, into: attributes.credit }
  store:  { sql: { url: "${secret:DB}", query: "insert into hook values (:id, :body)", with: { id: "{{ id }}", body: "{{ text }}" } } }
  count:  { sql: { url: "${secret:DB}", query: "update hook set body = body" }, into: attributes.stored, pool: 2 }
  shape:  { set: { payload: { body: "{{ text }}", limit: "{{ attributes.credit[0].max }}", stored: "{{ attributes.stored }}" } } }
connect:
  - http -> credit -> store -> count -> shape
"#;
    let seen = run(Path::new("flow.yaml"), yaml, &cluster.url(), &["shape"]);
    let shaped = json!({ "body": "it's here", "limit": 250.5, "stored": { "affected": 1 } });
    assert_eq!(seen, [("shape".into(), shaped)]);
    assert_eq!(
        ask(&cluster.url(), "select body from hook"),
        json!([{ "body": "it's here" }])
    );
}

#[test]
fn values_have_a_form_in_json() {
    let cluster = cluster();
    ask(&cluster.url(), "create type mood as enum ('sad', 'happy')");
    ask(&cluster.url(), "create type pair as (a int, b text)");
    ask(
        &cluster.url(),
        "create domain small as int check (value < 10)",
    );
    let query = "select true as yes, 1::int2 as i2, -2 as i4, 9007199254740993 as i8, 0.1::float4 as f4, 1.5::float8 as f8, \
        'NaN'::float8 as nan, 12.30 as n, 12345678901234567.5 as long, 'x'::text as t, 'y'::char(3) as c, '\\x00ff'::bytea as b, \
        '{\"a\": [1]}'::json as j, '{\"b\": null}'::jsonb as jb, '6f9619ff-8b86-d011-b42d-00c04fc964ff'::uuid as u, \
        '2026-01-31'::date as d, '12:30:01.5'::time as tm, '12:30+02'::timetz as tz, '2026-01-31 12:30'::timestamp as ts, \
        '2026-01-31 12:30:00.000001+02'::timestamptz as tsz, 'infinity'::timestamp as ever, interval '1 day 2 hours' as iv, \
        '10.0.0.1'::inet as ip, '10.0.0.0/8'::cidr as net, array[[1, 2], [3, null]] as ints, array['a', null] as texts, \
        '{}'::int[] as none, 'happy'::mood as mood, row(1, 'x')::pair as pair, array[row(2, null)::pair] as pairs, 7::small as small, \
        null::int as nothing";
    let expected = json!([{
        "yes": true, "i2": 1, "i4": -2, "i8": 9_007_199_254_740_993_i64, "f4": 0.1, "f8": 1.5, "nan": "NaN",
        "n": 12.3, "long": "12345678901234567.5", "t": "x", "c": "y  ", "b": "AP8=", "j": { "a": [1] }, "jb": { "b": null },
        "u": "6f9619ff-8b86-d011-b42d-00c04fc964ff", "d": "2026-01-31", "tm": "12:30:01.500", "tz": "12:30:00+02:00",
        "ts": "2026-01-31T12:30:00", "tsz": "2026-01-31T10:30:00.000001Z", "ever": "infinity", "iv": "P1DT2H",
        "ip": "10.0.0.1", "net": "10.0.0.0/8", "ints": [[1, 2], [3, null]], "texts": ["a", null], "none": [],
        "mood": "happy", "pair": { "a": 1, "b": "x" }, "pairs": [{ "a": 2, "b": null }], "small": 7, "nothing": null,
    }]);
    assert_eq!(ask(&cluster.url(), query), expected);
}

#[test]
fn values_go_the_same_way_back() {
    let cluster = cluster();
    let mut harness = start(json!({
        "url": cluster.url(),
        "query": "select :i8::int8 as i8, :n::numeric as n, :yes::bool as yes, :b::bytea as b, :j::jsonb as j, :text_j::json as text_j, :u::uuid as u, \
            :tsz::timestamptz as tsz, :iv::interval as iv, :ints::int[] as ints, :texts::text[] as texts, :docs::jsonb[] as docs, \
            :bytes::bytea[] as bytes, :null::int as null, :t as t, :tree::text as tree",
        "with": {
            "i8": "{{ payload }}", "n": 12.25, "yes": false, "b": "AP8=", "j": { "a": ["{{ payload }}", "x"] }, "text_j": "{\"b\":1}",
            "u": "6f9619ff-8b86-d011-b42d-00c04fc964ff", "tsz": "2026-01-31T10:30:00.000001Z", "iv": "P1DT2H", "ints": [[1, 2], [3, null]],
            "texts": ["a", null, "NULL", "{\"", "\\", ""], "docs": [[1], { "a": "\"" }], "bytes": ["AP8="], "null": null, "t": "12", "tree": [1],
        },
    }));
    let row = answer(&mut harness, json!(9_007_199_254_740_993_i64));
    let expected = json!([{
        "i8": 9_007_199_254_740_993_i64, "n": 12.25, "yes": false, "b": "AP8=", "j": { "a": [9_007_199_254_740_993_i64, "x"] }, "text_j": { "b": 1 },
        "u": "6f9619ff-8b86-d011-b42d-00c04fc964ff", "tsz": "2026-01-31T10:30:00.000001Z", "iv": "P1DT2H", "ints": [[1, 2], [3, null]],
        "texts": ["a", null, "NULL", "{\"", "\\", ""], "docs": [[1], { "a": "\"" }], "bytes": ["AP8="], "null": null, "t": "12", "tree": "[1]",
    }]);
    assert_eq!(row, expected);
}

#[test]
fn hostile_values_come_back_as_they_went() {
    let cluster = cluster();
    ask(
        &cluster.url(),
        "create table kept (value text, list text[], doc jsonb)",
    );
    let mut harness = start(json!({
        "url": cluster.url(),
        "query": "insert into kept values (:value, :list, :doc) returning value, list, doc, value = :value as same",
        "with": { "value": "{{ text }}", "list": ["{{ text }}", "{{ text }}"], "doc": { "a": "{{ text }}" } },
    }));
    for value in HOSTILE {
        let row = answer(&mut harness, value);
        let expected = json!([{ "value": value, "list": [value, value], "doc": { "a": value }, "same": true }]);
        assert_eq!(row, expected);
    }
    let error = failure(&mut harness, "nul \0 nul");
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}

#[test]
fn a_pool_works_side_by_side() {
    let cluster = cluster();
    ask(&cluster.url(), "create sequence arrived");
    // Each waits until all are there: one after the other they would never be done. A sequence is seen at once, in no transaction.
    ask(
        &cluster.url(),
        "create function meet(size int) returns bigint language plpgsql as $$
         declare mine bigint := nextval('arrived'); seen bigint := 0;
         begin
             while seen < size loop
                 select last_value into seen from arrived;
                 perform pg_sleep(0.001);
             end loop;
             return mine;
         end $$",
    );
    let settings = json!({ "url": cluster.url(), "query": "select meet(4) as mine", "rows": "first", "timeout": "30s" });
    let answers = pool(settings, 4, 4);
    let mut numbers: Vec<Value> = answers
        .iter()
        .map(|answer| answer.payload().to_value()["mine"].clone())
        .collect();
    numbers.sort_by_key(Value::as_i64);
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn a_server_that_comes_again_is_used_again() {
    let cluster = cluster_alone();
    let settings = json!({ "url": cluster.url(), "query": "select pg_backend_pid() as process" });
    let mut harness = start(settings.clone());
    let first = answer(&mut harness, "");
    assert_eq!(
        answer(&mut harness, ""),
        first,
        "one connection serves many events"
    );
    cluster.stop();
    let error = failure(&mut harness, "");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    let mut late = start(settings);
    let error = failure(&mut late, "");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(cluster.start());
    assert!(answer(&mut harness, "")[0]["process"].is_u64());
    assert!(answer(&mut late, "")[0]["process"].is_u64());
    // The server goes and comes while nothing is asked.
    cluster.stop();
    assert!(cluster.start());
    // The harness runs only while it is asked to: it hears now that the connection has ended.
    harness.block_on(async {
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
    });
    assert!(answer(&mut harness, "")[0]["process"].is_u64());
}

#[test]
fn a_statement_that_takes_too_long_is_called_off_on_the_server() {
    let cluster = cluster();
    let mut harness = start(json!({
        "url": cluster.url(), "timeout": "200ms",
        "query": "select pg_advisory_lock(42) as locked, pg_sleep(:time) as slept", "with": { "time": "{{ payload }}" },
    }));
    let error = failure(&mut harness, json!(600));
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    // The lock is the session's: it is free when that has ended, and not while it sleeps.
    let other = json!({ "url": cluster.url(), "query": "select pg_advisory_lock(42) as locked" });
    let (tell, told) = tokio::sync::oneshot::channel();
    let other = std::thread::spawn(move || tell.send(answer(&mut start(other), "")));
    assert_eq!(harness.block_on(told).unwrap(), json!([{ "locked": null }]));
    other.join().unwrap().unwrap();
    assert_eq!(
        answer(&mut harness, json!(0)),
        json!([{ "locked": null, "slept": null }]),
        "and it goes on"
    );
}

#[test]
fn the_time_out_of_the_flow_calls_it_off_as_well() {
    let cluster = cluster();
    let yaml = r#"
name: late
actors:
  in:    { once: {} }
  slow:  { sql: { url: "${secret:DB}", query: "select pg_advisory_lock(43) as locked, pg_sleep(600) as slept" }, timeout: 200ms }
  other: { sql: { url: "${secret:DB}", query: "select pg_advisory_lock(43) as locked" } }
connect:
  - in -> slow -> other
  - slow.error -> other
"#;
    let seen = run(Path::new("flow.yaml"), yaml, &cluster.url(), &["other"]);
    assert_eq!(seen, [("other".into(), json!([{ "locked": null }]))]);
}

#[test]
fn several_statements_are_one_transaction() {
    let cluster = cluster();
    ask(
        &cluster.url(),
        "create table once (id int primary key check (id < 100))",
    );
    let mut harness = start(json!({
        "url": cluster.url(),
        "query": ["insert into once values (:id)", "insert into once values (:other)", "select count(*) as count from once"],
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
fn rows_are_bounded() {
    let cluster = cluster();
    let mut harness = start(json!({
        "url": cluster.url(), "query": "select i from generate_series(1, :most) as i", "with": { "most": "{{ payload }}" }, "max_rows": 3,
    }));
    assert_eq!(answer(&mut harness, json!(3)).as_array().unwrap().len(), 3);
    assert_eq!(
        failure(&mut harness, json!(1_000_000)).kind(),
        ErrorKind::Exceeded
    );
    assert_eq!(
        answer(&mut harness, json!(1)),
        json!([{ "i": 1 }]),
        "and it goes on"
    );
    let mut first = start(json!({
        "url": cluster.url(), "query": "select i from generate_series(1, :most) as i", "with": { "most": "{{ payload }}" }, "rows": "first",
    }));
    assert_eq!(answer(&mut first, json!(3)), json!({ "i": 1 }));
    assert_eq!(failure(&mut first, json!(0)).kind(), ErrorKind::NotFound);
}

#[test]
fn a_table_may_change_meanwhile() {
    let cluster = cluster();
    ask(&cluster.url(), "create table changing (a int)");
    let mut harness = start(json!({ "url": cluster.url(), "query": "select * from changing" }));
    ask(&cluster.url(), "insert into changing values (1)");
    assert_eq!(answer(&mut harness, ""), json!([{ "a": 1 }]));
    ask(&cluster.url(), "alter table changing add column b text");
    assert_eq!(answer(&mut harness, ""), json!([{ "a": 1, "b": null }]));
}

#[test]
fn a_connection_is_set_up() {
    let cluster = cluster();
    let mut harness = start(json!({
        "url": cluster.url(), "setup": ["set search_path to pg_catalog; set statement_timeout to '7s'"],
        "query": "select current_setting('statement_timeout') as time, current_setting('application_name') as us",
    }));
    let event = Event::new("");
    assert_eq!(
        answer(&mut harness, event),
        json!([{ "time": "7s", "us": "compysition" }])
    );
}
