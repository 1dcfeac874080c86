//! Flow files that are right, and what comes of them.
#![allow(clippy::unwrap_used)]

mod common;

use common::Directory;
use compysition_core::{Event, Outcome};
use compysition_flow::{Loader, testing};
use serde_json::json;

fn loader() -> Loader {
    Loader::new(common::registry()).environment(|name| match name {
        "PORT" => Some("8080".into()),
        "EMPTY" => Some(String::new()),
        "TOKEN" => Some("s3cret".into()),
        "NUMBER" => Some("12".into()),
        _ => None,
    })
}

/// Loads a flow whose actor `f` stands between a source and a sink, and returns the actor's settings as
/// they show in an event.
fn settings(loader: &Loader, form: &str, more: &str) -> Event {
    let text = format!(
        "{more}\nactors:\n  n: numbers\n  f: {{ form: {form} }}\n  s: sink\nconnect: [n -> f -> s]\n"
    );
    if let Err(error) = loader.load_text("dir/a.yaml", &text) {
        panic!("{error}");
    }
    let mut harness = testing::harness(&common::registry(), &format!("form: {form}"));
    harness.send("x");
    harness.take().remove(0)
}

#[test]
fn all_forms_of_settings_are_read() {
    let form =
        "{ url: u, mode: !!str slow, list: [1, 2], nested: { deep: -3 }, when: text == 'x' }";
    let event = settings(&loader(), form, "");
    assert_eq!(*event.attribute("mode").unwrap(), json!("Slow"));
    assert_eq!(*event.attribute("list").unwrap(), json!([1, 2]));
    assert_eq!(*event.attribute("deep").unwrap(), json!(-3));
    assert_eq!(*event.attribute("when").unwrap(), json!(true));
    let event = settings(&loader(), "{ url: \"\", mode: { every: 5 } }", "");
    assert_eq!(*event.attribute("mode").unwrap(), json!("Every(5)"));
}

#[test]
fn what_holds_for_all_kinds_can_stand_beside_each() {
    let text = "
defaults: { timeout: 30, retry: { attempts: 3 } }
actors:
  n: numbers
  f: { form: { url: u }, retry: { delay: 200ms, backoff: 1.5, on: [timeout] }, breaker: { open: 1m } }
  g: { form: { url: u }, retry: , breaker: , timeout: 1m30s }
  s: sink
connect: [n -> f -> g -> s]
";
    if let Err(error) = loader().load_text("dir/a.yaml", text) {
        panic!("{error}");
    }
}

#[test]
fn defaults_of_a_kind_can_be_written_in_three_ways() {
    for actor in [
        "sink",
        "{ sink: }",
        "{ sink: {} }",
        "{ \"null\": {} }",
        "\"null\"",
        "null",
        "{ null: }",
    ] {
        let text = format!("actors:\n  n: {{ numbers: }}\n  s: {actor}\nconnect:\n- n -> s\n");
        assert!(loader().load_text("a.yaml", &text).is_ok(), "{actor}");
    }
}

#[test]
fn the_grammar_of_connect() {
    let text = "\
actors: { n: numbers, m: numbers, a: pass, b: pass, e: sink, s: sink }
errors: e
connect:
  - n, m -> a, b -> s
  - a.extra -> s.more
  - a.error.timeout, a.error -> b.problems
  - b.error -> reply
  - b -> reply
";
    if let Err(error) = loader().load_text("a.yaml", text) {
        panic!("{error}");
    }
}

#[test]
fn references_keep_their_type() {
    let more =
        "settings: { count: 5, all: { count: \"${count}\", text: hi }, base: \"h:${PORT}\" }";
    for numbers in [
        "{ count: \"${count}\" }",
        "{ count: \"${PORT}\" }",
        "{ count: \"${none:-7}\" }",
        "{ count: \"${EMPTY:-7}\" }",
        "{ count: \"1${count}\" }",
        "\"${all}\"",
        "{ text: \"${base}/${none:-x${count}} $${raw}\" }",
        "{ text: \"${PORT}\" }",
        "{ text: 5 }",
        "{ count: \"${secret:NUMBER}\" }",
    ] {
        let text = format!(
            "{more}\nactors: {{ n: {{ numbers: {numbers} }}, s: sink }}\nconnect: [n -> s]\n"
        );
        if let Err(error) = loader().load_text("a.yaml", &text) {
            panic!("{numbers}: {error}");
        }
    }
    let text = "settings: { count: }\nactors: { n: { numbers: { count: \"${count}\" } }, s: sink }\nconnect: [n -> s]\n";
    assert!(loader().load_text("a.yaml", text).is_err());
    assert!(loader().set("count", "3").load_text("a.yaml", text).is_ok());
    let unused = loader()
        .set("count", "3")
        .set("cuont", "3")
        .load_text("a.yaml", text)
        .unwrap_err();
    assert!(
        unused.to_string().contains("`cuont` does nothing"),
        "{unused}"
    );
}

#[test]
fn secrets_are_never_shown() {
    for settings in [
        "{ count: \"${secret:TOKEN}\" }",
        "{ count: \"a${secret:TOKEN}\" }",
    ] {
        let text = format!("actors: {{ n: {{ numbers: {settings} }} }}\n");
        let error = loader().load_text("a.yaml", &text).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert!(error.to_string().contains("found a secret"), "{error}");
    }
    let text = "actors: { p: { picky: { word: \"${secret:TOKEN}\" } } }\n";
    let error = loader().load_text("a.yaml", text).unwrap_err();
    assert!(
        error.to_string().contains("the word `***` is not good"),
        "{error}"
    );
}

#[test]
fn files_include_files() {
    let directory = Directory::new("include");
    directory.write(
        "parts/common.yaml",
        "include: more.yaml\nsettings: { a: 1, b: x }\n",
    );
    directory.write(
        "parts/more.yaml",
        "settings: { b: 2 }\ndefaults: { numbers: { count: \"${b}\" } }\n",
    );
    directory.write("word.txt", "hello\n");
    let flow = directory.write(
        "a.yaml",
        "include: [parts/common.yaml]\nsettings: { b: 3 }\nactors: { n: { numbers: { text: \"${a}${file:word.txt}\" } }, s: sink }\nconnect: [n -> s]\n",
    );
    let flows = loader().load(&flow).unwrap();
    assert_eq!(flows[0].name(), "a");
    directory.write("parts/more.yaml", "include: common.yaml\nsetings: {}\n");
    let error = loader().load(&flow).unwrap_err();
    let lines: Vec<_> = error.iter().map(|one| one.message().to_owned()).collect();
    let (common, more) = ("parts/common.yaml", "parts/more.yaml");
    let chain = ["a.yaml", common, more, common].map(|name| directory.0.join(name));
    let chain = chain.map(|path| path.display().to_string()).join(" -> ");
    assert_eq!(
        lines,
        [
            format!("files include each other without end: {chain}"),
            "unknown key `setings`".to_owned()
        ]
    );
    assert!(
        error
            .iter()
            .all(|one| one.path().unwrap().ends_with("parts/more.yaml")),
        "{error}"
    );
}

#[tokio::test]
async fn a_loaded_flow_runs() {
    let text = "\
name: small
actors:
  n: { numbers: { count: 3, text: \"no {{ attributes.number }}\" } }
  s: sink
connect:
  - n -> s
---
name: second
actors: { n: numbers, s: sink }
connect: [n -> s]
";
    let mut flows = loader().load_text("a.yaml", text).unwrap();
    assert_eq!(flows.len(), 2);
    assert_eq!(flows[1].name(), "second");
    let flow = flows.swap_remove(0).start().await.unwrap();
    assert_eq!(flow.name(), "small");
    flow.block().await;
    assert!(flow.stop().await.is_clean());
}

#[test]
fn a_harness_is_built_from_yaml() {
    let mut harness = testing::harness(&common::registry(), "pass");
    assert!(matches!(harness.send("x"), Some(Outcome::Delivered)));
    assert_eq!(harness.take().len(), 1);
    let error = testing::actor(&common::registry(), "pass: { x: 1 }").unwrap_err();
    assert!(error.to_string().contains("actor.yaml:1:9"), "{error}");
}

#[test]
fn bombs_are_bounded() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        text += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    let error = loader().load_text("a.yaml", &text).unwrap_err();
    assert!(
        error.to_string().contains("more than 100000 values"),
        "{error}"
    );

    let mut text = String::from("settings:\n  s0: xxxxxxxxxxxxxxxx\n");
    for level in 1..12 {
        let eight = format!("${{s{}}}", level - 1).repeat(8);
        text += &format!("  s{level}: \"{eight}\"\n");
    }
    text += "actors: { s: { sink: { prefix: \"${s11}\" } } }\n";
    let error = loader().load_text("a.yaml", &text).unwrap_err();
    assert!(
        error.to_string().contains("grow without end"),
        "{}",
        error.to_string().len()
    );

    for open in ["[", "{a: ", "- "] {
        let deep = open.repeat(100_000);
        assert!(loader().load_text("a.yaml", &deep).is_err());
    }
}
