//! What templates and expressions see of an event, and what they say when it is not there.
#![allow(clippy::unwrap_used)]

use compysition_core::{ErrorKind, Event, Json, Surroundings};
use compysition_expression::{Expression, Functions, Template};
use serde_json::{Value, json};

fn order() -> Event {
    let tree =
        json!({"total": 12.5, "lines": [{"sku": "a", "n": 2}, {"sku": "b", "n": 1}], "note": null});
    let mut event = Event::new(Json::from_text(tree.to_string()));
    event.set_attribute("customer", json!({"id": 7, "name": "Ann"}));
    event.set_attribute("http", json!({"method": "GET", "headers": {"x-id": "9"}}));
    event.set_meta_id("m1");
    event
}

fn render(source: &str) -> String {
    Template::new(source).unwrap().render(&order()).unwrap()
}

fn evaluate(source: &str) -> Value {
    Expression::new(source).unwrap().evaluate(&order()).unwrap()
}

#[test]
fn templates_see_all_of_an_event() {
    assert_eq!(render("plain"), "plain");
    assert_eq!(render("{{ meta_id }}/{{ service }}\n"), "m1/default\n");
    assert_eq!(render("{{ attributes.customer.id }}"), "7");
    assert_eq!(
        render("{{ http.headers['x-id'] }}{{ http.method }}"),
        "9GET"
    );
    assert_eq!(
        render("{% for line in payload.lines %}{{ line.sku }}{{ line.n }} {% endfor %}"),
        "a2 b1 "
    );
    assert_eq!(render("{{ payload.lines[0] }}"), r#"{"sku":"a","n":2}"#);
    assert_eq!(render("[{{ payload.note }}]"), "[]");
    assert_eq!(render("{{ 'a b/c' | urlencode }}"), "a%20b/c");
    assert_eq!(render("{{ attributes.color | default('red') }}"), "red");
    assert_eq!(
        render("{{ payload.lines | map(attribute='sku') | join('+') }}"),
        "a+b"
    );
    assert_eq!(render("{{ now() }}").len(), 24);
    assert_eq!(render("{{ uuid() }}").len(), 36);
}

#[test]
fn expressions_keep_the_type() {
    assert_eq!(evaluate("payload.total"), json!(12.5));
    assert_eq!(evaluate("payload.lines[1]"), json!({"sku": "b", "n": 1}));
    assert_eq!(evaluate("attributes"), order().attributes().to_value());
    assert_eq!(
        evaluate("payload.total > 10 and error is none"),
        json!(true)
    );
    assert_eq!(evaluate("payload.lines | length"), json!(2));
    assert_eq!(evaluate("[1, 'a', none]"), json!([1, "a", null]));
    let whole = Template::new("{{ payload.lines[0].n }}").unwrap();
    assert_eq!(whole.evaluate(&order()).unwrap(), json!(2));
    let mixed = Template::new("{{ payload.total }} and {{ payload.total }}").unwrap();
    assert_eq!(mixed.evaluate(&order()).unwrap(), json!("12.5 and 12.5"));
}

#[test]
fn jsonpath_finds_one_or_several() {
    assert_eq!(evaluate("jsonpath('$.lines[1].sku')"), json!("b"));
    assert_eq!(evaluate("jsonpath('$.lines[*].n')"), json!([2, 1]));
    assert_eq!(evaluate("jsonpath('$.id', attributes.customer)"), json!(7));
    assert_eq!(evaluate("jsonpath('$.nothing') | default(0)"), json!(0));
}

#[test]
fn conditions_hold_or_not() {
    for (source, expected) in [
        ("payload.note", false),
        ("payload.lines", true),
        ("attributes.none is defined", false),
        ("http.method in ['GET', 'HEAD']", true),
        ("error", false),
    ] {
        let expression = Expression::new(source).unwrap();
        assert_eq!(
            expression.condition(&order()).unwrap(),
            expected,
            "{source}"
        );
    }
}

#[test]
fn values_of_the_wrong_type_are_the_events_fault() {
    for source in [
        "payload.none * 2",
        "payload.lines - 1",
        "meta_id * payload.lines",
    ] {
        let error = Expression::new(source)
            .unwrap()
            .evaluate(&order())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unprocessable, "{error}");
    }
}

#[test]
fn what_is_undefined_is_named() {
    for source in [
        "attributes.none",
        "attributes.none.id",
        "payload.x > 1",
        "error.kind",
        "inbox",
    ] {
        let error = Expression::new(source)
            .unwrap()
            .evaluate(&order())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unprocessable, "{source}");
        assert!(error.message().contains(&format!("`{source}`")), "{error}");
    }
    let template = Template::new("{{ id }} {{ attributes.none.id | default(0) }}").unwrap();
    let error = template.render(&order()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unprocessable);
    let message = error.message();
    assert!(
        message.ends_with("`attributes.none` is undefined for this event"),
        "{message}"
    );
}

#[test]
fn a_payload_that_cannot_be_read_is_malformed() {
    let broken = Event::new(Json::from_text("{\n 1"));
    let error = Expression::new("payload.x")
        .unwrap()
        .evaluate(&broken)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(error.detail("line"), Some(&json!(2)));
    let error = Expression::new("jsonpath('$.x')")
        .unwrap()
        .evaluate(&broken)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    let bytes = Event::new(vec![0xff]);
    assert_eq!(
        Template::new("{{ text }}")
            .unwrap()
            .render(&bytes)
            .unwrap_err()
            .kind(),
        ErrorKind::Malformed
    );
}

#[test]
fn mistakes_are_found_before_the_first_event() {
    for (source, expected) in [
        ("{{ paylod.x }}", "did you mean `payload`"),
        ("{{ a b }}", "not valid"),
        ("{{ text | uper }}", "unknown filter `uper`"),
        ("{{ text is defind }}", "unknown test `defind`"),
        ("{{ jsonpath('$[') }}", "no JSONPath"),
        ("{{ xpath('//a') }}", "unknown `xpath`"),
        ("{% if text %}", "not valid"),
        ("{{ ", "not valid"),
    ] {
        let error = Template::new(source).unwrap_err();
        assert!(error.message().contains(expected), "{source}: {error}");
    }
    assert!(Expression::new("").is_err());
    assert!(Expression::new("{{ text }}").is_err());
}

#[test]
fn functions_are_pluggable() {
    let functions = Functions::default().with_check(
        "xpath",
        |path, _| match path.starts_with('/') {
            true => Ok(()),
            false => Err(compysition_core::Error::internal("no path")),
        },
        |call| {
            let prefix = call.surroundings().namespaces["o"].clone();
            Ok(Some(format!("{prefix}{}", call.text(0)?).into()))
        },
    );
    let surroundings = Surroundings {
        namespaces: std::sync::Arc::new([("o".to_owned(), "urn:o".to_owned())].into()),
        ..Surroundings::default()
    };
    let compile = |source: &str| {
        surroundings
            .clone()
            .enter(|| functions.enter(|| Template::new(source)))
    };
    assert_eq!(
        compile("{{ xpath('/a') }}")
            .unwrap()
            .render(&order())
            .unwrap(),
        "urn:o/a"
    );
    assert!(compile("{{ xpath('a') }}").is_err());
    assert!(
        Template::new("{{ xpath('/a') }}").is_err(),
        "the table is only known inside `enter`"
    );
}

#[test]
fn settings_are_compiled_when_they_are_read() {
    #[derive(serde::Deserialize, schemars::JsonSchema, Debug)]
    struct Settings {
        path: Template,
        when: Option<Expression>,
    }
    let settings: Settings = serde_json::from_value(json!({"path": "5", "when": "id"})).unwrap();
    assert_eq!(settings.path.render(&order()).unwrap(), "5");
    assert!(settings.when.is_some());
    let error = serde_json::from_value::<Settings>(json!({"path": "{{"})).unwrap_err();
    assert!(error.to_string().contains("template `{{`"), "{error}");
    let schema = schemars::schema_for!(Settings);
    assert_eq!(
        schema.as_value()["properties"]["path"]["format"],
        "template"
    );
}

#[test]
fn a_template_that_goes_on_and_on_is_broken_off() {
    // Few steps, but many bytes each.
    let source = "{% for a in payload %}{% set long = 'x' * 10000000 %}{% endfor %}";
    let many = Event::new(json!(vec![0; 1000]));
    let template = Template::new(source).unwrap();
    let error = template.render(&many).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exceeded);
    let message = "it takes more than 50000000 steps";
    assert!(error.message().contains(message), "{error}");
}
