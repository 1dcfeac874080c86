//! The `xsd` actor between recorded ports, and the schemas that it is made of.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use common::{build, run};
use compysition_core::testing::Harness;
use compysition_core::{Built, ErrorKind, Event, Payload, Surroundings, Xml};
use compysition_xml::{Document, Schema, Tree, XPath, Xsd};
use serde_json::{Value, json};

const COUNTS: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="count" type="xs:int"/>
<xs:element name="counts"><xs:complexType><xs:sequence>
<xs:element ref="count" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
</xs:schema>"#;

fn counts() -> Xsd {
    Xsd::inline(COUNTS).unwrap()
}

/// A directory of schemas that refer to each other; removed at the end.
struct Schemas(PathBuf);

impl Schemas {
    fn new(name: &str, files: &[(&str, &str)]) -> Schemas {
        let directory =
            std::env::temp_dir().join(format!("compysition-xsd-{name}-{}", std::process::id()));
        for (file, text) in files {
            let path = directory.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Schemas(directory)
    }

    fn build(&self, settings: Value) -> Result<Built, String> {
        let surroundings = Surroundings {
            base: self.0.clone(),
            namespaces: Arc::new(BTreeMap::from([("c".to_owned(), "urn:c".to_owned())])),
        };
        surroundings.enter(|| build("xsd", settings))
    }
}

impl Drop for Schemas {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_is_right_goes_on_with_its_tree() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><count>7<!-- \xe9 --></count>";
    for payload in [
        Payload::from("<count>7</count>"),
        latin.to_vec().into(),
        Xml::from_text("<count>7</count>").into(),
    ] {
        let event = run(counts(), Event::new(payload).with_attribute("kept", 1)).unwrap();
        let Payload::Xml(xml) = event.payload() else {
            panic!("{event:?}")
        };
        assert!(xml.has_tree::<Tree>());
        assert!(xml.text().unwrap().contains("<count>7"));
        assert_eq!(event.attribute("kept").as_deref(), Some(&json!(1)));
    }
    let large = format!("<counts>{}</counts>", "<count>1</count>\n".repeat(10_000));
    assert!(run(counts(), large).is_ok());
}

#[test]
fn all_faults_are_told_with_their_lines() {
    let error = run(
        counts(),
        "<counts>\n<count>x</count>\n<count>1</count>\n<count>y</count>\n</counts>",
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    let fault = |text: &str| {
        format!("Element 'count': '{text}' is not a valid value of the atomic type 'xs:int'.")
    };
    assert_eq!(
        error.message(),
        format!("line 2: {} (and 1 more)", fault("x").trim_end_matches('.'))
    );
    let violations =
        json!([{"line": 2, "message": fault("x")}, {"line": 4, "message": fault("y")}]);
    assert_eq!(error.detail("violations"), Some(&violations));
    assert_eq!(error.detail("line"), Some(&json!(2)));
}

#[test]
fn what_is_no_xml_is_malformed() {
    for actor in [counts(), Xsd::well_formed()] {
        for payload in [
            Payload::Empty,
            json!(1).into(),
            "<a>\n</b>".into(),
            vec![0xff].into(),
        ] {
            assert_eq!(
                run(actor.clone(), payload).unwrap_err().kind(),
                ErrorKind::Malformed
            );
        }
    }
    let error = run(Xsd::well_formed(), "<a>\n</b>").unwrap_err();
    assert_eq!(error.detail("line"), Some(&json!(2)));
    assert!(run(Xsd::well_formed(), "<anything/>").is_ok());
    assert!(run(counts(), "<anything/>").is_err());
}

#[test]
fn a_part_is_selected() {
    let path = |path: &str| XPath::new(path, &BTreeMap::new()).unwrap();
    let body = "<envelope>\n<head>x</head>\n<body>\n<count>1</count>\n<count>x</count>\n</body></envelope>";
    assert!(run(counts().select(path("//count[1]")), body).is_ok());
    let error = run(counts().select(path("/envelope/body/*")), body).unwrap_err();
    assert_eq!(error.detail("line"), Some(&json!(5)));
    for nothing in ["//none", "count(//count)", "//count/text()"] {
        let error = run(counts().select(path(nothing)), body).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert_eq!(
            error.message(),
            format!("`{nothing}` leads to no element in the document")
        );
    }
}

#[test]
fn hints_in_a_document_load_nothing() {
    let schemas = Schemas::new(
        "hints",
        &[(
            "lax.xsd",
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='lax'/></xs:schema>",
        )],
    );
    let location = schemas.0.join("lax.xsd");
    let document = format!(
        "<lax xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:noNamespaceSchemaLocation='{}'/>",
        location.display()
    );
    let error = run(counts(), document).unwrap_err();
    assert!(
        error.message().contains("No matching global declaration"),
        "{error}"
    );
}

#[test]
fn schemas_of_several_files_are_read() {
    let schemas = Schemas::new(
        "several",
        &[
            (
                "main.xsd",
                "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:c='urn:c'><xs:include schemaLocation='parts/part.xsd'/><xs:import namespace='urn:c' schemaLocation='c.xsd'/><xs:element name='all'><xs:complexType><xs:sequence><xs:element ref='part'/><xs:element ref='c:count'/></xs:sequence></xs:complexType></xs:element></xs:schema>",
            ),
            (
                "parts/part.xsd",
                "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='part' type='xs:int'/></xs:schema>",
            ),
            (
                "c.xsd",
                "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:c'><xs:element name='count' type='xs:int'/></xs:schema>",
            ),
            (
                "sub/above.xsd",
                "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='../parts/part.xsd'/></xs:schema>",
            ),
            (
                "broken.xsd",
                "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='bad.xsd'/></xs:schema>",
            ),
            (
                "bad.xsd",
                "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>\n\n<xs:element name='a' type='nope'/></xs:schema>",
            ),
            ("torn.xsd", "<xs:schema\n<"),
            (
                "far.xsd",
                "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:import namespace='u' schemaLocation='http://127.0.0.1:1/x.xsd'/></xs:schema>",
            ),
            (
                "missing.xsd",
                "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:import namespace='u' schemaLocation='none.xsd'/></xs:schema>",
            ),
        ],
    );
    let mut harness = Harness::new(schemas.build(json!({"schema": "main.xsd"})).unwrap());
    harness.send("<all><part>1</part><c:count xmlns:c='urn:c'>2</c:count></all>");
    assert_eq!(harness.take().len(), 1);
    harness.send("<all><part>1</part><c:count xmlns:c='urn:c'>x</c:count></all>");
    assert_eq!(harness.errors().len(), 1);
    // The flow's prefixes are those of `select`.
    let mut harness = Harness::new(
        schemas
            .build(json!({"schema": "c.xsd", "select": "//c:count"}))
            .unwrap(),
    );
    harness.send("<any><x:count xmlns:x='urn:c'>x</x:count></any>");
    assert_eq!(harness.errors().len(), 1);

    assert!(
        schemas
            .build(json!({"schema": "sub/above.xsd", "allow": ["."]}))
            .is_ok()
    );
    let inline = json!({"inline": "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='parts/part.xsd'/></xs:schema>"});
    assert!(schemas.build(inline.clone()).is_err());
    let mut allowed = inline;
    allowed["allow"] = json!(["parts"]);
    assert!(schemas.build(allowed).is_ok());

    for (file, expected) in [
        ("sub/above.xsd", "outside the allowed directories, `"),
        ("broken.xsd", "bad.xsd, line 3: "),
        ("torn.xsd", "torn.xsd, line 2, column 1: "),
        ("far.xsd", "`http://127.0.0.1:1/x.xsd` is not read"),
        ("missing.xsd", "none.xsd` is not read"),
        ("nowhere.xsd", "nowhere.xsd` cannot be read"),
    ] {
        let error = schemas
            .build(json!({"schema": file}))
            .map(drop)
            .unwrap_err();
        assert!(error.contains(expected), "{file}: {error}");
    }
}

#[test]
fn mistakes_are_found_at_load() {
    for (settings, expected) in [
        (
            json!({"schema": "a.xsd", "inline": "x"}),
            "give either `schema`",
        ),
        (json!({"select": "/a"}), "`select` needs a `schema`"),
        (json!({"inline": COUNTS, "select": "/a["}), "`/a[`"),
        (json!({"inline": "<a/>"}), "is not a schema document"),
        (
            json!({"inline": COUNTS, "schemas": 1}),
            "unknown field `schemas`",
        ),
    ] {
        let error = build("xsd", settings.clone()).map(drop).unwrap_err();
        assert!(error.contains(expected), "{settings}: {error}");
    }
    assert!(build("xsd", json!({})).is_ok());
}

#[test]
fn threads_share_a_schema() {
    let schema = Schema::from_text(COUNTS).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let schema = schema.clone();
            scope.spawn(move || {
                for n in 0..500 {
                    let wrong = (n + thread) % 5;
                    let text = format!(
                        "<counts>{}<count>1</count></counts>",
                        "<count>x</count>".repeat(wrong)
                    );
                    let faults = schema
                        .validate(&Document::parse(&text).unwrap(), None)
                        .unwrap();
                    assert_eq!(faults.len(), wrong);
                }
            });
        }
    });
}
