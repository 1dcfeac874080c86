//! The settings of a door, as flow files give them.

use compysition_core::Registry;
use compysition_http::{HttpServer, register};
use serde_json::{Value, json};

fn mistake(settings: Value) -> String {
    let server = serde_json::from_value::<HttpServer>(settings);
    server.err().unwrap().to_string()
}

#[test]
fn all_settings_are_read() {
    let settings = json!({
        "address": "127.0.0.1:0", "body_limit": "64KiB", "header_timeout": "10s", "body_timeout": "5s",
        "deadline": "1.5s", "on_disconnect": "finish", "max_waiting": 10, "answer": "delivered",
        "error_body": "problem", "envelope": true, "correlation": "x-request-id",
        "cors": {
            "origins": ["https://shop.example.org", "https://*.example.org"], "methods": ["get", "POST"],
            "headers": ["content-type"], "expose": ["etag"], "credentials": true, "max_age": "10m",
        },
        "compression": { "requests": true, "answers": true, "min_size": "2KiB", "level": 6 },
        "access_log": { "format": "combined", "query": "all", "secret": ["token"] },
        "routes": {
            "new": "POST /orders",
            "one": { "path": "/orders/{id}", "method": "GET", "deadline": "1s", "answer": "flow" },
        },
    });
    let mut registry = Registry::new();
    register(&mut registry);
    let mut deserializer = <dyn erased_serde::Deserializer>::erase(settings);
    assert!(
        registry
            .get("wsgi")
            .unwrap()
            .build(&mut deserializer)
            .is_ok()
    );
    assert!(serde_json::from_value::<HttpServer>(json!({})).is_ok());
    let short = json!({ "cors": { "origins": "*" }, "compression": true, "access_log": "on" });
    assert!(serde_json::from_value::<HttpServer>(short).is_ok());
}

#[test]
fn mistakes_say_what_to_write() {
    let tests = [
        (json!({"address": "127.0.0.1"}), "the port is missing"),
        (
            json!({"correlation": "a b"}),
            "cannot be the name of a header",
        ),
        (
            json!({"tls": {"certificate": "no/such.crt", "key": "a.key"}}),
            "`no/such.crt` cannot be used for TLS",
        ),
        (
            json!({"adress": "x"}),
            "unknown field `adress`, expected one of `address`",
        ),
        (
            json!({"deadline": "soon"}),
            "write it like 250ms, 30s, 1m30s or 1h",
        ),
        (
            json!({"body_limit": "1 MB/s"}),
            "write it like 512, 64KiB or 1MiB",
        ),
        (
            json!({"error_body": "soap"}),
            "`soap` is no style of errors; there are `envelope`",
        ),
        (
            json!({"answer": "never"}),
            "unknown variant `never`, expected one of `flow`",
        ),
        (
            json!({"routes": {"a": "orders"}}),
            "write it like `POST /orders/{id}`",
        ),
        (
            json!({"routes": {"a": "GET /x", "b": "GET /x"}}),
            "take the same requests",
        ),
        (json!({"cors": {}}), "missing field `origins`"),
        (json!({"cors": {"origins": []}}), "there are no origins"),
        (
            json!({"cors": {"origins": "https://a.org/"}}),
            "`https://a.org/` is no origin: it ends with the host",
        ),
        (
            json!({"cors": {"origins": "*", "credentials": true}}),
            "the origins must be named",
        ),
        (
            json!({"cors": {"origins": "*", "methods": ["G E T"]}}),
            "`G E T` is no HTTP method",
        ),
        (
            json!({"cors": {"origins": "*", "headers": ["a b"]}}),
            "`a b` cannot be the name of a header",
        ),
        (
            json!({"compression": "gzip"}),
            "expected `true`, `false` or a map",
        ),
        (
            json!({"compression": {"level": 10}}),
            "10 is no level of compression; there are 1 (fast) to 9 (small)",
        ),
        (
            json!({"access_log": {"format": "apache"}}),
            "unknown variant `apache`, expected one of `common`",
        ),
        (
            json!({"access_log": {"file": "no/such/access.log"}}),
            "its directory does not exist",
        ),
        (json!({"access_log": {"file": "src"}}), "it is a directory"),
        (
            json!({"routes": {"a": {"path": "/x", "content_types": ["y"]}}}),
            "`y` is no media type",
        ),
    ];
    for (settings, wanted) in tests {
        let mistake = mistake(settings);
        assert!(mistake.contains(wanted), "{mistake}");
    }
}

#[test]
fn each_actor_has_a_manual() {
    let mut registry = Registry::new();
    register(&mut registry);
    for kind in registry.kinds() {
        let schema = kind.schema();
        assert!(
            kind.summary().ends_with('.'),
            "{}: {}",
            kind.name(),
            kind.summary()
        );
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            assert!(
                property.get("description").is_some(),
                "{}.{name}",
                kind.name()
            );
        }
    }
}
