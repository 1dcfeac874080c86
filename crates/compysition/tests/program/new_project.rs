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
}

/// The crates are those of this checkout, at the versions of its lock file.
#[test]
fn a_new_project_builds_and_passes_its_tests() {
    let files = Files::new();
    let made = compysition(["new", "my-project", "--rust"])
        .current_dir(files.path())
        .output();
    assert!(made.unwrap().status.success());
    let directory = files.path().join("my-project");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = directory.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let patch =
        format!("\n[workspace]\n\n[patch.crates-io]\ncompysition = {{ path = {here:?} }}\n");
    std::fs::write(&manifest, text + &patch).unwrap();
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
