//! What is found before the start.

use compysition_flow::testing;

use crate::site::{registry, text};

fn wrong(yaml: &str) -> String {
    testing::actor(&registry(), yaml).err().unwrap().to_string()
}

#[test]
fn mistakes_are_told_at_check() {
    let cases = [
        (
            "exec: { command: [no-such-program] }",
            "there is no program `no-such-program`",
        ),
        (
            "exec: { command: [./no-such-program] }",
            "there is no program `",
        ),
        (
            "exec: { command: [/etc/passwd] }",
            "is no program, or may not be executed",
        ),
        ("exec: { command: [''] }", "there is no program ``"),
        ("exec: { command: [] }", "`command` is empty"),
        ("exec: {}", "command"),
        ("exec: { command: [cat, '{{ oops'] }", "{{ oops"),
        (
            "exec: { command: [cat, '{{ id }}'], mode: keep }",
            "no event yet",
        ),
        (
            "exec: { command: [cat], frame: line }",
            "`frame` is for `mode: keep`",
        ),
        (
            "exec: { command: [cat], restart: {} }",
            "`restart` is for `mode: keep`",
        ),
        (
            "exec: { command: [cat], mode: keep, exit_codes: { 3: timeout } }",
            "`exit_codes` is for `mode: each`",
        ),
        (
            "exec: { command: [cat], exit_codes: { 256: timeout } }",
            "`256` is no exit code",
        ),
        (
            "exec: { command: [cat], exit_codes: { 0: timeout } }",
            "`0` is no exit code",
        ),
        ("exec: { command: [cat], exit_codes: { 3: odd } }", "odd"),
        (
            "exec: { command: [cat], envelope: true, codec: json }",
            "`codec` is for payloads alone",
        ),
        ("exec: { command: [cat], timeout: 0s }", "over at once"),
        (
            "exec: { command: [cat], directory: /no/such }",
            "there is no directory `/no/such`",
        ),
        (
            "exec: { command: [cat], environment: { 'A=B': x } }",
            "`A=B` is no name of a variable",
        ),
        (
            "exec: { command: [cat], environment: { PATH: /nowhere } }",
            "there is no program `cat`",
        ),
        ("exec: { command: [cat], moode: keep }", "moode"),
    ];
    for (yaml, wanted) in cases {
        let error = wrong(yaml);
        assert!(error.contains(wanted), "{yaml}: {error}");
        assert!(error.contains("actor.yaml:1:"), "{error}");
    }
}

#[test]
fn the_manuals_example_is_right() {
    let yaml =
        r#"exec: { command: [sed, "s/{{ attributes.old | default('a') }}/b/"], timeout: 5s }"#;
    let mut harness = testing::plan(&registry(), yaml).real_time().start();
    assert_eq!(text(&mut harness, "abc"), "bbc");
    harness.stop();
}
