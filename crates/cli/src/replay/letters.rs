//! Reading letters, and choosing among them.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use compysition_actors::Letter;

use super::Moment;
use super::ledger::{Ledger, key};
use crate::args::ReplayOptions;

/// A letter, or what is wrong with its line.
pub(crate) type Found = Result<Letter, String>;

/// The letters that a file held when it was opened: what is sent may die again into the same file.
pub(crate) struct Letters {
    path: PathBuf,
    length: u64,
}

impl Letters {
    pub(crate) fn open(path: &Path) -> io::Result<Letters> {
        Ok(Letters {
            path: path.to_owned(),
            length: File::open(path)?.metadata()?.len(),
        })
    }

    /// Reads the letters one after the other.
    pub(crate) fn read(&self) -> io::Result<impl Iterator<Item = Found> + Send + use<>> {
        let file = File::open(&self.path)?.take(self.length);
        let path = self.path.display().to_string();
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
            Some(Letter::from_line(text).map_err(|error| about(error.to_string())))
        }))
    }

    /// Returns the flows that the selected letters come from.
    pub(crate) fn flows(&self, selection: &Selection) -> BTreeSet<String> {
        let letters = self.read().into_iter().flatten().flatten();
        let selected = letters.filter(|letter| matches!(selection.takes(letter), Choice::Send));
        selected.map(|letter| letter.flow).collect()
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

    pub(crate) fn takes(&self, letter: &Letter) -> Choice {
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
            true if self.sent.contains(&key(letter)) => Choice::SentBefore,
            true => Choice::Send,
        }
    }
}
