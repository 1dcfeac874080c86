//! What the guide says about testing holds: its files are tested, and a broken flow is told as it shows.

use crate::support::{Files, compysition, root};

/// Writes the files that the page shows, each of which begins with its name.
fn shown(page: &str) -> Files {
    let files = Files::new();
    for block in page.split("```yaml\n# ").skip(1) {
        let (text, _) = block.split_once("```\n").unwrap();
        let (name, text) = text.split_once('\n').unwrap();
        files.write(name, &format!("# {name}\n{text}"));
    }
    files
}

fn test(files: &Files, args: &[&str]) -> (bool, String) {
    let mut command = compysition(["test"].into_iter().chain(args.iter().copied()));
    let output = command.current_dir(files.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

#[test]
fn the_files_of_the_guide_pass_and_a_broken_flow_is_told_as_shown() {
    let page = std::fs::read_to_string(root().join("docs/guide/testing.md")).unwrap();
    let files = shown(&page);
    let (passed, text) = test(&files, &["orders.yaml"]);
    assert!(passed, "{text}");
    assert!(text.contains("3 tests of 1 flow: all passed"), "{text}");
    let (passed, text) = test(&files, &["letters.yaml"]);
    assert!(passed, "{text}");

    let flow = std::fs::read_to_string(files.path().join("orders.yaml")).unwrap();
    let broken = flow.replace(
        "payload.price.eur * payload.count",
        "payload.price.eur + payload.count",
    );
    assert_ne!(broken, flow);
    files.write("orders.yaml", &broken);
    let (passed, text) = test(&files, &["orders.yaml"]);
    assert!(!passed);
    let (_, told) = page.split_once("```text\n").unwrap();
    let (told, _) = told.split_once("```\n").unwrap();
    assert!(text.starts_with(told), "{text}");
}
