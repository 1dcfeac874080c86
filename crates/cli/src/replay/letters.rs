//! Reading letters, and choosing among them.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::Path;

use compysition_actors::Letter;

use super::Moment;
use super::ledger::{Ledger, key};
use crate::args::ReplayOptions;

/// A letter in a file, and what it is known by.
pub(crate) struct Stored {
    pub(crate) letter: Letter,
    pub(crate) key: String,
}

/// A letter, or what is wrong with its line.
pub(crate) type Found = Result<Stored, String>;

/// The letters that a file held when it was opened. A flow that runs meanwhile may add others, or give the
/// file another name and begin a new one.
pub(crate) struct Letters {
    path: String,
    file: File,
    length: u64,
}

impl Letters {
    pub(crate) fn open(path: &Path) -> io::Result<Letters> {
        let file = File::open(path)?;
        Ok(Letters {
            path: path.display().to_string(),
            length: file.metadata()?.len(),
            file,
        })
    }

    /// Reads the letters one after the other, from the first one. There is one place in the file, so a
    /// reader is done before the next one begins.
    pub(crate) fn read(&mut self) -> io::Result<impl Iterator<Item = Found> + Send + use<>> {
        self.file.rewind()?;
        let file = self.file.try_clone()?.take(self.length);
        let path = self.path.clone();
        let lines = BufReader::new(file).split(b'\n').enumerate();
        Ok(lines.filter_map(move |(index, line)| {
            let about = |what: String| format!("{path}:{}: {what}", index + 1);
            let line = match line {
                Ok(line) if line.trim_ascii().is_empty() => return None,
                Ok(line) => line,
                Err(error) => return Some(Err(about(format!("cannot be read: {error}")))),
            };
            let text = match std::str::from_utf8(&line) {
                Ok(text) => text,
                Err(_) => return Some(Err(about("no dead letter: it is not UTF-8".into()))),
            };
            let letter = Letter::from_line(text).map_err(|error| about(error.to_string()));
            Some(letter.map(|letter| Stored {
                key: key(&letter, &line),
                letter,
            }))
        }))
    }

    /// Returns the flows that the selected letters come from.
    pub(crate) fn flows(&mut self, selection: &Selection) -> BTreeSet<String> {
        let letters = self.read().into_iter().flatten().flatten();
        let selected = letters.filter(|stored| matches!(selection.takes(stored), Choice::Send));
        selected.map(|stored| stored.letter.flow).collect()
    }
}

/// Which letters are to be sent.
pub(crate) struct Selection {
    flow: Option<String>,
    kinds: Vec<String>,
    actors: Vec<String>,
    since: Option<Moment>,
    until: Option<Moment>,
    sent: HashSet<String>,
}

/// Says whether a letter is to be sent.
pub(crate) enum Choice {
    Send,
    SentBefore,
    /// It was not asked for.
    Other,
}

impl Selection {
    pub(crate) fn new(args: &ReplayOptions, ledger: &Ledger) -> Selection {
        let sent = match args.again {
            true => HashSet::new(),
            false => ledger.known().clone(),
        };
        Selection {
            flow: args.flow.clone(),
            kinds: args.kind.iter().map(|kind| kind.to_string()).collect(),
            actors: args.actor.clone(),
            since: args.since.clone(),
            until: args.until.clone(),
            sent,
        }
    }

    pub(crate) fn takes(&self, stored: &Stored) -> Choice {
        let letter = &stored.letter;
        let error = |field| letter.error_text(field).unwrap_or_default();
        let among = |wanted: &[String], field| {
            wanted.is_empty() || wanted.iter().any(|one| one == error(field))
        };
        let time = error("at");
        let is_selected = self.flow.as_ref().is_none_or(|flow| *flow == letter.flow)
            && among(&self.kinds, "kind")
            && among(&self.actors, "actor")
            && self
                .since
                .as_ref()
                .is_none_or(|since| !since.is_after(time))
            && self.until.as_ref().is_none_or(|until| until.is_after(time));
        match is_selected {
            false => Choice::Other,
            true if self.sent.contains(&stored.key) => Choice::SentBefore,
            true => Choice::Send,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use compysition_actors::replayed;
    use compysition_core::Event;
    use compysition_core::testing::{Dice, within};

    #[test]
    fn a_file_may_be_put_aside_while_its_letters_are_sent() {
        let name = format!("compysition-aside-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        let (path, aside) = (directory.join("dead.jsonl"), directory.join("dead.jsonl.1"));
        let line = |text: &str| Letter::of("flow", &Event::new(text)).unwrap().to_line();
        std::fs::write(&path, line("one").unwrap() + "\n").unwrap();

        let mut letters = Letters::open(&path).unwrap();
        let mut ledger = Ledger::open(&path).unwrap();
        ledger.prepare().unwrap();
        std::fs::rename(&path, &aside).unwrap();
        std::fs::rename(replayed(&path), replayed(&aside)).unwrap();
        std::fs::write(&path, line("two").unwrap() + "\n").unwrap();
        for _ in 0..2 {
            let found: Vec<Stored> = letters.read().unwrap().map(Result::unwrap).collect();
            let event = found.into_iter().map(|stored| {
                ledger.note(&stored.key).unwrap();
                stored.letter.into_event().unwrap()
            });
            let texts: Vec<String> = event
                .map(|event| event.text().unwrap().to_owned())
                .collect();
            assert_eq!(texts, ["one"]);
        }
        assert!(Ledger::open(&path).unwrap().known().is_empty());
        assert_eq!(Ledger::open(&aside).unwrap().known().len(), 1);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn any_line_is_a_letter_or_is_refused_with_its_place() {
        const LINES: usize = 100_000;
        let path = std::env::temp_dir().join(format!("compysition-lines-{}", std::process::id()));
        let event = Event::new(b"\xff\0".to_vec()).with_attribute("a", 1);
        let right = Letter::of("flow", &event).unwrap().to_line().unwrap();
        let words = [
            "{", "}", "\"", ":", ",", "null", "-1", "base64", "id", "\u{0}", "é", "[[",
        ];
        let mut dice = Dice::new(19);
        let mut file = Vec::new();
        for _ in 0..LINES {
            let mut line = right.clone().into_bytes();
            dice.damage(&mut line, &words);
            line.retain(|byte| *byte != b'\n');
            file.extend(line);
            file.push(b'\n');
        }
        std::fs::write(&path, file).unwrap();
        within(Duration::from_secs(60), 32 << 20, || {
            let (mut good, mut bad) = (0, 0);
            for found in Letters::open(&path).unwrap().read().unwrap() {
                match found {
                    Ok(stored) => match stored.letter.into_event() {
                        Ok(_) => good += 1,
                        Err(error) => assert!(!error.message().is_empty()),
                    },
                    Err(what) => {
                        bad += 1;
                        assert!(what.starts_with(&path.display().to_string()), "{what}");
                    }
                }
            }
            assert!(good > 1000 && bad > 1000, "{good} good, {bad} bad");
        });
        std::fs::remove_file(path).unwrap();
    }
}
