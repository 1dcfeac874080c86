//! Where letters are sent to.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use compysition_actors::Letter;
use compysition_core::Director;
use compysition_flow::Loaded;

use super::sender::Sender;
use crate::args::Files;
use crate::{Program, files};

/// A flow file, and an actor of it and an inbox of that if they are named.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) file: PathBuf,
    actor: Option<String>,
    inbox: Option<String>,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Target, String> {
        let target = |file: &str, actor: Option<&str>, inbox: Option<&str>| Target {
            file: file.into(),
            actor: actor.map(str::to_owned),
            inbox: inbox.map(str::to_owned),
        };
        let is_file = |text: &str| Path::new(text).is_file();
        if is_file(text) {
            return Ok(target(text, None, None));
        }
        let found = text.rsplit_once('.').and_then(|(rest, last)| {
            if is_file(rest) {
                return Some(target(rest, Some(last), None));
            }
            let (file, actor) = rest.rsplit_once('.')?;
            is_file(file).then(|| target(file, Some(actor), Some(last)))
        });
        found.ok_or_else(|| {
            format!("there is no flow file in `{text}`; write FILE, FILE.ACTOR or FILE.ACTOR.INBOX, as in orders.yaml.price")
        })
    }
}

/// Loads the flow; returns none if the file is wrong, after it has said why.
pub(crate) fn load(
    program: &Program,
    target: &Target,
    set: &[(String, String)],
    flows: impl FnOnce() -> BTreeSet<String>,
) -> Result<Option<Loaded>, String> {
    let files = Files {
        files: vec![target.file.clone()],
        set: set.to_vec(),
    };
    let Some(mut loaded) = files::load(program, &files) else {
        return Ok(None);
    };
    if loaded.len() == 1 {
        return Ok(loaded.pop());
    }
    let wanted = flows();
    loaded.retain(|flow| wanted.contains(flow.name()));
    match loaded.len() {
        1 => Ok(loaded.pop()),
        _ => Err(format!(
            "`{}` has several flows, and the letters do not say which is meant; select those of one with `--flow NAME`",
            target.file.display()
        )),
    }
}

/// An actor of the flow, and the inbox that letters come in by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    actor: String,
    inbox: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.actor, self.inbox)
    }
}

/// Finds the places of letters in a flow.
#[derive(Clone)]
pub(crate) struct Places {
    flow: String,
    target: Target,
    /// The actors and their inboxes.
    inboxes: Vec<(String, Vec<String>)>,
    found: BTreeSet<Place>,
}

impl Places {
    pub(crate) fn new(director: &Director, target: &Target, flow: &str) -> Places {
        Places {
            flow: flow.to_owned(),
            target: target.clone(),
            inboxes: director.inboxes(),
            found: BTreeSet::new(),
        }
    }

    /// Returns the place that was asked for, else the one where the letter's event failed.
    pub(crate) fn find(&mut self, letter: &Letter) -> Result<Place, String> {
        let given = self.target.actor.as_deref();
        if given.is_none() && letter.flow != self.flow {
            return Err(format!(
                "there are letters of flow `{}`, but this is `{}`; say which actor takes them: `--into FILE.ACTOR`",
                letter.flow, self.flow
            ));
        }
        let Some(actor) = given.or(letter.error_text("actor")) else {
            return Err(format!(
                "the letter of `{}` does not say where it failed; say which actor takes it: `--into FILE.ACTOR`",
                letter.meta_id
            ));
        };
        let inboxes = self.inboxes.iter().find(|(name, _)| name == actor);
        let Some((_, inboxes)) = inboxes else {
            return Err(format!(
                "flow `{}` has no actor `{actor}`; say which one takes its letters: `--into FILE.ACTOR`",
                self.flow
            ));
        };
        let known = |inbox: &&str| inboxes.iter().any(|known| known == inbox);
        let inbox = match (self.target.inbox.as_deref(), inboxes.first()) {
            (Some(inbox), _) if known(&inbox) => inbox,
            (Some(inbox), _) => {
                let known = inboxes.join(", ");
                return Err(format!(
                    "`{actor}` has no inbox `{inbox}`; there are {known}"
                ));
            }
            (None, Some(first)) => letter.error_text("inbox").filter(known).unwrap_or(first),
            (None, None) => {
                return Err(format!(
                    "`{actor}` makes events and takes none; say which actor takes its letters: `--into FILE.ACTOR`"
                ));
            }
        };
        let place = Place {
            actor: actor.to_owned(),
            inbox: inbox.to_owned(),
        };
        self.found.insert(place.clone());
        Ok(place)
    }

    /// Makes the sender the only source of a flow, connected to all places that were found.
    pub(crate) fn connect(&self, director: &mut Director, sender: Sender) {
        let name = (0..).map(|number| format!("replay{number}"));
        let is_free = |name: &String| director.node(name).is_none();
        let name = name.into_iter().find(is_free).unwrap_or_default();
        let sender = director.register(name, sender);
        for place in &self.found {
            if let Some(node) = director.node(&place.actor) {
                let outbox = sender.port(place.to_string());
                director.connect(outbox, node.port(&*place.inbox));
            }
        }
        director.set_only_source(sender);
    }
}
