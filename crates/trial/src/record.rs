//! Records what a running flow does with an event, as a test.

mod written;

use std::collections::HashMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use compysition_core::{Error, Event, Hop, Id, Ports, Settled, Tap, Wiring};
use compysition_flow::Loaded;
use parking_lot::Mutex;
use regex::Regex;

/// How many events are followed at a time; others are not recorded.
const MOST_OPEN: usize = 1_000;
/// How many tests one run writes.
const MOST_WRITTEN: usize = 100;
/// How many bytes of payloads one test may have; longer ones are not written.
const MOST_BYTES: usize = 1 << 20;

/// Which events are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Those with this meta id.
    MetaId(String),
    /// Those that came in by this actor.
    Door(String),
    /// Those of which something failed.
    Errors,
}

impl FromStr for Selection {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Selection, &'static str> {
        match text.split_once('=') {
            Some(("meta_id", id)) if !id.is_empty() => Ok(Selection::MetaId(id.to_owned())),
            Some(("door", name)) if !name.is_empty() => Ok(Selection::Door(name.to_owned())),
            None if text == "errors" => Ok(Selection::Errors),
            _ => Err("write meta_id=ID, door=NAME or errors"),
        }
    }
}

/// Compiles regular expressions of what is to be taken out.
///
/// # Errors
/// Which is none, and why.
pub fn patterns(texts: &[String]) -> Result<Vec<Regex>, String> {
    let compiled = texts.iter().map(|text| {
        let regex = Regex::new(text);
        regex.map_err(|error| format!("`{text}` is no regular expression: {error}"))
    });
    compiled.collect()
}

/// Follows events through a flow, and writes those that are wanted as tests when all of them is done.
pub struct Recorder(Arc<Inner>);

struct Inner {
    selection: Vec<Selection>,
    directory: PathBuf,
    /// The flow file, for the tests.
    flow: PathBuf,
    name: String,
    set: Vec<(String, String)>,
    /// What the actors say about their ports.
    ports: HashMap<String, Ports>,
    /// Where the actors that have an `into` put what they make.
    into: HashMap<String, String>,
    /// Which status a client is told of an error.
    status: fn(&Error) -> Option<u16>,
    redact: Box<dyn Fn(String) -> String + Send + Sync>,
    patterns: Vec<Regex>,
    open: Mutex<HashMap<Id, Trace>>,
    written: AtomicUsize,
}

/// What one root did so far.
#[derive(Default)]
struct Trace {
    hops: Vec<(Hop, Event)>,
    bytes: usize,
}

impl Recorder {
    /// Prepares to record events of a flow as tests in a directory.
    ///
    /// # Errors
    /// Which door the flow has not.
    pub fn new(
        flow: &Loaded,
        selection: Vec<Selection>,
        directory: PathBuf,
    ) -> Result<Recorder, String> {
        let wiring = flow.wiring();
        for selection in &selection {
            known(selection, &wiring)?;
        }
        let actors = wiring.actors.iter();
        let into = actors.clone().filter_map(|actor| {
            let path = actor.into.clone()?;
            Some((actor.name.clone(), path))
        });
        let into = into.collect();
        let place = flow.place(&compysition_core::About::Actor(0));
        Ok(Recorder(Arc::new(Inner {
            selection,
            directory,
            flow: place.map(|(path, ..)| path.to_owned()).unwrap_or_default(),
            name: flow.name().to_owned(),
            set: Vec::new(),
            ports: actors
                .map(|actor| (actor.name.clone(), actor.ports.clone()))
                .collect(),
            into,
            status: |_| None,
            redact: Box::new(flow.redaction()),
            patterns: Vec::new(),
            open: Mutex::default(),
            written: AtomicUsize::new(0),
        })))
    }

    /// Writes the settings that were given into the tests.
    #[must_use]
    pub fn set(self, set: &[(String, String)]) -> Recorder {
        self.with(|inner| inner.set = set.to_vec())
    }

    /// Writes with which status requests were answered that failed.
    #[must_use]
    pub fn with_status(self, status: fn(&Error) -> Option<u16>) -> Recorder {
        self.with(|inner| inner.status = status)
    }

    /// Takes what these match out of all that is written.
    #[must_use]
    pub fn without(self, patterns: Vec<Regex>) -> Recorder {
        self.with(|inner| inner.patterns = patterns)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Recorder {
        // Nobody else has it before the flow starts.
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            change(inner);
        }
        self
    }
}

/// Sees that there is a source of the name that is given.
fn known(selection: &Selection, wiring: &Wiring) -> Result<(), String> {
    let Selection::Door(name) = selection else {
        return Ok(());
    };
    let sources = wiring.actors.iter().filter(|actor| actor.ports.is_source());
    let known: Vec<&str> = sources.map(|actor| actor.name.as_str()).collect();
    match known.contains(&name.as_str()) {
        true => Ok(()),
        false => Err(format!(
            "no event comes in by `{name}`, but by {}",
            known.join(", ")
        )),
    }
}

impl Tap for Recorder {
    fn look(&self, hop: &Hop, events: &[Event]) {
        for event in events {
            let Some(root) = event.root_id() else {
                continue;
            };
            let mut open = self.0.open.lock();
            let is_first = !open.contains_key(&root);
            if is_first {
                let is_source = self.0.ports.get(&*hop.from).is_some_and(Ports::is_source);
                if !is_source || open.len() >= MOST_OPEN || !self.0.may_want(hop, event) {
                    continue;
                }
            }
            let trace = open.entry(root).or_default();
            trace.bytes += event.payload().size();
            if trace.bytes <= MOST_BYTES {
                trace.hops.push((hop.clone(), event.without_receipt()));
            }
            drop(open);
            if is_first {
                let inner = self.0.clone();
                event.when_settled(move |settled| inner.finish(root, &settled));
            }
        }
    }
}

impl Inner {
    /// Returns whether an event that has just come in may be one of those that are wanted.
    fn may_want(&self, hop: &Hop, event: &Event) -> bool {
        self.selection.iter().any(|selection| match selection {
            Selection::Door(name) => *hop.from == **name,
            // A meta id that is set on the way is one as well.
            Selection::MetaId(id) => event.own_meta_id().is_none() || event.meta_id() == *id,
            Selection::Errors => true,
        })
    }

    fn wants(&self, trace: &Trace, settled: &Settled) -> bool {
        let hops = || trace.hops.iter();
        self.selection.iter().any(|selection| match selection {
            Selection::Door(name) => hops().take(1).any(|(hop, _)| *hop.from == **name),
            Selection::MetaId(id) => hops().any(|(_, event)| event.meta_id() == *id),
            Selection::Errors => {
                !settled.outcome.is_delivered() || hops().any(|(_, event)| event.error().is_some())
            }
        })
    }

    fn finish(&self, root: Id, settled: &Settled) {
        let Some(trace) = self.open.lock().remove(&root) else {
            return;
        };
        if !self.wants(&trace, settled) {
            return;
        }
        if trace.bytes > MOST_BYTES {
            tracing::warn!(flow = %self.name, "an event of more than {MOST_BYTES} bytes was not recorded");
            return;
        }
        if self.written.fetch_add(1, Relaxed) >= MOST_WRITTEN {
            return;
        }
        let text = written::test(self, &trace.hops, settled);
        let path = self
            .directory
            .join(format!("{}-{root}.test.yaml", self.name));
        let wrote =
            std::fs::create_dir_all(&self.directory).and_then(|()| std::fs::write(&path, text));
        match wrote {
            Ok(()) => tracing::info!(flow = %self.name, "recorded `{}`", path.display()),
            Err(error) => {
                tracing::error!(flow = %self.name, "`{}` cannot be written: {error}", path.display());
            }
        }
    }

    /// Takes out what nobody may read.
    fn redacted(&self, text: String) -> String {
        let text = (self.redact)(text);
        let patterns = self.patterns.iter();
        patterns.fold(text, |text, pattern| {
            pattern.replace_all(&text, "REDACTED").into_owned()
        })
    }
}
