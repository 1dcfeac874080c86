//! The actor as a flow file makes it.

use compysition_core::testing::Harness;
use compysition_core::{Built, Registry};
use serde_json::{Value, json};

use super::back_end::{BackEnd, answer};

fn build(settings: Value) -> Result<Built, String> {
    let mut registry = Registry::new();
    compysition_http::register(&mut registry);
    let kind = registry.get("http_client").unwrap();
    let mut settings = <dyn erased_serde::Deserializer>::erase(settings);
    kind.build(&mut settings).map_err(|error| error.to_string())
}

#[test]
fn all_settings_are_taken() {
    let back_end = BackEnd::new(|asked| {
        assert_eq!(
            (asked.method().as_str(), &asked.headers()["x-a"]),
            ("PUT", &"1".parse().unwrap())
        );
        assert!(asked.headers().contains_key("x-id"));
        answer(200, "text/plain", "ok")
    });
    let built = build(json!({
        "url": back_end.url("/"), "method": "PUT", "headers": {"x-a": "1"}, "timeout": "5s", "follow": 0,
        "max_body": "1KiB", "concurrency": 2, "correlation": "x-id"
    }));
    let mut harness = Harness::of(built.unwrap()).real_time().start();
    harness.send("x");
    assert_eq!(harness.take()[0].text().unwrap(), "ok");
}

#[test]
fn mistakes_are_found_before_the_first_event() {
    let says = |settings| build(settings).unwrap_err();
    assert!(says(json!({})).contains("missing field `url`"));
    assert!(
        says(json!({"url": "http://a b/"})).contains("`http://a b/` is no URL that can be called")
    );
    assert!(says(json!({"url": "example.org/x"})).contains("does not begin with http://"));
    assert!(says(json!({"url": "http://a/{{ nonsense }}"})).contains("nonsense"));
    let with = |name: &str, value: Value| {
        let mut settings = json!({"url": "http://a/"});
        settings[name] = value;
        says(settings)
    };
    assert!(with("method", json!("PO ST")).contains("`PO ST` is no method of HTTP"));
    assert!(with("headers", json!({"a b": "c"})).contains("`a b` cannot be the name of a header"));
    assert!(with("headers", json!({"Content-Length": "1"})).contains("is the connection's"));
    assert!(with("timeout", json!("30 yards")).contains("write it like"));
    assert!(with("ca", json!("/no/such.pem")).contains("`/no/such.pem` cannot be used for TLS"));
    assert!(with("retries", json!(1)).contains("unknown field `retries`"));
}

#[test]
fn has_a_manual() {
    let mut registry = Registry::new();
    compysition_http::register(&mut registry);
    let kind = registry.get("http_client").unwrap();
    assert_eq!(
        kind.summary(),
        "Calls a URL for each event and sends on the answer."
    );
    let schema = kind.schema().to_value();
    for setting in [
        "url",
        "method",
        "headers",
        "timeout",
        "follow",
        "max_body",
        "concurrency",
    ] {
        let manual = &schema["properties"][setting]["description"];
        assert!(manual.is_string(), "{setting}");
    }
}
