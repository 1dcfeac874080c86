//! Builds directors from documents.

use std::path::Path;

use compysition_core::{Director, Lack, Problem};

use crate::diagnostics::Diagnostic;
use crate::expand::Expansion;
use crate::findings;
use crate::load::Loader;
use crate::node::Node;
use crate::places::Places;
use crate::placing::Placement;
use crate::shared_file::shared_files;
use crate::shared_port::shared_ports;
use crate::sheet::Sheet;
use crate::values::Shared;

/// A director, and where in the files its parts stand.
pub(crate) struct Plan {
    pub(crate) name: String,
    pub(crate) director: Director,
    pub(crate) places: Places,
    /// The kinds of the actors; none of `reply`, or where it is not known.
    pub(crate) kinds: Vec<Option<&'static str>>,
    /// The processes that it runs in, if they are several.
    pub(crate) placement: Option<Placement>,
    /// Whether every line of `connect` could be read; else more would look unconnected than is.
    pub(crate) is_whole: bool,
    /// Whether every actor could be made; else not all is known of what becomes of events.
    pub(crate) is_made: bool,
    /// Which ends of links name actors that there are not, and may be meant for others.
    pub(crate) strange: Strange,
}

/// Which links may be missing, since they were drawn to or from something else.
#[derive(Clone, Copy, Default)]
pub(crate) struct Strange {
    pub(crate) sources: bool,
    pub(crate) targets: bool,
}

impl Plan {
    /// Returns what is wrong with the wiring, with the places.
    pub(crate) fn diagnostics(&self) -> Vec<Diagnostic> {
        let mut found = match self.director.check() {
            Ok(()) => Vec::new(),
            Err(mut error) => {
                error.problems.retain(|problem| self.is_sure(problem));
                self.places.diagnostics(&error)
            }
        };
        let wiring = self.director.wiring();
        found.extend(shared_ports(&wiring, &self.places));
        found.extend(shared_files(&wiring, &self.places));
        found
    }

    /// Returns what is worth knowing beside what is wrong.
    pub(crate) fn findings(&self) -> Vec<Diagnostic> {
        let wiring = self.director.wiring();
        match self.is_whole && self.is_made && self.director.check().is_ok() {
            true => findings::of(&wiring, &self.places),
            // Who answers whom is not known, but each actor knows its settings.
            false => findings::of_settings(&wiring, &self.places),
        }
    }

    /// Tells whether a problem is one whatever else is wrong.
    fn is_sure(&self, problem: &Problem) -> bool {
        match problem.lacks {
            None => true,
            Some(Lack::From) => self.is_whole && !self.strange.sources,
            Some(Lack::To) => self.is_whole && !self.strange.targets,
        }
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
    let mut sheet = Sheet::read(document, path, None, loader, shared, found)?;
    let name = sheet.name.take().unwrap_or_else(|| {
        let stem = path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    });
    let mut director = Director::new(name.as_str());
    let bounds = std::mem::take(&mut sheet.bounds);
    let patience = bounds.patience();
    bounds.set(&mut director);
    let mut plan = Plan {
        name,
        director,
        places: Places::of_flow(sheet.span),
        kinds: Vec::new(),
        placement: None,
        is_whole: true,
        is_made: true,
        strange: Strange::default(),
    };
    let placing = std::mem::take(&mut sheet.placing);
    let surroundings = sheet.surroundings.clone();
    Expansion::new(&mut plan, path, loader, shared, found).flow(sheet);
    let links = loader.links.as_deref();
    let place = || placing.apply(&mut plan, patience, links, found);
    let placement = surroundings.enter(|| loader.functions.enter(place));
    plan.placement = placement;
    Some(plan)
}
