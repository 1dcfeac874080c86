//! `xpath()` in templates and expressions.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::collections::BTreeMap;
use std::sync::Arc;

use compysition_core::{ErrorKind, Event, Payload, Result, Surroundings, Xml};
use compysition_expression::{Expression, Functions, Template};
use serde_json::{Value, json};

fn compile<T>(compile: impl FnOnce() -> Result<T>) -> Result<T> {
    let namespaces = Arc::new(BTreeMap::from([("x".to_owned(), "urn:x".to_owned())]));
    let surroundings = Surroundings {
        namespaces,
        ..Surroundings::default()
    };
    let functions = compysition_xml::add_functions(Functions::default());
    surroundings.enter(|| functions.enter(compile))
}

fn evaluate(source: &str, payload: impl Into<Payload>) -> Result<Value> {
    compile(|| source.parse::<Expression>())?.evaluate(&Event::new(payload))
}

#[test]
fn xpath_gives_values_texts_and_lists() {
    let xml =
        || Xml::from_text("<o xmlns:y='urn:x'><i n='2'>a</i><i n='3'>b</i><y:z><q/>1</y:z></o>");
    for (source, value) in [
        ("xpath('/o/i[1]')", json!("a")),
        ("xpath('/o/i')", json!(["a", "b"])),
        ("xpath('sum(//@n)')", json!(5)),
        ("xpath('sum(//@n) div 2')", json!(2.5)),
        ("xpath('count(//i) > 1')", json!(true)),
        ("xpath('string(//x:z)')", json!("1")),
        ("xpath('//nope') is defined", json!(false)),
        ("xpath('//nope') | default('none')", json!("none")),
    ] {
        assert_eq!(evaluate(source, xml()).unwrap(), value, "{source}");
    }
    let template = compile(|| "{{ xpath('/o/i[2]') }}!".parse::<Template>()).unwrap();
    assert_eq!(template.render(&Event::new(xml())).unwrap(), "b!");
    assert_eq!(
        template.render(&Event::new("<o><i/><i>t</i></o>")).unwrap(),
        "t!"
    );
}

#[test]
fn mistakes_are_found_when_the_expression_is_compiled() {
    let error = compile(|| "xpath('/o[')".parse::<Expression>()).unwrap_err();
    assert!(error.message().contains("/o["), "{error}");
    assert_eq!(
        evaluate("xpath('/o')", "<o>").unwrap_err().kind(),
        ErrorKind::Malformed
    );
    assert!(evaluate("xpath('z:o')", "<o/>").is_err());
}
