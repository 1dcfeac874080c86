//! Loads flow files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use compysition_core::{About, Built, Director, Flow, Registry, Wiring};
use compysition_expression::Functions;
use compysition_nodes::{Here, Part, Transport};

use crate::build::{self, Plan};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::files;
use crate::findings;
use crate::links::Links;
use crate::parse;
use crate::placed_node::PlacedNode;
use crate::places::Places;
use crate::placing::Placement;
use crate::settings::redact;
use crate::source::Sources;
use crate::values::{Environment, Shared};

/// Loads flow files: knows the kinds of actors, the functions of expressions, and what the command line
/// sets.
///
/// ```
/// use compysition_core::{Actor, Context, Event, Registry, Result};
/// use compysition_flow::Loader;
///
/// /// Turns the text of each event into upper case.
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Upper;
///
/// impl Actor for Upper {
///     async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
///         let upper = event.text()?.to_uppercase();
///         ctx.send(event.with(upper))
///     }
/// }
///
/// let mut registry = Registry::new();
/// registry.add::<Upper>("upper");
/// let wrong = Loader::new(registry).load_text("a.yaml", "actors: { a: uper }").unwrap_err();
/// assert!(wrong.to_string().contains("did you mean `upper`?"));
/// ```
pub struct Loader {
    pub(crate) registry: Registry,
    pub(crate) functions: Functions,
    pub(crate) set: BTreeMap<String, String>,
    pub(crate) environment: Box<Environment>,
    pub(crate) recast: Option<Box<Recast>>,
    pub(crate) links: Option<Arc<dyn Links>>,
}

/// What stands in for an actor, which it is given with its name and its kind.
pub(crate) type Recast = dyn Fn(&str, &'static str, Built) -> Built + Send + Sync;

/// A flow that was loaded and found right.
pub struct Loaded {
    director: Director,
    name: String,
    places: Places,
    kinds: Vec<Option<&'static str>>,
    placement: Option<Placement>,
    sources: Sources,
    secrets: BTreeSet<String>,
    /// What is worth knowing of what one process runs, if this is that: the part alone does not tell.
    of_part: Option<Vec<Diagnostic>>,
}

impl Loader {
    /// Makes a loader for these kinds of actors.
    pub fn new(registry: Registry) -> Loader {
        Loader {
            registry,
            functions: Functions::default(),
            set: BTreeMap::new(),
            environment: Box::new(|name| std::env::var(name).ok()),
            recast: None,
            links: None,
        }
    }

    /// Lets expressions call these functions.
    #[must_use]
    pub fn functions(mut self, functions: Functions) -> Loader {
        self.functions = functions;
        self
    }

    /// Sets a setting, whatever the files say.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Loader {
        self.set.insert(name.into(), value.into());
        self
    }

    /// Lets something else stand in for actors, as tests do: it is given each actor with its name and its kind, when its
    /// settings have been found right, and returns it or another one.
    #[must_use]
    pub fn recast(
        mut self,
        recast: impl Fn(&str, &'static str, Built) -> Built + Send + Sync + 'static,
    ) -> Loader {
        self.recast = Some(Box::new(recast));
        self
    }

    /// Finds also what keeps the nodes of flows from being linked. A flow whose nodes all run in one process need not be.
    #[must_use]
    pub fn links(mut self, links: Arc<dyn Links>) -> Loader {
        self.links = Some(links);
        self
    }

    /// Looks variables up here instead of in the environment of the process.
    #[must_use]
    pub fn environment(
        mut self,
        look_up: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Loader {
        self.environment = Box::new(look_up);
        self
    }

    /// Loads the flows of a file; each of its YAML documents is one.
    ///
    /// # Errors
    /// Everything that is wrong with the file and those that it includes, with the lines.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Vec<Loaded>, Diagnostics> {
        self.load_all(&[path])
    }

    /// Loads the flows of several files.
    ///
    /// # Errors
    /// Everything that is wrong with all of them, and settings that none of them knows.
    pub fn load_all<P: AsRef<Path>>(&self, paths: &[P]) -> Result<Vec<Loaded>, Diagnostics> {
        let shared = Shared::default();
        let mut found = Vec::new();
        let mut flows = Vec::new();
        for path in paths {
            match files::read(path.as_ref()) {
                Ok(text) => flows.extend(self.read(path.as_ref(), text, &shared, &mut found)),
                Err(message) => found.push(Diagnostic::general(message)),
            }
        }
        self.finish(flows, shared, found)
    }

    /// Loads the flows of a text, which need not be in a file; `path` is what messages call it, and what
    /// relative paths are taken from.
    ///
    /// # Errors
    /// Everything that is wrong with the text, with the lines.
    pub fn load_text(
        &self,
        path: impl AsRef<Path>,
        text: &str,
    ) -> Result<Vec<Loaded>, Diagnostics> {
        let shared = Shared::default();
        let mut found = Vec::new();
        let flows = self.read(path.as_ref(), text.to_owned(), &shared, &mut found);
        self.finish(flows, shared, found)
    }

    fn read(
        &self,
        path: &Path,
        text: String,
        shared: &Shared,
        found: &mut Vec<Diagnostic>,
    ) -> Vec<Plan> {
        let text: Arc<str> = text.into();
        let file = shared
            .sources
            .borrow_mut()
            .add(path.to_owned(), text.clone());
        let before = found.len();
        let documents = parse::parse(file, &text, found);
        let broken = found.len() > before;
        if documents.is_empty() && !broken {
            found.push(Diagnostic::general(format!(
                "`{}` is empty",
                path.display()
            )));
        }
        let build = |document| build::build(document, path, self, shared, found);
        documents.into_iter().filter_map(build).collect()
    }

    fn finish(
        &self,
        plans: Vec<Plan>,
        shared: Shared,
        mut found: Vec<Diagnostic>,
    ) -> Result<Vec<Loaded>, Diagnostics> {
        let mut wiring: Vec<_> = plans.iter().flat_map(Plan::diagnostics).collect();
        wiring.retain(|diagnostic| !diagnostic.is_known(&found));
        found.extend(wiring);
        let (used, kept) = (shared.used.into_inner(), shared.kept.into_inner());
        for name in self.set.keys().filter(|name| !used.contains(*name)) {
            found.push(match kept.contains(name) {
                true => {
                    let message = format!("setting `{name}` does nothing: it is a sub-flow's own");
                    let hint = format!("give it in the flow: `with: {{ {name}: \"${{…}}\" }}`");
                    Diagnostic::general(message).hint(hint)
                }
                false => Diagnostic::general(format!(
                    "no `${{{name}}}` is in any file, so that setting `{name}` does nothing"
                )),
            });
        }
        let sources = shared.sources.into_inner();
        let secrets = shared.secrets.into_inner();
        if !found.is_empty() {
            found.extend(plans.iter().flat_map(Plan::findings));
            return Err(report(found, sources, &secrets));
        }
        let loaded = |Plan {
                          name,
                          director,
                          places,
                          kinds,
                          placement,
                          ..
                      }| Loaded {
            name,
            director,
            places,
            kinds,
            placement,
            sources: sources.clone(),
            secrets: secrets.clone(),
            of_part: None,
        };
        Ok(plans.into_iter().map(loaded).collect())
    }
}

impl Loaded {
    /// Returns the flow's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the kind of the n-th actor, from 0; none of `reply`.
    pub fn kind(&self, actor: usize) -> Option<&str> {
        self.kinds.get(actor).copied().flatten()
    }

    /// Returns the processes that the flow runs in, if its file names any.
    pub fn placement(&self) -> Option<&Placement> {
        self.placement.as_ref()
    }

    /// Makes what carries the links of one of the flow's nodes to the others.
    ///
    /// # Errors
    /// What the node needs and does not have here, with the line.
    pub fn transport(
        &self,
        node: &PlacedNode,
        links: &dyn Links,
    ) -> Result<Arc<dyn Transport>, Diagnostics> {
        let made = match &self.placement {
            Some(placement) => links.transport(placement, node),
            None => links.transport(&Placement::default(), node),
        };
        made.map_err(|mistake| {
            let found = vec![node.diagnostic(mistake)];
            report(found, self.sources.clone(), &self.secrets)
        })
    }

    /// Cuts out of the flow what one of its processes runs; the whole flow, if its file names none. Its links to other
    /// processes go over this transport.
    #[must_use]
    pub fn part(self, here: Here<'_>, transport: Arc<dyn Transport>) -> Loaded {
        let Some(placement) = &self.placement else {
            return self;
        };
        let of_part = findings::of_process(&self.wiring(), &self.places, here.process);
        let Part {
            director, actors, ..
        } = placement.processes().part(self.director, here, transport);
        Loaded {
            places: self.places.of_actors(&actors),
            kinds: actors
                .iter()
                .map(|index| index.and_then(|index| self.kinds.get(index).copied().flatten()))
                .collect(),
            director,
            of_part: Some(of_part),
            ..self
        }
    }

    /// Describes the flow's actors and links.
    pub fn wiring(&self) -> Wiring {
        self.director.wiring()
    }

    /// Returns what is worth knowing of the flow before it runs: warnings and notes, and no errors. Of a part of it, what
    /// concerns its own actors.
    pub fn findings(&self) -> Diagnostics {
        let of_flow = || findings::of(&self.wiring(), &self.places);
        let found = self.of_part.clone().unwrap_or_else(of_flow);
        report(found, self.sources.clone(), &self.secrets)
    }

    /// Returns the file where a part of the flow stands, the line and the column, from 1.
    pub fn place(&self, about: &About) -> Option<(&Path, usize, usize)> {
        let span = self.places.of(about);
        let source = self.sources.get(span.file)?;
        Some((&source.path, span.line as usize, span.column as usize))
    }

    /// Returns what takes the secrets that were put into the flow out of a text.
    pub fn redaction(&self) -> impl Fn(String) -> String + Send + Sync + 'static {
        let secrets = self.secrets.clone();
        move |text| redact(text, &secrets)
    }

    /// Returns the director, to add to the flow before it is started.
    pub fn director_mut(&mut self) -> &mut Director {
        &mut self.director
    }

    /// Returns the director, to add to the flow or to start it.
    pub fn into_director(self) -> Director {
        self.director
    }

    /// Starts the flow on the present tokio runtime.
    ///
    /// # Errors
    /// What keeps actors from starting, with the lines.
    pub async fn start(self) -> Result<Flow, Diagnostics> {
        let Loaded {
            director,
            places,
            sources,
            secrets,
            ..
        } = self;
        let started = director.start().await;
        started.map_err(|error| report(places.diagnostics(&error), sources, &secrets))
    }
}

/// Puts together what was found, without secrets.
fn report(mut found: Vec<Diagnostic>, sources: Sources, secrets: &BTreeSet<String>) -> Diagnostics {
    for diagnostic in &mut found {
        diagnostic.message = redact(std::mem::take(&mut diagnostic.message), secrets);
        diagnostic.narrow(&sources);
    }
    Diagnostics::new(found, sources)
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Loaded").field(&self.name()).finish()
    }
}
