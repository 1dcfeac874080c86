//! What `compysition new` makes.

use std::path::Path;
use std::process::Command;

use crate::support::{Files, compysition};

#[test]
fn a_new_flow_runs_at_once() {
    let files = Files::new();
    let made = compysition(["new", "hello"])
        .current_dir(files.path())
        .output();
    assert!(made.unwrap().status.success());
    let directory = files.path().join("hello");
    let run = compysition(["run", "hello.yaml", "--set", "greeting=bye"])
        .current_dir(&directory)
        .output();
    let run = run.unwrap();
    assert!(run.status.success(), "{run:?}");
    assert_eq!(String::from_utf8(run.stdout).unwrap(), "BYE!\nBYE!\nBYE!\n");
    let test = compysition(["test", "."]).current_dir(&directory).output();
    let told = String::from_utf8(test.unwrap().stdout).unwrap();
    assert!(told.starts_with("2 tests of 1 flow: all passed"), "{told}");
    let fmt = compysition(["fmt", "--check", "hello.yaml", "hello.test.yaml"])
        .current_dir(&directory)
        .output();
    assert!(fmt.as_ref().unwrap().status.success(), "{fmt:?}");
    let readme = std::fs::read_to_string(directory.join("README.md")).unwrap();
    let manual = "`compysition actors http_server` shows the manual of one";
    assert!(readme.contains(manual), "{readme}");
}

#[test]
fn a_directory_without_tests_is_told_how_to_have_some() {
    let files = Files::new();
    files.write(
        "plain.yaml",
        "name: plain\nactors: { g: event_generator, o: stdout }\nconnect: [g -> o]\n",
    );
    let told = |more: &[&str]| {
        let mut command = compysition(["test", "."]);
        let output = command.args(more).current_dir(files.path()).output();
        String::from_utf8(output.unwrap().stderr).unwrap()
    };
    let none = told(&[]);
    assert!(
        none.contains("there are no tests: write `tests:`"),
        "{none}"
    );
    let none = told(&["--filter", "nix"]);
    assert!(none.contains("has `nix` in its name"), "{none}");
}

#[test]
fn what_is_no_checkout_is_refused_before_anything_is_made() {
    let files = Files::new();
    let made = compysition(["new", "--rust", "mine", "--checkout", "."])
        .current_dir(files.path())
        .output();
    let told = String::from_utf8(made.unwrap().stderr).unwrap();
    assert!(told.contains("`.` is no checkout of compysition"), "{told}");
    assert!(!files.path().join("mine").exists());
}

/// The crates are those of this checkout, at the versions of its lock file.
#[test]
fn a_new_project_builds_and_passes_its_tests() {
    let files = Files::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let made = compysition(["new", "my-project", "--rust", "--checkout"])
        .arg(here.join("../.."))
        .current_dir(files.path())
        .output();
    assert!(made.unwrap().status.success());
    let directory = files.path().join("my-project");
    let manifest = directory.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    // The directory of the test may be in a workspace.
    std::fs::write(&manifest, text + "\n[workspace]\n").unwrap();
    std::fs::copy(here.join("../../Cargo.lock"), directory.join("Cargo.lock")).unwrap();
    let tested = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--quiet"])
        .current_dir(&directory)
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("new_project"),
        )
        .output()
        .unwrap();
    assert!(
        tested.status.success(),
        "{}",
        String::from_utf8_lossy(&tested.stderr)
    );
    let said = String::from_utf8(tested.stdout).unwrap();
    assert!(said.contains("2 passed"), "{said}");
}
