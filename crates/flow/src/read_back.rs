//! Actors that read what was made of what they have read.

use std::path::Path;

use compysition_core::{About, Wiring};

use crate::diagnostics::{Diagnostic, Severity};
use crate::places::Places;

/// Finds actors that write to a file from which their events come.
pub(crate) fn read_back(wiring: &Wiring, places: &Places) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let sources = wiring.actors.iter().enumerate();
    for (reader, actor) in sources.filter(|(_, actor)| actor.ports.is_source()) {
        for writer in reached(wiring, reader) {
            let Some(file) = written(wiring, writer, reader) else {
                continue;
            };
            let (name, other) = (&actor.name, &wiring.actors[writer].name);
            let file = file.display();
            let message = format!(
                "`{other}` writes to `{file}`, which `{name}` reads: what comes of it is read again, and so for ever"
            );
            let hint = format!(
                "have `{other}` write to a file that `{name}` does not read, such as one in another directory"
            );
            found.push(
                Diagnostic::new(places.of(&About::Actor(writer)), message)
                    .severity_of(Severity::Warning)
                    .note(
                        places.of(&About::Actor(reader)),
                        format!("`{name}` is here"),
                    )
                    .hint(hint),
            );
        }
    }
    found
}

/// Returns a file that one actor writes and the other reads.
fn written(wiring: &Wiring, writer: usize, reader: usize) -> Option<&Path> {
    let [writer, reader] = [writer, reader].map(|actor| &wiring.actors[actor].ports);
    let mut files = writer.files().filter(|_| writer.is_writing());
    files.find(|file| reader.is_reading(file))
}

/// Returns the actors that something may come to from another.
fn reached(wiring: &Wiring, from: usize) -> Vec<usize> {
    let mut reached = vec![from];
    let mut next = 0;
    while let Some(&actor) = reached.get(next) {
        for link in wiring.links.iter().filter(|link| link.from == actor) {
            if !reached.contains(&link.to) {
                reached.push(link.to);
            }
        }
        next += 1;
    }
    reached.split_off(1)
}
