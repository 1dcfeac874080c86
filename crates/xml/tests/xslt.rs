//! The `xslt` actor between recorded ports.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use compysition_core::testing::Harness;
use compysition_core::{Actor, Built, ErrorKind, Event, Payload, Registry, Surroundings, Xml};
use compysition_expression::Template;
use compysition_xml::{Xslt, evaluate};
use serde_json::{Value, json};

fn sheet(body: &str) -> String {
    format!(
        r#"<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">{body}</xsl:stylesheet>"#
    )
}

const GREET: &str = r#"<xsl:param name="greeting" select="'hello'"/><xsl:output omit-xml-declaration="yes"/>
<xsl:template match="/"><b><xsl:value-of select="$greeting"/>, <xsl:value-of select="a"/></b></xsl:template>"#;

fn xslt(body: &str) -> Xslt {
    Xslt::inline(&sheet(body)).unwrap()
}

/// Sends one event to an actor; returns what came out, or the error.
fn run(actor: impl Actor, event: Event) -> Result<Event, Event> {
    let mut harness = Harness::new(actor);
    harness.send(event);
    let mut sent = harness.take();
    let mut errors = harness.errors();
    assert_eq!(sent.len() + errors.len(), 1);
    sent.pop().map_or_else(|| Err(errors.pop().unwrap()), Ok)
}

fn build(settings: Value) -> Result<Built, String> {
    let mut registry = Registry::new();
    compysition_xml::register(&mut registry);
    let kind = registry.get("transformer").unwrap();
    let mut settings = <dyn erased_serde::Deserializer>::erase(settings);
    kind.build(&mut settings).map_err(|error| error.to_string())
}

#[test]
fn transforms_what_the_event_carries_and_leaves_the_rest() {
    for payload in [
        Payload::from("<a>you</a>"),
        Payload::from(b"<a>you</a>".to_vec()),
        Payload::from(Xml::from_text("<a>you</a>")),
    ] {
        let event = Event::new(payload).with_attribute("kept", 1);
        let event = run(xslt(GREET), event).unwrap();
        assert_eq!(event.payload().kind(), "xml");
        assert_eq!(event.text().unwrap(), "<b>hello, you</b>\n");
        assert_eq!(event.attribute("kept").as_deref(), Some(&json!(1)));
        assert_eq!(event.attribute("content_type"), None);
    }
}

#[test]
fn parameters_are_passed() {
    let actor = xslt(GREET)
        .parameter("greeting", "it's \"you\"")
        .parameter("unknown", "x");
    let event = run(actor, Event::new("<a>you</a>")).unwrap();
    assert_eq!(event.text().unwrap(), "<b>it's \"you\", you</b>\n");
}

#[test]
fn parameters_may_be_templates() {
    let template: Template = "{{ attributes.greeting }}".parse().unwrap();
    let event = Event::new("<a>you</a>").with_attribute("greeting", "hail");
    let sent = run(xslt(GREET).parameter("greeting", template.clone()), event).unwrap();
    assert_eq!(sent.text().unwrap(), "<b>hail, you</b>\n");
    // What a template cannot make is no fault of the document.
    let sent = run(
        xslt(GREET).parameter("greeting", template),
        Event::new("<a/>"),
    )
    .unwrap_err();
    assert_eq!(sent.error().unwrap().error.kind(), ErrorKind::Unprocessable);
}

#[test]
fn the_output_decides_payload_and_content_type() {
    let made = |body: &str| {
        let event = Event::new("<a/>").with_attribute("content_type", "application/old");
        let event = run(xslt(body), event).unwrap();
        let content_type = event
            .attribute("content_type")
            .map(|value| value.into_owned());
        (event.payload().kind(), content_type)
    };
    assert_eq!(
        made(r#"<xsl:template match="/"><x/></xsl:template>"#),
        ("xml", None)
    );
    assert_eq!(
        made(r#"<xsl:template match="/"><html/></xsl:template>"#),
        ("text", Some(json!("text/html; charset=utf-8")))
    );
    assert_eq!(
        made(r#"<xsl:output method="text" media-type="text/csv"/>"#),
        ("text", Some(json!("text/csv; charset=utf-8")))
    );
    assert_eq!(
        made(
            r#"<xsl:output encoding="ISO-8859-1"/><xsl:template match="/"><x>é</x></xsl:template>"#
        ),
        ("bytes", Some(json!("application/xml; charset=iso-8859-1")))
    );
}

#[test]
fn a_broken_document_is_malformed_with_message_and_line() {
    let event = run(xslt(GREET), Event::new("<a>\n<b></a>")).unwrap_err();
    assert_eq!(event.text().unwrap(), "<a>\n<b></a>");
    let error = &event.error().unwrap().error;
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(error.detail("line"), Some(&json!(2)));
    assert!(
        error
            .message()
            .contains("Opening and ending tag mismatch: b line 2 and a"),
        "{error}"
    );
    for payload in [
        Payload::Empty,
        json!({"a": 1}).into(),
        "".into(),
        vec![0xff, 0xfe, 0x00].into(),
    ] {
        let event = run(xslt(GREET), Event::new(payload)).unwrap_err();
        assert_eq!(event.error().unwrap().error.kind(), ErrorKind::Malformed);
    }
}

#[test]
fn a_failing_stylesheet_is_malformed_with_its_own_message_and_line() {
    let body = "<xsl:template match='/'>\n<xsl:message terminate='yes'>no order</xsl:message></xsl:template>";
    let error = run(xslt(body), Event::new("<a/>")).unwrap_err();
    assert_eq!(error.error().unwrap().error.message(), "no order");
    let body = "<xsl:template match='/'>\n<xsl:value-of select='nope()'/></xsl:template>";
    let event = run(xslt(body), Event::new("<a/>")).unwrap_err();
    let error = &event.error().unwrap().error;
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(error.detail("line"), Some(&json!(2)));
    assert_eq!(error.detail("stylesheet"), Some(&json!("inline")));
}

#[test]
fn a_large_document_is_transformed_too() {
    let items = "<i>x</i>".repeat(20_000);
    let body =
        r#"<xsl:template match="/"><n><xsl:value-of select="count(//i)"/></n></xsl:template>"#;
    let event = run(
        xslt(body),
        Event::new(Xml::from_text(format!("<a>{items}</a>"))),
    )
    .unwrap();
    assert!(event.text().unwrap().ends_with("<n>20000</n>\n"));
    let event = run(xslt(body), Event::new(format!("<a>{items}"))).unwrap_err();
    assert_eq!(event.error().unwrap().error.kind(), ErrorKind::Malformed);
}

#[test]
fn the_next_transformation_takes_the_tree() {
    let first = run(xslt(GREET), Event::new("<a>you</a>")).unwrap();
    let Payload::Xml(xml) = first.payload() else {
        panic!()
    };
    assert!(xml.has_tree::<compysition_xml::Tree>());
    let second = xslt(
        r#"<xsl:strip-space elements="*"/><xsl:template match="/"><c><xsl:value-of select="b"/></c></xsl:template>"#,
    );
    let second = run(second, first.clone()).unwrap();
    assert!(second.text().unwrap().ends_with("<c>hello, you</c>\n"));
    assert_eq!(first.text().unwrap(), "<b>hello, you</b>\n");
}

#[test]
fn stripping_space_changes_no_other_copy() {
    let event = Event::new(Xml::from_text("<a> <b/> </a>"));
    let body = r#"<xsl:strip-space elements="*"/><xsl:template match="/"><n><xsl:value-of select="count(//text())"/></n></xsl:template>"#;
    let count = compysition_xml::XPath::new("count(//text())", &Default::default()).unwrap();
    assert_eq!(evaluate(&count, event.payload()).unwrap().to_text(), "2");
    assert!(
        run(xslt(body), event.clone())
            .unwrap()
            .text()
            .unwrap()
            .ends_with("<n>0</n>\n")
    );
    assert_eq!(evaluate(&count, event.payload()).unwrap().to_text(), "2");
}

#[test]
fn settings_come_from_files() {
    let directory = std::env::temp_dir().join(format!("compysition-xslt-{}", std::process::id()));
    std::fs::create_dir_all(directory.join("data")).unwrap();
    std::fs::write(directory.join("greet.xsl"), sheet(GREET)).unwrap();
    std::fs::write(directory.join("data/x.xml"), "<x>from the file</x>").unwrap();
    let surroundings = || Surroundings {
        base: directory.clone(),
        ..Surroundings::default()
    };
    let read = r#"<xsl:template match="/"><c><xsl:value-of select="document('data/x.xml')"/></c></xsl:template>"#;

    surroundings().enter(|| {
        let settings = json!({"stylesheet": "greet.xsl", "parameters": {"greeting": "good {{ attributes.time }}"}});
        let mut harness = Harness::new(build(settings).unwrap());
        harness.send(Event::new("<a>you</a>").with_attribute("time", "day"));
        assert_eq!(harness.take()[0].text().unwrap(), "<b>good day, you</b>\n");

        let settings = json!({"inline": sheet(read), "allow": ["data"]});
        let mut harness = Harness::new(build(settings).unwrap());
        harness.send("<a/>");
        assert!(harness.take()[0].text().unwrap().contains("from the file"));

        let mut harness = Harness::new(build(json!({"inline": sheet(read)})).unwrap());
        harness.send("<a/>");
        let message = harness.errors()[0]
            .error()
            .unwrap()
            .error
            .message()
            .to_owned();
        assert!(
            message.contains("outside the allowed directories"),
            "{message}"
        );
    });
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn mistakes_in_settings_are_found_at_load() {
    for (settings, expected) in [
        (json!({}), "either `stylesheet`"),
        (
            json!({"stylesheet": "a.xsl", "inline": "x"}),
            "either `stylesheet`",
        ),
        (
            json!({"stylesheet": "/nowhere/a.xsl"}),
            "`/nowhere/a.xsl` cannot be read",
        ),
        (json!({"inline": "<a"}), "line 1"),
        (
            json!({"inline": sheet("<xsl:template match='['/>")}),
            "line 1",
        ),
        (
            json!({"inline": sheet(""), "allow": ["/nowhere"]}),
            "`/nowhere` cannot be used",
        ),
        (
            json!({"inline": sheet(""), "paramters": {}}),
            "unknown field `paramters`",
        ),
    ] {
        let error = build(settings.clone()).map(|_| ()).unwrap_err();
        assert!(error.contains(expected), "{settings}: {error}");
    }
}

#[test]
fn the_manual_is_in_the_schema() {
    let mut registry = Registry::new();
    compysition_xml::register(&mut registry);
    let kind = registry.get("xslt").unwrap();
    assert_eq!(
        kind.summary(),
        "Transforms XML with an XSLT 1.0 stylesheet, EXSLT included."
    );
    let schema = kind.schema().to_value().to_string();
    assert!(schema.contains("max_operations"), "{schema}");
}
