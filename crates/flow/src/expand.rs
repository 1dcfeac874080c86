//! Puts a flow together from its file and, in the place of each sub-flow, from that one's.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use compysition_core::{
    Built, Context, Error, ErrorKind, Event, Node as Actor, Ports as ActorPorts,
};

use crate::actors::{self, Entered};
use crate::build::Plan;
use crate::diagnostics::Diagnostic;
use crate::files::{self, Chain};
use crate::joint::{Source, Target};
use crate::load::Loader;
use crate::node::Node;
use crate::places::{Place, Used};
use crate::scope::{INBOX, Named, OUTBOX, Ports, Scope, Sub};
use crate::settings;
use crate::sheet::Sheet;
use crate::source::Span;
use crate::subflow::Use;
use crate::values::Shared;

/// How deep sub-flows may be in sub-flows.
const MAX_DEPTH: usize = 16;
/// How many sub-flows a flow may have.
const MAX_USES: usize = 1000;
/// How many values their files may have together, counted at each use.
const MAX_VALUES: usize = 500_000;

/// A flow that is being put together.
pub(crate) struct Expansion<'a> {
    pub(crate) plan: &'a mut Plan,
    loader: &'a Loader,
    shared: &'a Shared,
    pub(crate) found: &'a mut Vec<Diagnostic>,
    open: Chain,
    /// The uses that led to the present file, the nearest last.
    uses: Vec<(Span, String)>,
    use_count: usize,
    value_count: usize,
    pub(crate) link_count: usize,
    pub(crate) reply: Option<Actor>,
    /// The kinds of errors that have a connection; none stands for all the others.
    pub(crate) handled: HashMap<Actor, Vec<Option<ErrorKind>>>,
}

/// One file that is being expanded.
pub(crate) struct File {
    /// What stands before the names of its actors.
    pub(crate) prefix: String,
    pub(crate) used: Used,
    pub(crate) scope: Scope,
    /// The ports, if it is the file of a sub-flow.
    pub(crate) inboxes: Ports<Target>,
    pub(crate) outboxes: Ports<Source>,
    /// The members of lines that something is known to be wrong with.
    pub(crate) reported: BTreeSet<Span>,
    /// How often an actor was named that there is not, and all else is known.
    pub(crate) unknown: usize,
    pub(crate) is_whole: bool,
}

impl<'a> Expansion<'a> {
    pub(crate) fn new(
        plan: &'a mut Plan,
        path: &Path,
        loader: &'a Loader,
        shared: &'a Shared,
        found: &'a mut Vec<Diagnostic>,
    ) -> Expansion<'a> {
        Expansion {
            plan,
            loader,
            shared,
            found,
            open: Chain::of(path),
            uses: Vec::new(),
            use_count: 0,
            value_count: 0,
            link_count: 0,
            reply: None,
            handled: HashMap::new(),
        }
    }

    /// Expands the file of the flow.
    pub(crate) fn flow(mut self, mut sheet: Sheet) {
        let log = sheet.log.take();
        let dead_letters = sheet.dead_letters.take();
        let has_dead_letters = dead_letters.is_some();
        sheet.actors.extend(dead_letters);
        let mut file = self.file(sheet, String::new());
        if has_dead_letters
            && let Some(Named::Actor(actor)) = file.scope.names.get(actors::DEAD_LETTERS)
        {
            self.plan.director.set_dead_letters(*actor);
        }
        if let Some(log) = log {
            self.set_log(&mut file, &log);
        }
    }

    fn file(&mut self, sheet: Sheet, prefix: String) -> File {
        let mut file = File {
            prefix,
            used: self.uses.iter().rev().cloned().collect(),
            scope: Scope::default(),
            inboxes: Ports::new(),
            outboxes: Ports::new(),
            reported: BTreeSet::new(),
            unknown: 0,
            is_whole: sheet.is_whole,
        };
        let functions = &self.loader.functions;
        let register = || functions.enter(|| self.register(sheet.actors, &mut file));
        sheet.surroundings.enter(register);
        for used in sheet.uses {
            let sub = self.sub_flow(&used, &sheet.path, &file.prefix);
            self.plan.is_whole &= sub.is_some();
            let named = sub.map_or(Named::Broken, Named::Sub);
            self.add_name(&mut file, (used.name, used.span), named);
        }
        let before = self.found.len();
        for link in sheet.links {
            self.connect(&mut file, link);
        }
        if let Some(errors) = sheet.errors {
            self.set_errors(&mut file, &errors);
        }
        self.note_strange(&file);
        let is_as_before = |found: &[Diagnostic], file: &File| found.len() == before + file.unknown;
        file.is_whole &= is_as_before(self.found, &file);
        if file.is_whole && file.scope.strangers.is_empty() {
            self.found.extend(file.scope.unconnected());
        }
        // Who is behind a port that is not connected is not to blame for it.
        self.plan.is_whole &= file.is_whole && is_as_before(self.found, &file);
        file
    }

    /// Has something stand for an actor that there is not.
    pub(crate) fn stand_in(&mut self, file: &File, name: &str, span: Span) -> Actor {
        self.plan.is_made = false;
        self.plan.kinds.push(None);
        self.plan.places.add_actor(file.place(span));
        let name = format!("{}{name}", file.prefix);
        self.plan.director.register(name, Missing)
    }

    fn register(&mut self, actors: Vec<Entered>, file: &mut File) {
        let secrets = self.shared.secrets.borrow().clone();
        for actor in actors {
            let kind = actor.kind.as_ref().map(|(kind, _)| *kind);
            self.plan.kinds.push(kind);
            let name = format!("{}{}", file.prefix, actor.name);
            let built = actor.kind.and_then(|(kind, node)| {
                let kind = self.loader.registry.get(kind)?;
                let built = settings::build(kind, &node, &secrets, self.found)?;
                let functions = self.loader.functions.clone();
                let again = settings::Again::new(kind, node, &secrets, functions);
                let built = Built::renewable(built, move || again.build());
                Some(match &self.loader.recast {
                    Some(recast) => recast(&name, kind.name(), built),
                    None => built,
                })
            });
            let director = &mut self.plan.director;
            let node = match built {
                Some(built) => {
                    let node = director.register(name, built);
                    actor.options.set(director, node, self.found);
                    node
                }
                // The flow is never started then.
                None => {
                    let node = director.register(name, Missing);
                    actor.options.set_of_any(director, node, self.found);
                    self.plan.is_made = false;
                    node
                }
            };
            self.plan.places.add_actor(file.place(actor.span));
            self.add_name(file, (actor.name, actor.span), Named::Actor(node));
        }
    }

    fn add_name(&mut self, file: &mut File, (name, span): (Arc<str>, Span), named: Named) {
        if self.is_sub() && matches!(&*name, INBOX | OUTBOX) {
            let message =
                format!("`{name}` stands for a port of the sub-flow; no actor can be named so");
            self.found.push(Diagnostic::new(span, message));
            return;
        }
        file.scope.names.insert(name, named);
    }

    /// Tells whether the present file is that of a sub-flow.
    pub(crate) fn is_sub(&self) -> bool {
        !self.uses.is_empty()
    }

    fn sub_flow(&mut self, used: &Use, user: &Path, prefix: &str) -> Option<Sub> {
        let before = self.found.len();
        let note = format!("used by `{}`", used.name);
        self.uses.push((used.span, note.clone()));
        let sub = self.open(used, user, prefix);
        self.uses.pop();
        for diagnostic in &mut self.found[before..] {
            let elsewhere = |span: &Span| span.file != used.span.file;
            if diagnostic.span.as_ref().is_some_and(elsewhere) {
                diagnostic.notes.push((used.span, note.clone()));
            }
        }
        sub
    }

    fn open(&mut self, used: &Use, user: &Path, prefix: &str) -> Option<Sub> {
        let (file, span) = used.file.as_ref()?;
        let path = user.parent().unwrap_or(Path::new("")).join(file);
        let mut fail = |message| {
            self.found.push(Diagnostic::new(*span, message));
            None
        };
        self.use_count += 1;
        if self.use_count > MAX_USES {
            return fail(format!("a flow has at most {MAX_USES} sub-flows"));
        }
        if self.open.len() > MAX_DEPTH {
            return fail(format!("sub-flows are nested more than {MAX_DEPTH} deep"));
        }
        if let Err(chain) = self.open.enter(&path) {
            return fail(format!("sub-flows use each other without end: {chain}"));
        }
        let sub = match files::open(&path, self.shared, self.found) {
            Ok(file) if file.documents.is_empty() && !file.is_broken => {
                let message = format!("`{}` is empty", path.display());
                self.found.push(Diagnostic::new(*span, message));
                None
            }
            Ok(file) => self.document(&file.documents, &path, used, prefix),
            Err(message) => {
                self.found.push(Diagnostic::new(*span, message));
                None
            }
        };
        self.open.leave();
        sub
    }

    fn document(
        &mut self,
        documents: &[Node],
        path: &Path,
        used: &Use,
        prefix: &str,
    ) -> Option<Sub> {
        if let Some(second) = documents.get(1) {
            let message = "the file of a sub-flow has one document";
            self.found.push(Diagnostic::new(second.span, message));
        }
        let document = documents.first()?;
        self.value_count += document.size();
        if self.value_count > MAX_VALUES {
            let message = format!("the sub-flows of a flow have more than {MAX_VALUES} values");
            self.found.push(Diagnostic::new(document.span, message));
            return None;
        }
        let sheet = Sheet::read(
            document.clone(),
            path,
            Some(used),
            self.loader,
            self.shared,
            self.found,
        )?;
        let file = self.file(sheet, format!("{prefix}{}/", used.name));
        let actors: Vec<Actor> = file.scope.actors().map(|(_, actor)| actor).collect();
        let failing = actors.iter().filter_map(|actor| {
            let handled = self.handled.get(actor).map_or(&[][..], Vec::as_slice);
            let kinds: Option<Vec<ErrorKind>> = handled.iter().copied().collect();
            Some((*actor, kinds?))
        });
        Some(Sub {
            span: used.span,
            failing: failing.collect(),
            actors,
            inboxes: file.inboxes,
            outboxes: file.outboxes,
            is_whole: file.is_whole,
        })
    }
}

impl File {
    pub(crate) fn place(&self, span: Span) -> Place {
        Place {
            span,
            used: self.used.clone(),
        }
    }
}

/// Stands where an actor could not be made. It may have been one that makes events, and have had any ports.
struct Missing;

impl compysition_core::Actor for Missing {
    fn ports(&self) -> ActorPorts {
        ActorPorts::any().source()
    }

    async fn consume(&mut self, _: Event, _: &Context) -> compysition_core::Result {
        Err(Error::internal("the actor could not be made"))
    }
}
