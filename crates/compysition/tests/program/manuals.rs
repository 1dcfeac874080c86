//! What the manuals of actors show.

use compysition::Kind;

use crate::support::{Files, compysition, examples, root};

/// Kinds whose manual needs no example.
const PLAIN: &[&str] = &["discard"];

/// Returns the example in a manual: what stands in backticks after the word, also over two lines.
fn example(kind: &Kind) -> Option<String> {
    let schema = kind.schema();
    let manual = schema.get("description")?.as_str()?;
    let (_, example) = manual.split_once("Example: `")?;
    let (example, _) = example.rsplit_once('`')?;
    Some(example.replace('\n', " "))
}

#[test]
fn every_manual_has_an_example_that_is_right() {
    let files = Files::new();
    // What the examples name.
    files.copy(&examples().join("xml_gateway"));
    files.copy(&root().join("tests/flows/checked"));
    let stylesheet =
        "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'/>";
    files.write("order.xsl", stylesheet);

    for kind in compysition::registry().kinds() {
        let name = kind.name();
        let Some(example) = example(kind) else {
            assert!(PLAIN.contains(&name), "{name} has no example");
            continue;
        };
        let flow = format!(
            "actors:\n  it:\n    {example}\n  before: event_generator\nconnect: [before -> it]\n\
             namespaces: {{ s: \"http://schemas.xmlsoap.org/soap/envelope/\" }}\n"
        );
        let path = files.write("flow.yaml", &flow);
        let output = compysition(["check"]).arg(path).output().unwrap();
        // That its ports are not connected is said elsewhere.
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!errors.contains("flow.yaml:3:"), "{errors}");
        assert!(
            errors.is_empty() || errors.contains("flow.yaml:"),
            "{errors}"
        );
    }
}
