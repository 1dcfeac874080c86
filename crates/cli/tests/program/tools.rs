//! The commands around flow files: formats of `check`, `fmt`, `schema`, `new`, `completions`, `man`.

use serde_json::Value;

use crate::process::Files;

const BAD: &str = "\
name: wrong
actors:
  numbers: { cuont: { to: 3 } }
  out: print
connect:
  - numbers -> out
";

const GOOD: &str = "\
name: numbers
actors:
  numbers: { count: { to: 3 } }
  out: print
connect: [numbers->out]
";

pub(crate) fn check_writes_json() {
    let files = Files::new(&[("bad.yaml", BAD), ("good.yaml", GOOD)]);
    let ended = files.run(&["check", "--format", "json", "bad.yaml", "good.yaml"]);
    assert_eq!((ended.code, &*ended.stderr), (Some(1), ""));
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["errors"], 1);
    let found = &report["diagnostics"][0];
    assert_eq!(found["severity"], "error");
    assert_eq!(found["message"], "unknown kind of actor `cuont`");
    assert_eq!(found["help"], "did you mean `count`?");
    assert_eq!(found["path"], "bad.yaml");
    assert_eq!(found["notes"], Value::Array(Vec::new()));
    let place = ["line", "column", "end_column"].map(|key| found[key].as_u64());
    assert_eq!(place, [Some(3), Some(14), Some(19)]);

    let ended = files.run(&["check", "--format", "json", "good.yaml"]);
    assert_eq!(ended.code, Some(0));
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["flows"][0], "numbers");
    assert_eq!(report["diagnostics"], Value::Array(Vec::new()));
}

pub(crate) fn check_writes_sarif() {
    let files = Files::new(&[("bad flow.yaml", BAD)]);
    let ended = files.run(&["check", "--format", "sarif", "bad flow.yaml", "absent.yaml"]);
    assert_eq!((ended.code, &*ended.stderr), (Some(1), ""));
    let log: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "compysition");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2, "{results:?}");
    let placed = results
        .iter()
        .find(|one| one["locations"][0].is_object())
        .unwrap();
    let place = &placed["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "bad%20flow.yaml");
    assert_eq!(place["region"]["startLine"], 3);
    assert_eq!(place["region"]["startColumn"], 14);
    assert_eq!(place["region"]["endColumn"], 19);
    for result in results {
        assert_eq!(result["level"], "error");
        assert!(result["message"]["text"].is_string(), "{result}");
    }
}

pub(crate) fn fmt_changes_what_is_uneven_and_leaves_what_it_cannot_keep() {
    let anchored = "actors: { a: &x print, b: *x }\n";
    let files = Files::new(&[("good.yaml", GOOD), ("anchored.yaml", anchored)]);
    let read = |name: &str| std::fs::read_to_string(files.directory().join(name)).unwrap();
    let ended = files.run(&["fmt", "--check", "good.yaml"]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stdout, "would change: good.yaml\n");
    assert_eq!(read("good.yaml"), GOOD);

    let ended = files.run(&["fmt", "good.yaml", "anchored.yaml"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("an anchor or a tag (line 1)"),
        "{ended:?}"
    );
    assert_eq!(read("anchored.yaml"), anchored);
    let even = GOOD
        .replace("out: print", "out:     print")
        .replace("->", " -> ");
    assert_eq!(read("good.yaml"), even);

    let ended = files.run(&["fmt", "--check", "good.yaml"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(0), ""));
}

pub(crate) fn the_schema_knows_actors_of_ones_own() {
    let ended = Files::new(&[]).run(&["schema"]);
    assert_eq!(ended.code, Some(0));
    let schema: Value = serde_json::from_str(&ended.stdout).unwrap();
    let actor = &schema["definitions"]["actor"]["anyOf"][1]["properties"];
    assert_eq!(actor["count"]["description"], "Makes numbered events.");
    assert_eq!(actor["echo"]["deprecated"], true);
    assert!(actor["timeout"]["description"].is_string(), "{actor}");
}

pub(crate) fn a_new_flow_runs_at_once() {
    let files = Files::new(&[]);
    let ended = files.run(&["new", "first-flow"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let made = files.directory().join("first-flow");
    for file in ["first-flow.yaml", "README.md", ".gitignore"] {
        let text = std::fs::read_to_string(made.join(file)).unwrap();
        assert!(!text.contains("NAME.yaml"), "{file}: {text}");
    }
    // This program does not know the actors; the whole one runs it in its own tests.
    let ended = files.run(&["fmt", "--check", "first-flow/first-flow.yaml"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = files.run(&["new", "first_project", "--rust"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let main = files.directory().join("first_project/src/main.rs");
    let main = std::fs::read_to_string(main).unwrap();
    assert!(main.contains("first_project::registry()"), "{main}");
    let ended = files.run(&["fmt", "--check", "first_project/first_project.yaml"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

pub(crate) fn new_overwrites_nothing_and_checks_the_name() {
    let files = Files::new(&[("taken", "mine")]);
    let ended = files.run(&["new", "taken"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("is there already"), "{ended:?}");
    let kept = std::fs::read_to_string(files.directory().join("taken")).unwrap();
    assert_eq!(kept, "mine");
    let ended = files.run(&["new", "../outside"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("cannot be a name"), "{ended:?}");
}

pub(crate) fn shells_and_man_know_the_command_line() {
    let files = Files::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = files.run(&["completions", shell]);
        assert_eq!(ended.code, Some(0), "{shell}");
        for word in ["check", "schema", "--format"] {
            assert!(
                ended.stdout.contains(word.trim_start_matches("--")),
                "{shell}: {word}"
            );
        }
        // A kind of actor and its old name; other scripts have no values of arguments without a name.
        if ["bash", "zsh"].contains(&shell) {
            assert!(
                ended.stdout.contains("count") && ended.stdout.contains("echo"),
                "{shell}"
            );
        }
    }
    let ended = files.run(&["man"]);
    assert_eq!(ended.code, Some(0));
    for part in [".TH", "COMMAND check", "sarif"] {
        assert!(ended.stdout.contains(part), "{part}");
    }
}
