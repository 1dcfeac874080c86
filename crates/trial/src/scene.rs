//! Prepares the flow of a test, with all who play in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use compysition_core::{Ports, Registry, Wiring};
use compysition_flow::{Loaded, Loader, Step};
use parking_lot::Mutex;
use serde_json::Value;

use crate::case::{Case, Input};
use crate::casting::{Casting, Reaching, Said};
use crate::checks::join;
use crate::inlet::{Hand, inlet};
use crate::mock::Mock;
use crate::names;
use crate::play::Stage;
use crate::seen::Seen;
use crate::stand_in::Props;
use crate::workdir::Workdir;

/// A flow, ready to be started, with what the test holds in its hands.
pub(crate) struct Scene {
    pub(crate) flow: Loaded,
    /// The flow as its file has it, without what the test adds.
    pub(crate) wiring: Wiring,
    pub(crate) props: Props,
    pub(crate) seen: Arc<Seen>,
    pub(crate) hand: Hand,
    pub(crate) sources: Vec<(String, Hand)>,
    pub(crate) directory: Option<Workdir>,
}

impl Stage {
    /// Loads the flow with all who play in it.
    pub(crate) fn set(&self) -> Result<Scene, String> {
        let case = self.case();
        let directory = self
            .directory()
            .map_err(|error| format!("no directory for the test: {error}"))?;
        let props = Props::default();
        let mut registry = self.trial.registry.clone();
        for stand_in in &self.trial.stand_ins {
            stand_in(&mut registry, &props);
        }
        let sources = Arc::new(Mutex::new(Vec::new()));
        let loader = Loader::new(registry.clone()).functions(self.trial.functions.clone());
        let loader = self.settings(loader, directory.as_ref());
        let outside = Arc::new(Mutex::new(Vec::new()));
        let casting = Casting {
            props: props.clone(),
            sources: sources.clone(),
            outside: outside.clone(),
            directory: directory.as_ref().map(|own| own.path().to_owned()),
            ..self.casting(&registry)
        };
        let loader = loader.recast(move |name, kind, built| casting.cast(name, kind, built));
        let path = match (&directory, case.copy) {
            (Some(directory), true) => directory
                .path()
                .join(self.found.flow.file_name().unwrap_or_default()),
            _ => self.found.flow.clone(),
        };
        let flows = loader.load(&path).map_err(|error| error.to_string())?;
        let mut flow = self.choose(flows)?;
        let wiring = flow.wiring();
        // The other flows of the file do not run.
        let is_own = |name: &str| wiring.actors.iter().any(|actor| actor.name == name);
        outside.lock().retain(|actor| is_own(&actor.name));
        self.nobody_outside(&outside.lock())?;
        names::check(&self.found, self.index, &flow, &registry)?;
        let seen = Arc::new(Seen::default());
        flow.director_mut().set_tap(seen.clone());
        let sources = std::mem::take(&mut *sources.lock());
        let hand = self.connect(&mut flow, &sources)?;
        Ok(Scene {
            flow,
            wiring,
            props,
            seen,
            hand,
            sources,
            directory,
        })
    }

    fn directory(&self) -> std::io::Result<Option<Workdir>> {
        let case = self.case();
        let names_it = |values: &[(String, Value)]| {
            values
                .iter()
                .any(|(_, value)| value.to_string().contains("{dir}"))
        };
        let environment = self
            .found
            .file
            .environment
            .0
            .iter()
            .chain(&case.environment.0);
        let is_needed = case.copy
            || !case.files.0.is_empty()
            || names_it(&self.found.file.set.0)
            || names_it(&case.set.0)
            || environment
                .into_iter()
                .any(|(_, value)| value.contains("{dir}"));
        if !is_needed {
            return Ok(None);
        }
        let directory = Workdir::new()?;
        if case.copy {
            directory.copy(self.found.flow.parent().unwrap_or(std::path::Path::new("")))?;
        }
        for (name, text) in &case.files.0 {
            directory.write(name, text)?;
        }
        Ok(Some(directory))
    }

    fn settings(&self, mut loader: Loader, directory: Option<&Workdir>) -> Loader {
        let path = directory.map(|directory| directory.path().display().to_string());
        let placed = |text: &str| text.replace("{dir}", path.as_deref().unwrap_or("{dir}"));
        let case = self.case();
        for (name, value) in self.found.file.set.0.iter().chain(&case.set.0) {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            loader = loader.set(name, placed(&text));
        }
        let environment = self
            .found
            .file
            .environment
            .0
            .iter()
            .chain(&case.environment.0);
        let environment: Vec<(String, String)> = environment
            .map(|(name, value)| (name.clone(), placed(value)))
            .collect();
        loader.environment(move |name| {
            let given = environment.iter().rev().find(|(known, _)| known == name);
            given
                .map(|(_, value)| value.clone())
                .or_else(|| std::env::var(name).ok())
        })
    }

    /// Says who plays which actor.
    fn casting(&self, registry: &Registry) -> Casting {
        let (case, all) = (self.case(), &self.found.file);
        let mocks = [(&case.mock, true), (&all.mock, false)];
        let mocks = mocks.into_iter().flat_map(|(mocks, is_own)| {
            let said =
                move |(name, mock): &(String, Mock)| said(registry, name, is_own, mock.clone());
            mocks.0.iter().map(said)
        });
        let real = [(&case.real, true), (&all.real, false)];
        let real = real.into_iter().flat_map(|(real, is_own)| {
            real.0
                .iter()
                .map(move |name| said(registry, name, is_own, ()))
        });
        Casting {
            mocks: mocks.collect(),
            real: real.collect(),
            fed: inputs(self.case())
                .flat_map(|input| input.events.0.iter().map(|(name, _)| name.clone()))
                .collect(),
            ..Casting::default()
        }
    }

    /// Sees that no actor reaches outside that nobody plays.
    fn nobody_outside(&self, outside: &[Reaching]) -> Result<(), String> {
        let mistakes = outside.iter().map(|Reaching { name, kind, file }| {
            let (what, first) = match file {
                None => ("would reach outside".to_owned(), ""),
                Some(file) => (
                    format!("works on `{}`, which is no file of the test", file.display()),
                    "put it below `{dir}` by a setting, say `copy: true`, ",
                ),
            };
            let message = format!(
                "`{name}` ({kind}) {what}: {first}give it a mock (`mock: {{ {name}: … }}`), or say `real: [{name}]`"
            );
            let at = join(&self.at(), ["name".into()]);
            self.found.document.mistake(&at, message, None).to_string()
        });
        let mistakes: Vec<String> = mistakes.collect();
        match mistakes.is_empty() {
            true => Ok(()),
            false => Err(mistakes.join("\n\n")),
        }
    }

    fn choose(&self, mut flows: Vec<Loaded>) -> Result<Loaded, String> {
        let wanted = self.case().flow.as_deref();
        let index = match wanted {
            Some(name) => flows.iter().position(|flow| flow.name() == name),
            None => Some(0).filter(|_| !flows.is_empty()),
        };
        match index {
            Some(index) => Ok(flows.swap_remove(index)),
            None => {
                let known: Vec<&str> = flows.iter().map(Loaded::name).collect();
                let at = join(&self.at(), ["flow".into()]);
                let message = format!(
                    "there is no flow `{}` in the file, but {}",
                    wanted.unwrap_or_default(),
                    known.join(", ")
                );
                Err(self.found.document.mistake(&at, message, None).to_string())
            }
        }
    }

    /// Connects the way in of events to where the test sends them.
    fn connect(&self, flow: &mut Loaded, sources: &[(String, Hand)]) -> Result<Hand, String> {
        let targets: BTreeSet<&String> = inputs(self.case())
            .flat_map(|input| input.events.0.iter().map(|(name, _)| name))
            .filter(|name| !sources.iter().any(|(source, _)| source == *name))
            .collect();
        let (hand, make) = inlet(Ports::any().source());
        if targets.is_empty() {
            return Ok(hand);
        }
        let inboxes = flow.director_mut().inboxes();
        let node = flow.director_mut().register("(test)", make);
        for target in targets {
            let (name, port) = match target.split_once('.') {
                Some((name, port)) => (name, Some(port)),
                None => (target.as_str(), None),
            };
            let actor = flow.director_mut().node(name);
            let known = inboxes.iter().find(|(actor, _)| actor == name);
            let (Some(actor), Some((_, known))) = (actor, known) else {
                let names: Vec<&str> = inboxes.iter().map(|(name, _)| &**name).collect();
                let message = format!("the flow has no actor `{name}` to take events");
                return Err(self.wrong_target(target, message, &names));
            };
            let inbox = match port {
                Some(port) if known.is_empty() || known.iter().any(|inbox| inbox == port) => port,
                Some(port) => {
                    let names: Vec<String> = known
                        .iter()
                        .map(|inbox| format!("{name}.{inbox}"))
                        .collect();
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    let message = format!("`{name}` has no inbox `{port}`");
                    return Err(self.wrong_target(target, message, &names));
                }
                None => known.first().map_or("test", String::as_str),
            };
            flow.director_mut()
                .connect(node.port(target.as_str()), actor.port(inbox));
        }
        Ok(hand)
    }

    fn wrong_target(&self, target: &str, message: String, known: &[&str]) -> String {
        let way = |at: Vec<Step>, input: usize| {
            let one = join(&at, ["events".into(), target.into()]);
            let many = join(&at, [input.into(), "events".into(), target.into()]);
            [one, many]
                .into_iter()
                .find(|at| self.found.document.has(at))
        };
        let mut at = self.at();
        for (base, part) in self.parts() {
            for input in 0..part.input.0.len() {
                at = way(join(&base, ["in".into()]), input).unwrap_or(at);
            }
        }
        self.found
            .document
            .mistake(&at, message, Some(known))
            .to_string()
    }
}

fn said<T>(registry: &Registry, name: &str, is_own: bool, what: T) -> Said<T> {
    Said {
        name: name.to_owned(),
        kind: registry.get(name).map_or("", |kind| kind.name()),
        is_own,
        what,
    }
}

fn inputs(case: &Case) -> impl Iterator<Item = &Input> {
    let parts = case.steps.iter().flat_map(|part| &part.input.0);
    case.input.0.iter().chain(parts)
}
