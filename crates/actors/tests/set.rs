//! What `set` and `template` make of events.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use common::{build, refused, sent, try_build};
use compysition_actors::{Set, Template, TextFormat};
use compysition_core::{ErrorKind, Event, Surroundings, Xml};
use serde_json::json;

fn order() -> Event {
    Event::new(json!({"total": 12, "customer": {"id": 7}})).with_attribute("color", "red")
}

#[test]
fn sets_paths_in_order() {
    let settings = json!({
        "attributes.customer": "{{ payload.customer }}",
        "attributes.twice": "{{ attributes.customer.id * 2 }}",
        "service": "orders",
        "meta_id": "m-{{ attributes.twice }}",
        "http.status": 202,
        "http.response_headers.location": "/orders/{{ payload.customer.id }}",
        "payload.total": "{{ payload.total + 1 }}",
        "payload.note.by": ["{{ service }}", null],
        "remove": ["payload.customer", "attributes.color"],
    });
    let event = sent(build("set", settings), order());
    assert_eq!(
        *event.json().unwrap(),
        json!({"total": 13, "note": {"by": ["orders", null]}})
    );
    assert_eq!(
        event.attributes().to_value(),
        json!({
            "customer": {"id": 7},
            "twice": 14,
            "http": {"status": 202, "response_headers": {"location": "/orders/7"}},
        })
    );
    assert_eq!((event.service(), &*event.meta_id()), ("orders", "m-14"));
}

#[test]
fn a_payload_is_text_json_or_nothing() {
    for (value, kind, text) in [
        (json!({"id": "{{ payload.total }}"}), "json", r#"{"id":12}"#),
        (json!("{{ payload.customer }}"), "json", r#"{"id":7}"#),
        (json!("total: {{ payload.total }}"), "text", "total: 12"),
        (json!(7), "json", "7"),
        (json!(null), "empty", ""),
    ] {
        let event = sent(build("set", json!({"payload": value})), order());
        assert_eq!(
            (event.payload().kind(), event.text().unwrap()),
            (kind, text)
        );
    }
}

#[test]
fn a_list_of_maps_is_carried_out_in_order() {
    let settings = json!([
        {"attributes.a": 1},
        {"attributes.a": "{{ attributes.a + 1 }}", "remove": "attributes.color"},
        {"attributes.b": "{{ attributes.a }}"},
    ]);
    let event = sent(build("modify", settings), order());
    assert_eq!(event.attributes().to_value(), json!({"a": 2, "b": 2}));
}

#[test]
fn is_made_in_rust() {
    let set = Set::new()
        .value("payload.customer.id", "{{ id }}")
        .unwrap()
        .remove("payload.total")
        .unwrap();
    let event = sent(set, order());
    assert_eq!(
        *event.json().unwrap(),
        json!({"customer": {"id": event.id().to_string()}})
    );
    for path in [
        "",
        "id",
        "attributes",
        "payload.",
        "attributes..a",
        "service.x",
        "color",
    ] {
        let error = Set::new().value(path, 1).unwrap_err();
        assert!(
            error.message().contains(&format!("`{path}` is no path")),
            "{error}"
        );
    }
    assert!(Set::new().remove("service").is_err());
}

#[test]
fn mistakes_are_found_at_load() {
    for (settings, expected) in [
        (
            json!({"atributes.a": 1}),
            "`atributes.a` is no path that can be set; there are attributes.NAME",
        ),
        (
            json!({"attributes.a": "{{ payloads }}"}),
            "did you mean `payload`?",
        ),
        (json!({"http.status": 42}), "`http.status` cannot be 42"),
        (json!({"remove": "service"}), "`service` is always there"),
        (json!({"remove": 1}), "`1` is no path"),
        (json!(1), "expected a map of paths and values"),
    ] {
        let error = try_build("set", settings.clone()).map(drop).unwrap_err();
        assert!(error.contains(expected), "{settings}: {error}");
    }
}

#[test]
fn what_cannot_be_set_fails_and_leaves_the_event() {
    let event = Event::new(Xml::from_text("<a/>"));
    let error = refused(
        build("set", json!({"attributes.x": 1, "payload.a": 1})),
        event,
    );
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(
        error
            .message()
            .starts_with("cannot set `payload.a`: the payload is xml: "),
        "{error}"
    );
    let error = refused(
        build("set", json!({"attributes.x": "{{ payload.none }}"})),
        order(),
    );
    assert_eq!(error.kind(), ErrorKind::Unprocessable);
    let error = refused(
        build("set", json!({"http.status": "{{ payload.total }}"})),
        order(),
    );
    assert!(
        error.message().contains("a number from 200 to 999"),
        "{error}"
    );
}

#[test]
fn templates_make_payloads() {
    let actor = build(
        "template",
        json!("{{ payload.total }} for {{ attributes.color }}\n"),
    );
    let event = sent(actor, order().with_attribute("content_type", "text/html"));
    assert_eq!(
        (event.payload().kind(), event.text().unwrap()),
        ("text", "12 for red\n")
    );
    assert_eq!(event.attribute("content_type"), None);

    let sharp = Event::new("1 < \"2\" & 3");
    let xml = Template::of("<a>{{ text }}{{ '<b/>' | safe }}</a>", TextFormat::Xml).unwrap();
    let event = sent(xml.content_type("text/html"), sharp.clone());
    let expected = "<a>1 &lt; &quot;2&quot; &amp; 3<b/></a>";
    assert_eq!(
        (event.payload().kind(), event.text().unwrap()),
        ("xml", expected)
    );
    assert_eq!(
        event.attribute("content_type").as_deref(),
        Some(&json!("text/html"))
    );

    let html = build(
        "template",
        json!({"inline": "<p>{{ text }}", "format": "html"}),
    );
    let event = sent(html, sharp.clone());
    assert!(event.text().unwrap().starts_with("<p>1 &lt; "));
    assert_eq!(event.payload().kind(), "text");
    let content_type = event.attribute("content_type").unwrap().into_owned();
    assert_eq!(content_type, "text/html; charset=utf-8");

    let json = "{\"a\": {{ text }}, \"b\": [{{ error }}, {{ [1, 'x'] }}, {{ 1 > 0 }}]}";
    let event = sent(
        build("template", json!({"inline": json, "format": "json"})),
        sharp,
    );
    assert_eq!(
        *event.json().unwrap(),
        json!({"a": "1 < \"2\" & 3", "b": [null, [1, "x"], true]})
    );
}

#[test]
fn templates_come_from_files() {
    let directory =
        std::env::temp_dir().join(format!("compysition-template-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("mail.txt"), "Dear {{ payload.customer.id }}").unwrap();
    let surroundings = Surroundings {
        base: directory.clone(),
        ..Surroundings::default()
    };
    surroundings.enter(|| {
        let event = sent(build("template", json!({"file": "mail.txt"})), order());
        assert_eq!(event.text().unwrap(), "Dear 7");
        let error = try_build("template", json!({"file": "none.txt"}))
            .map(drop)
            .unwrap_err();
        assert!(error.contains("none.txt` cannot be read"), "{error}");
    });
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_template_is_given_once_and_right() {
    for (settings, expected) in [
        (json!({}), "either `file` or `inline`"),
        (
            json!({"inline": "x", "file": "y"}),
            "either `file` or `inline`",
        ),
        (json!("{{ nope }}"), "unknown `nope`"),
        (json!({"inline": "{% if %}"}), "is not valid"),
        (json!({"inlin": "x"}), "unknown field `inlin`"),
        (json!([]), "expected a template, or a map of settings"),
    ] {
        let error = try_build("template", settings.clone())
            .map(drop)
            .unwrap_err();
        assert!(error.contains(expected), "{settings}: {error}");
    }
    assert_eq!(
        refused(Template::inline("{{ attributes.x }}").unwrap(), ()).kind(),
        ErrorKind::Unprocessable
    );
}
