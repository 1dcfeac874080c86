//! Steps without a prefix are in the default namespace of the document.

use crate::support::harness;

#[test]
fn unprefixed_steps_take_the_default_namespace() {
    for document in ["<a xmlns='urn:x'><b>1</b></a>", "<a><b>1</b></a>"] {
        let mut harness = harness("set: { attributes.b: \"{{ xpath('/a/b') }}\" }");
        harness.send(document);
        assert_eq!(
            *harness.take()[0].attribute("b").unwrap(),
            "1",
            "{document}"
        );
    }
}
