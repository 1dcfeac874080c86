//! JSON becomes XML and comes back.

use crate::support::harness;

fn through(actor: &str, text: &str) -> String {
    let mut harness = harness(actor);
    harness.send(text);
    let event = harness.take().remove(0);
    let text = event.text().unwrap();
    let declared = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    declared.unwrap_or(text).to_owned()
}

#[test]
fn what_has_no_root_of_its_own_gets_one_and_loses_it_again() {
    for (json, inner) in [
        (
            r#"["a","b"]"#,
            "<jsonified_envelope>a</jsonified_envelope><jsonified_envelope>b</jsonified_envelope>",
        ),
        (r#"{"a":"1","b":"2"}"#, "<a>1</a><b>2</b>"),
        (r#"{"a":["1","2"]}"#, "<a>1</a><a>2</a>"),
    ] {
        let xml = format!("<jsonified_envelope>{inner}</jsonified_envelope>");
        assert_eq!(through("json_to_xml", json), xml);
        assert_eq!(through("xml_to_json", &xml), json);
    }
    assert_eq!(
        through("json_to_xml", r#"{"a":{"b":"1"}}"#),
        "<a><b>1</b></a>"
    );
}

#[test]
fn a_text_that_is_xml_is_embedded() {
    let made = through("json_to_xml", r#"{"a":"<b>1</b>"}"#);
    assert_eq!(made, "<a><b>1</b></a>");
}

#[test]
fn nothing_is_an_empty_root_and_an_empty_object() {
    for (actor, made) in [("json_to_xml", "<root/>"), ("xml_to_json", "{}")] {
        let mut harness = harness(actor);
        harness.send(compysition::Payload::Empty);
        let event = harness.take().remove(0);
        assert!(event.text().unwrap().ends_with(made), "{event:?}");
    }
    assert!(through("json_to_xml", "null").ends_with("<root/>"));
}
