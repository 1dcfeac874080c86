//! A look at the letters before the first one is sent.

use std::collections::BTreeSet;
use std::path::Path;

use compysition_actors::Letter;

use super::letters::{Choice, Found, Selection};
use super::target::{Place, Places};
use crate::output;

/// What is in a file of letters.
#[derive(Default)]
pub(crate) struct Survey {
    /// How many letters are to be sent.
    pub(crate) count: usize,
    passed_over: usize,
    sent_before: usize,
    /// How many cannot be read or sent.
    pub(crate) wrong: usize,
    complaints: BTreeSet<String>,
    /// The actors at which letters failed.
    actors: BTreeSet<String>,
}

impl Survey {
    /// Sees whether a letter is to be sent and can be; shows it if asked.
    pub(crate) fn look(
        &mut self,
        found: Found,
        selection: &Selection,
        places: &mut Places,
        show: bool,
    ) {
        let stored = match found {
            Ok(stored) => stored,
            Err(message) => {
                self.wrong += 1;
                output::complain(format_args!("error: {message}\n"));
                return;
            }
        };
        let letter = &stored.letter;
        let actor = letter.error_text("actor").unwrap_or_default();
        if !self.actors.contains(actor) {
            self.actors.insert(actor.to_owned());
        }
        match selection.takes(&stored) {
            Choice::Other => self.passed_over += 1,
            Choice::SentBefore => self.sent_before += 1,
            Choice::Send => match places.find(letter) {
                Ok(place) => {
                    self.count += 1;
                    if show {
                        output::say(format_args!("{}\n", line(letter, &place)));
                    }
                }
                Err(message) => {
                    self.wrong += 1;
                    // One mistake is often that of a thousand letters.
                    if self.complaints.insert(message.clone()) {
                        output::complain(format_args!("error: {message}\n"));
                    }
                }
            },
        }
    }

    /// Tells the numbers, and which of the actors that were asked for have no letters.
    pub(crate) fn tell(&self, file: &Path, wanted: &[String], dry_run: bool) {
        let unknown = wanted.iter().filter(|actor| !self.actors.contains(*actor));
        for actor in unknown {
            let known: Vec<&str> = self.actors.iter().map(String::as_str).collect();
            let (file, known) = (file.display(), known.join(", "));
            output::complain(format_args!(
                "note: no letter in `{file}` failed at `{actor}`; they failed at {known}\n"
            ));
        }
        let mut others = Vec::new();
        if self.passed_over > 0 {
            others.push(format!("{} not selected", self.passed_over));
        }
        if self.sent_before > 0 {
            let hint = "sent before (`--again` sends them once more)";
            others.push(format!("{} {hint}", self.sent_before));
        }
        if self.wrong > 0 {
            others.push(format!("{} cannot be sent", self.wrong));
        }
        let others = match others.is_empty() {
            true => String::new(),
            false => format!("; {}", others.join(", ")),
        };
        let would = if dry_run { "would be" } else { "to be" };
        let (file, count) = (file.display(), self.count);
        output::say(format_args!(
            "{file}: {count} letters {would} sent{others}\n"
        ));
    }
}

/// Tells of a letter what one selects it by, and where it would go.
fn line(letter: &Letter, place: &Place) -> String {
    let error = |field| letter.error_text(field).unwrap_or("-");
    format!(
        "{} {} {} -> {place} {}: {}",
        error("at"),
        letter.meta_id,
        error("actor"),
        error("kind"),
        error("message")
    )
}
