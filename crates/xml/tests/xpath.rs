//! XPath on documents, with and without namespaces.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::collections::BTreeMap;

use compysition_xml::{Document, Value, XPath};

fn evaluate(expression: &str, document: &str) -> Value {
    let namespaces = BTreeMap::from([("x".to_owned(), "urn:x".to_owned())]);
    let document = Document::parse(document).unwrap();
    XPath::new(expression, &namespaces)
        .unwrap()
        .evaluate(&document)
        .unwrap()
}

fn nodes<const N: usize>(texts: [&str; N]) -> Value {
    Value::Nodes(texts.map(str::to_owned).to_vec())
}

#[test]
fn gives_every_type_of_value() {
    let document = "<a><b c='1'>x</b><b c='2'/><d><e>y</e></d><!--z--></a>";
    assert_eq!(evaluate("count(//b)", document), Value::Number(2.0));
    assert_eq!(evaluate("count(//b) = 2", document), Value::Boolean(true));
    assert_eq!(evaluate("string(/a/b)", document), Value::Text("x".into()));
    assert_eq!(evaluate("/a/b", document), nodes(["x", ""]));
    assert_eq!(evaluate("//@c", document), nodes(["1", "2"]));
    assert_eq!(evaluate("//d", document), nodes(["<d><e>y</e></d>"]));
    assert_eq!(
        evaluate("//comment() | //b[1]/text()", document),
        nodes(["x", "z"])
    );
    assert_eq!(evaluate("//nope", document), nodes([]));
    assert_eq!(evaluate("number('x')", document).to_text(), "NaN");
    assert_eq!(evaluate("1 div 0", document).to_text(), "Infinity");
    assert_eq!(evaluate("1.50", document).to_text(), "1.5");
    assert!(!evaluate("//nope", document).is_true());
}

#[test]
fn unprefixed_steps_take_the_default_namespace() {
    let document = "<a xmlns='urn:d' xmlns:y='urn:x'><b c='1'>x</b><y:b>z</y:b></a>";
    assert_eq!(evaluate("/a/b/@c", document), nodes(["1"]));
    assert_eq!(evaluate("/a/x:b", document), nodes(["z"]));
    assert_eq!(evaluate("/a[b = 'x']/x:b", document), nodes(["z"]));
}

#[test]
fn one_expression_serves_documents_with_and_without_namespaces() {
    let path = XPath::new("/a/b", &BTreeMap::new()).unwrap();
    for (document, text) in [
        ("<a><b>1</b></a>", "1"),
        ("<a xmlns='urn:1'><b>2</b></a>", "2"),
        ("<a xmlns='urn:2'><b>3</b></a>", "3"),
        ("<x:a xmlns:x='urn:2'><b>4</b></x:a>", ""),
        ("<a><b>5</b></a>", "5"),
    ] {
        let document = Document::parse(document).unwrap();
        assert_eq!(path.evaluate(&document).unwrap().to_text(), text);
    }
}

#[test]
fn markup_declares_the_namespaces_it_needs() {
    let document = "<a xmlns='urn:d' xmlns:y='urn:x'><b><y:c>1</y:c></b></a>";
    let Value::Nodes(found) = evaluate("/a/b", document) else {
        panic!()
    };
    assert_eq!(
        Document::parse(&found[0])
            .unwrap()
            .default_namespace()
            .as_deref(),
        Some("urn:d")
    );
}

#[test]
fn mistakes_are_errors_that_name_the_expression() {
    let none = BTreeMap::new();
    for expression in ["", "1 +", "a[", "///", "\0"] {
        assert!(
            !XPath::new(expression, &none)
                .unwrap_err()
                .message()
                .is_empty(),
            "{expression}"
        );
    }
    let document = Document::parse("<a/>").unwrap();
    for expression in ["nope()", "z:a", "$v", "count(1)"] {
        let error = XPath::new(expression, &none)
            .unwrap()
            .evaluate(&document)
            .unwrap_err();
        assert!(error.message().contains(expression), "{error}");
    }
}

#[test]
fn threads_may_share_an_expression() {
    let path = XPath::new("count(//b) + string-length(/a)", &BTreeMap::new()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for i in 1..200 {
                    let document = format!("<a>{}</a>", "<b>x</b>".repeat(i % 7));
                    let value = path.evaluate(&Document::parse(&document).unwrap()).unwrap();
                    assert_eq!(value, Value::Number((2 * (i % 7)) as f64));
                }
            });
        }
    });
}
