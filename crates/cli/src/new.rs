//! The command `new`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::output;

/// A file of a template, and what is in it; `NAME` and `CRATE` stand for the names, `SOURCE` for where the crate
/// `compysition` comes from.
type File = (&'static str, &'static str);

const FLOW: &[File] = &[
    ("NAME.yaml", include_str!("new/flow.yaml")),
    ("NAME.test.yaml", include_str!("new/flow.test.yaml")),
    ("README.md", include_str!("new/flow.md")),
    (".gitignore", "/dead.jsonl*\n"),
];

const RUST: &[File] = &[
    ("NAME.yaml", include_str!("new/rust.yaml")),
    ("README.md", include_str!("new/rust.md")),
    (".gitignore", "/target\n"),
    ("Cargo.toml", include_str!("new/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("new/lib.rs.txt")),
    ("src/main.rs", include_str!("new/main.rs.txt")),
    ("src/greet.rs", include_str!("new/greet.rs.txt")),
    ("tests/flow.rs", include_str!("new/test.rs.txt")),
];

/// Makes a directory with a flow, or with a Rust project. What is there already is left alone. A checkout of compysition
/// takes the place of the registry that its crate would come from.
pub(crate) fn new(name: &str, rust: bool, checkout: Option<&Path>) -> ExitCode {
    let files = if rust { RUST } else { FLOW };
    let made = match mistake(name, rust) {
        None => source(checkout).and_then(|source| make(name, files, &source)),
        Some(mistake) => Err(mistake),
    };
    match made {
        Ok(()) => {
            let next = match rust {
                true => format!("cargo run -- run {name}.yaml"),
                false => format!("{} run {name}.yaml", program()),
            };
            output::say(format_args!(
                "made {name}; begin with:\n  cd {name}\n  {next}\n"
            ));
            ExitCode::SUCCESS
        }
        Err(message) => {
            output::complain(format_args!("error: {message}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Returns the name that this program was started by.
fn program() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    let stem = Path::new(&path).file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Tells why a name cannot be that of a flow or project.
fn mistake(name: &str, rust: bool) -> Option<String> {
    let begins = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    if !begins || !name.chars().all(letters) || name.len() > 64 {
        return Some(format!(
            "`{name}` cannot be a name; take up to 64 letters, digits, `_` and `-`, a letter first"
        ));
    }
    let taken = ["test", "core", "std", "alloc", "compysition"].contains(&&*krate(name));
    let is_word = WORDS.contains(&&*krate(name));
    (rust && (taken || is_word))
        .then(|| format!("a Rust project cannot be named `{name}`; take another name"))
}

/// The words that Rust keeps for itself.
const WORDS: [&str; 49] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "where", "while",
];

/// Returns how Rust code names a project.
fn krate(name: &str) -> String {
    name.replace('-', "_")
}

/// Returns where the crate `compysition` comes from, as `Cargo.toml` says it.
///
/// # Errors
/// The directory is no checkout.
fn source(checkout: Option<&Path>) -> Result<String, String> {
    let Some(checkout) = checkout else {
        return Ok(format!("version = {:?}", env!("CARGO_PKG_VERSION")));
    };
    let of_checkout = checkout.join("crates/compysition");
    let is_there = of_checkout.join("Cargo.toml").is_file();
    let path: PathBuf = std::path::absolute(&of_checkout).unwrap_or(of_checkout);
    match is_there {
        true => Ok(format!("path = {path:?}")),
        false => Err(format!(
            "`{}` is no checkout of compysition: there is no `{}`",
            checkout.display(),
            path.join("Cargo.toml").display()
        )),
    }
}

fn make(name: &str, files: &[File], source: &str) -> Result<(), String> {
    let root = Path::new(name);
    std::fs::create_dir(root).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            format!("`{name}` is there already; take another name, or remove it")
        }
        _ => format!("`{name}` cannot be made: {error}"),
    })?;
    for (file, text) in files {
        let path = root.join(file.replace("NAME", name));
        let text = text.replace("NAME", name).replace("CRATE", &krate(name));
        let text = text.replace("SOURCE", source);
        put(&path, &text)
            .map_err(|error| format!("`{}` cannot be written: {error}", path.display()))?;
    }
    Ok(())
}

fn put(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let mut file = std::fs::File::create_new(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for name in ["a", "orders", "my-flow_2"] {
            assert_eq!(mistake(name, true), None, "{name}");
        }
        for name in ["", "-a", "1a", "a/b", "..", "ü", "a b"] {
            assert!(mistake(name, false).is_some(), "{name}");
        }
        for name in ["test", "async", "compysition"] {
            assert!(mistake(name, true).is_some(), "{name}");
            assert_eq!(mistake(name, false), None, "{name}");
        }
    }
}
