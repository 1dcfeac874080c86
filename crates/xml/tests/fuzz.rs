//! Damaged documents, expressions and stylesheets: each is read or refused with a reason, soon, and nothing of it is kept.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::build;
use compysition_core::testing::{Dice, Harness, within};
use compysition_xml::{Document, Schema, Stylesheet, XPath};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(60);
const GROWTH: usize = 48 << 20;

const DOCUMENT: &str = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY e 'x'>]><a xmlns:p='u' b='1'>x<p:c>&e;</p:c><c>7</c><![CDATA[d]]><!-- e --></a>";

const MARKUP: [&str; 18] = [
    "<",
    ">",
    "&",
    ";",
    "'",
    "\"",
    "/",
    "<a>",
    "</a>",
    "<!",
    "]]>",
    "--",
    "?>",
    "&e;",
    "&#x",
    "<!ENTITY e '&e;'>",
    "SYSTEM 'file:///etc/passwd'",
    "\u{0}",
];

const SCHEMA: &str = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='a'><xs:complexType mixed='true'><xs:sequence><xs:any namespace='##other' processContents='skip' minOccurs='0'/><xs:element name='c' type='xs:int' minOccurs='0'/></xs:sequence><xs:attribute name='b' type='xs:int'/></xs:complexType></xs:element></xs:schema>";

const SHEET: &str = "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'><xsl:template match='/'><o a='{count(//*)}'><xsl:for-each select='//c'><xsl:sort/><xsl:value-of select='.'/></xsl:for-each></o></xsl:template></xsl:stylesheet>";

#[test]
fn any_document_is_read_or_refused() {
    const ROUNDS: usize = 100_000;
    let schema = Schema::from_text(SCHEMA).unwrap();
    let sheet = Stylesheet::from_text(SHEET).unwrap();
    let paths = ["//c[. > 3]/text()", "count(//@*)", "string(/a/*[2])"];
    let paths = paths.map(|path| XPath::new(path, &BTreeMap::new()).unwrap());
    let mut dice = Dice::new(23);
    let (good, bad) = within(PATIENCE, GROWTH, || {
        let (mut good, mut bad) = (0, 0);
        for _ in 0..ROUNDS {
            let mut document = DOCUMENT.as_bytes().to_vec();
            dice.damage(&mut document, &MARKUP);
            match Document::from_bytes(&document) {
                Ok(mut document) => {
                    good += 1;
                    for fault in schema.validate(&document, None).unwrap() {
                        assert!(!fault.message().is_empty());
                    }
                    paths[dice.roll(paths.len())].evaluate(&document).unwrap();
                    sheet.transform(&mut document, &[]).unwrap();
                }
                Err(error) => {
                    bad += 1;
                    assert!(!error.message().is_empty());
                }
            }
        }
        (good, bad)
    });
    assert!(good > 1000 && bad > 1000, "{good} good, {bad} bad");
}

#[test]
fn any_payload_passes_the_actors_or_is_an_error_event() {
    const ROUNDS: usize = 5_000;
    within(PATIENCE, GROWTH, || {
        for (kind, settings) in [
            ("xsd", json!({ "inline": SCHEMA })),
            ("xslt", json!({ "inline": SHEET })),
            ("soap_unwrap", json!({})),
        ] {
            let mut harness = Harness::new(build(kind, settings).unwrap());
            let mut dice = Dice::new(29);
            let mut seen = 0;
            for _ in 0..ROUNDS {
                let mut document = DOCUMENT.as_bytes().to_vec();
                dice.damage(&mut document, &MARKUP);
                harness.send(document);
                seen += harness.take().len() + harness.errors().len();
            }
            assert!(seen >= ROUNDS, "{kind}: {seen}");
        }
    });
}

#[test]
fn any_expression_and_stylesheet_is_compiled_or_refused() {
    const ROUNDS: usize = 20_000;
    let words = [
        "/",
        "//",
        "a",
        "*",
        "@b",
        "[",
        "]",
        "(",
        ")",
        "'",
        "\"",
        "1",
        " or ",
        "=",
        "+",
        "|",
        "..",
        "::",
        "count(",
        "text()",
        "ancestor::",
        "$v",
        "p:",
        ",",
    ];
    let document = Document::parse("<a b='1'><c>x</c></a>").unwrap();
    let mut dice = Dice::new(31);
    within(PATIENCE, GROWTH, || {
        let (mut good, mut bad) = (0, 0);
        for _ in 0..ROUNDS {
            let expression = dice.text(&words, 10);
            let expression = String::from_utf8_lossy(&expression);
            match XPath::new(&expression, &BTreeMap::new()) {
                Ok(path) => {
                    good += 1;
                    let _ = path.evaluate(&document);
                }
                Err(error) => {
                    bad += 1;
                    assert!(!error.message().is_empty(), "{expression}");
                }
            }
        }
        assert!(good > 100 && bad > 100, "{good} good, {bad} bad");
        for text in [SHEET, SCHEMA] {
            for _ in 0..ROUNDS / 4 {
                let mut damaged = text.as_bytes().to_vec();
                dice.damage(&mut damaged, &words);
                let damaged = String::from_utf8_lossy(&damaged);
                if let Err(error) = Stylesheet::from_text(&damaged) {
                    assert!(!error.message().is_empty());
                }
                if let Err(error) = Schema::from_text(&damaged) {
                    assert!(!error.message().is_empty());
                }
            }
        }
    });
}
