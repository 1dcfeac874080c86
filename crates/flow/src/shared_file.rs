//! Actors of one process of which only one could have a file.

use std::path::{Path, PathBuf};

use compysition_core::{About, Wiring};

use crate::diagnostics::Diagnostic;
use crate::places::Places;

/// Finds actors that need a file for themselves that another one of the same process needs, which stands before.
pub(crate) fn shared_files(wiring: &Wiring, places: &Places) -> Vec<Diagnostic> {
    let mut known: Vec<(usize, PathBuf)> = Vec::new();
    let mut found = Vec::new();
    for (index, actor) in wiring.actors.iter().enumerate() {
        for file in actor.ports.own_files() {
            let real = real(file);
            let is_taken = |(before, other): &&(usize, PathBuf)| {
                wiring.actors[*before].process == actor.process && *other == real
            };
            if let Some((before, _)) = known.iter().find(is_taken) {
                let (name, other) = (&actor.name, &wiring.actors[*before].name);
                let file = file.display();
                let message =
                    format!("`{name}` needs the file `{file}` for itself, and so does `{other}`");
                let place = places.of(&About::Actor(index));
                found.push(
                    Diagnostic::new(place, message)
                        .note(
                            places.of(&About::Actor(*before)),
                            format!("`{other}` is here"),
                        )
                        .hint("give each of the two a file of its own"),
                );
                break;
            }
            known.push((index, real));
        }
    }
    found
}

/// Returns the path of a file without links and detours, as far as its directory is there.
fn real(path: &Path) -> PathBuf {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    match (directory.canonicalize(), path.file_name()) {
        (Ok(directory), Some(name)) => directory.join(name),
        _ => path.components().collect(),
    }
}
