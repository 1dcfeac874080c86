//! Builds directors from documents.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use compysition_core::{
    About, BestEffort, Built, Context, Director, Ends, Error, Event, FlowError, Node as Actor,
    Ports, Surroundings,
};

use crate::actors::{self, Defaults, Entered};
use crate::bounds::{self, Bounds};
use crate::connect::{self, Link, Member, MemberPort};
use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::include::Parts;
use crate::load::Loader;
use crate::node::{Content, Node};
use crate::source::Span;
use crate::values::{Shared, Values};
use crate::{settings, suggest};

/// What `compysition test` reads.
pub(crate) const TESTS: &str = "tests";

const KEYS: [&str; 12] = [
    "name",
    "description",
    "include",
    "settings",
    "defaults",
    "namespaces",
    "actors",
    "connect",
    "errors",
    "log",
    "dead_letters",
    TESTS,
];

/// A director, and where in the file its parts stand.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) director: Director,
    pub(crate) places: Places,
    /// The kinds of the actors; none of `reply`, or where it is not known.
    pub(crate) kinds: Vec<Option<&'static str>>,
    /// Whether every line of `connect` could be read; else more would look unconnected than is.
    pub(crate) is_whole: bool,
}

impl Plan {
    /// Returns what is wrong with the wiring, with the places.
    pub(crate) fn diagnostics(&self) -> Vec<Diagnostic> {
        match self.director.check() {
            Ok(()) => Vec::new(),
            Err(mut error) => {
                let is_sure = |about: &About| self.is_whole || matches!(about, About::Link(_));
                error.problems.retain(|problem| is_sure(&problem.about));
                self.places.diagnostics(&error)
            }
        }
    }
}

/// Where the parts of a flow stand in its file.
#[derive(Clone)]
pub(crate) struct Places {
    flow: Span,
    actors: Vec<Span>,
    links: Vec<Span>,
}

impl Places {
    /// Returns the problems that the director found, with their places.
    pub(crate) fn diagnostics(&self, error: &FlowError) -> Vec<Diagnostic> {
        let problems = error.problems.iter();
        problems
            .map(|problem| Diagnostic::new(self.of(&problem.about), &problem.message))
            .collect()
    }

    /// Returns where a part of the flow stands; that of the flow if it is not known more closely.
    pub(crate) fn of(&self, about: &About) -> Span {
        let place = match about {
            About::Actor(index) => self.actors.get(*index),
            About::Link(index) => self.links.get(*index),
            _ => None,
        };
        place.copied().unwrap_or(self.flow)
    }
}

/// Builds the flow of one document; returns none if it is too wrong to look at its wiring.
pub(crate) fn build(
    document: Node,
    path: &Path,
    loader: &Loader,
    shared: &Shared,
    found: &mut Vec<Diagnostic>,
) -> Option<Plan> {
    let base = path.parent().unwrap_or(Path::new(""));
    let flow_span = document.span;
    let mut entries = fields::entries(document, "a flow file", found);
    let mut values = Values::new(&loader.set, &*loader.environment, base.to_owned(), shared);
    let mut parts = Parts::of(path);
    parts.take(&mut entries, base, &mut values, shared, found);
    let bounds = Bounds::take(&mut entries, &mut values, found);
    let mut taken = |key: &str, values: &mut Values<'_>, found: &mut Vec<Diagnostic>| {
        let mut entry = fields::take(&mut entries, key)?;
        values.replace(&mut entry.value, found);
        Some(entry)
    };
    let name = taken("name", &mut values, found);
    let description = taken("description", &mut values, found);
    let errors = taken("errors", &mut values, found);
    let log = taken("log", &mut values, found);
    let dead_letters = taken(actors::DEAD_LETTERS, &mut values, found);
    let actors = taken("actors", &mut values, found);
    let mut connect = fields::take(&mut entries, "connect");
    fields::take(&mut entries, TESTS);
    if let Some(entry) = &mut connect {
        connect::replace_values(&mut entry.value, &mut values, found);
    }
    let known: Vec<&str> = KEYS.into_iter().chain(bounds::KEYS).collect();
    fields::unknown(&entries, &known, found);
    if let Some(entry) = description {
        fields::text(&entry.value, "a description", found);
    }
    let mut defaults = Defaults::default();
    for mut node in parts.defaults {
        values.replace(&mut node, found);
        defaults.add(node, &loader.registry, found);
    }
    let mut namespaces = BTreeMap::new();
    for mut entry in parts.namespaces {
        values.replace(&mut entry.value, found);
        if let Some(uri) = fields::text(&entry.value, "a namespace", found) {
            namespaces.entry(entry.key.to_string()).or_insert(uri);
        }
    }
    let Some(actors) = actors else {
        found.push(Diagnostic::new(flow_span, "the flow has no `actors`"));
        return None;
    };
    let mut actors = actors::read(actors.value, &defaults, &loader.registry, found);
    let dead_letters = dead_letters
        .and_then(|entry| actors::dead_letters(entry, &defaults, &loader.registry, found));
    let has_dead_letters = dead_letters.is_some();
    actors.extend(dead_letters);
    let given = name.and_then(|entry| fields::text(&entry.value, "the name of a flow", found));
    let name = given.unwrap_or_else(|| {
        let stem = path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    });
    let surroundings = Surroundings {
        base: base.to_owned(),
        namespaces: Arc::new(namespaces),
    };
    let mut building = Building::new(&name, flow_span);
    bounds.set(&mut building.plan.director);
    let secrets = shared.secrets.borrow().clone();
    surroundings.enter(|| {
        loader
            .functions
            .enter(|| building.register(actors, loader, &secrets, found));
    });
    if has_dead_letters && let Some(node) = building.by_name.get(actors::DEAD_LETTERS) {
        building.plan.director.set_dead_letters(*node);
    }
    let before = found.len();
    let links = connect.map(|entry| connect::links(&entry.value, &shared.sources.borrow(), found));
    building.connect(links.unwrap_or_default(), found);
    if let Some(entry) = errors {
        building.set_errors(&entry.value, found);
    }
    if let Some(entry) = log {
        building.set_log(&entry.value, found);
    }
    building.plan.is_whole = found.len() == before;
    Some(building.plan)
}

struct Building {
    plan: Plan,
    by_name: HashMap<Arc<str>, Actor>,
}

impl Building {
    fn new(name: &str, flow: Span) -> Building {
        let places = Places {
            flow,
            actors: Vec::new(),
            links: Vec::new(),
        };
        let plan = Plan {
            name: name.to_owned(),
            director: Director::new(name),
            places,
            kinds: Vec::new(),
            is_whole: true,
        };
        Building {
            plan,
            by_name: HashMap::new(),
        }
    }

    fn register(
        &mut self,
        actors: Vec<Entered>,
        loader: &Loader,
        secrets: &BTreeSet<String>,
        found: &mut Vec<Diagnostic>,
    ) {
        for actor in actors {
            self.plan
                .kinds
                .push(actor.kind.as_ref().map(|(kind, _)| *kind));
            let built = actor.kind.and_then(|(kind, node)| {
                let kind = loader.registry.get(kind)?;
                let built = settings::build(kind, &node, secrets, found)?;
                let functions = loader.functions.clone();
                let again = settings::Again::new(kind, node, secrets, functions);
                let built = Built::renewable(built, move || again.build());
                Some(match &loader.recast {
                    Some(recast) => recast(&actor.name, kind.name(), built),
                    None => built,
                })
            });
            let director = &mut self.plan.director;
            let node = match built {
                Some(built) => {
                    let node = director.register(actor.name.clone(), built);
                    actor.options.set(director, node, found);
                    node
                }
                // The flow is never started then.
                None => director.register(actor.name.clone(), Missing),
            };
            self.plan.places.actors.push(actor.span);
            self.by_name.insert(actor.name, node);
        }
    }

    fn connect(&mut self, links: Vec<Link>, found: &mut Vec<Diagnostic>) {
        let mut reported = BTreeSet::new();
        for Link {
            from,
            to,
            best_effort,
        } in links
        {
            let ends = [&from, &to].map(|member| {
                let node = self.find(member);
                if let (Err(diagnostic), true) = (&node, reported.insert(member.span)) {
                    found.push((**diagnostic).clone());
                }
                node.ok()
            });
            let [Some(source), Some(target)] = ends else {
                continue;
            };
            self.link((source, &from.port), (target, &to.port), best_effort);
            let links = &mut self.plan.places.links;
            links.resize(self.plan.director.link_count(), from.span.to(to.span));
        }
    }

    fn link(
        &mut self,
        (from, outbox): (Actor, &MemberPort),
        (to, inbox): (Actor, &MemberPort),
        best_effort: Option<BestEffort>,
    ) {
        let to = match inbox {
            MemberPort::Named(inbox) => Ends::from(to.port(inbox.as_str())),
            _ => Ends::from(to),
        };
        let director = &mut self.plan.director;
        match outbox {
            MemberPort::Default | MemberPort::Named(_) => {
                let from = match outbox {
                    MemberPort::Named(outbox) => Ends::from((from, outbox.as_str())),
                    _ => Ends::from(from),
                };
                match best_effort {
                    None => director.connect(from, to),
                    Some(settings) => director.connect_best_effort(from, to, settings),
                }
            }
            MemberPort::Error => director.connect_error(from, to),
            MemberPort::ErrorOf(kind) => director.connect_error_kind(from, *kind, to),
        }
    }

    fn set_errors(&mut self, value: &Node, found: &mut Vec<Diagnostic>) {
        if let Some(node) = self.named("errors", value, found) {
            self.plan.director.set_errors(node);
        }
    }

    fn set_log(&mut self, value: &Node, found: &mut Vec<Diagnostic>) {
        if let Some(node) = self.named("log", value, found) {
            self.plan.director.set_log(node, tracing::Level::INFO);
        }
    }

    /// Returns the actor that a key of the flow names.
    fn named(&mut self, key: &str, value: &Node, found: &mut Vec<Diagnostic>) -> Option<Actor> {
        let Content::Text(name) = &value.content else {
            let message = format!("`{key}` must name an actor, not {}", value.describe());
            found.push(Diagnostic::new(value.span, message));
            return None;
        };
        let member = Member {
            name: name.to_string(),
            port: MemberPort::Default,
            span: value.span,
        };
        self.find(&member)
            .map_err(|diagnostic| found.push(*diagnostic))
            .ok()
    }

    fn find(&mut self, member: &Member) -> Result<Actor, Box<Diagnostic>> {
        if let Some(node) = self.by_name.get(&*member.name) {
            return Ok(*node);
        }
        if member.name == "reply" {
            let node = self.plan.director.reply();
            self.plan.places.actors.push(member.span);
            self.plan.kinds.push(None);
            self.by_name.insert("reply".into(), node);
            return Ok(node);
        }
        let known = self.by_name.keys().map(|name| &**name).chain(["reply"]);
        let known: BTreeSet<&str> = known.collect();
        let message = format!("there is no actor `{}`", member.name);
        let hint = suggest::hint(&member.name, known);
        Err(Box::new(Diagnostic::new(member.span, message).hint(hint)))
    }
}

/// Stands where an actor could not be made. It may have been one that makes events, and have had any ports.
struct Missing;

impl compysition_core::Actor for Missing {
    fn ports(&self) -> Ports {
        Ports::any().source()
    }

    async fn consume(&mut self, _: Event, _: &Context) -> compysition_core::Result {
        Err(Error::internal("the actor could not be made"))
    }
}
