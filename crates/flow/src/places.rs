//! Where the parts of a flow stand in its files.

use std::sync::Arc;

use compysition_core::{About, FlowError};

use crate::diagnostics::Diagnostic;
use crate::source::Span;

/// Where the parts of a flow stand.
#[derive(Clone)]
pub(crate) struct Places {
    flow: Span,
    actors: Vec<Place>,
    links: Vec<Place>,
}

/// A place, maybe in the file of a sub-flow.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) span: Span,
    pub(crate) used: Used,
}

/// Where the sub-flow that a file is for is used, the nearest use first; nothing for the flow's own file.
pub(crate) type Used = Arc<[(Span, String)]>;

impl Places {
    pub(crate) fn of_flow(flow: Span) -> Places {
        Places {
            flow,
            actors: Vec::new(),
            links: Vec::new(),
        }
    }

    /// Says where the next actor stands.
    pub(crate) fn add_actor(&mut self, place: Place) {
        self.actors.push(place);
    }

    /// Says where the links stand that were added since, up to this number.
    pub(crate) fn add_links(&mut self, count: usize, place: Place) {
        self.links.resize(count, place);
    }

    /// Returns the problems that the director found, with their places.
    pub(crate) fn diagnostics(&self, error: &FlowError) -> Vec<Diagnostic> {
        let problems = error.problems.iter();
        problems
            .map(|problem| {
                let diagnostic = Diagnostic::new(self.of(&problem.about), &problem.message);
                let place = self.place(&problem.about);
                let used = place.iter().flat_map(|place| place.used.iter());
                used.fold(diagnostic, |diagnostic, (span, text)| {
                    diagnostic.note(*span, text)
                })
            })
            .collect()
    }

    /// Returns where a part of the flow stands; that of the flow if it is not known more closely.
    pub(crate) fn of(&self, about: &About) -> Span {
        self.place(about).map_or(self.flow, |place| place.span)
    }

    /// Returns the places of some of the actors, which are numbered anew; those of links are not known any more.
    pub(crate) fn of_actors(&self, actors: &[Option<usize>]) -> Places {
        let place = |index: &Option<usize>| {
            let known = index.and_then(|index| self.actors.get(index).cloned());
            known.unwrap_or_else(|| Place {
                span: self.flow,
                used: Used::default(),
            })
        };
        Places {
            flow: self.flow,
            actors: actors.iter().map(place).collect(),
            links: Vec::new(),
        }
    }

    fn place(&self, about: &About) -> Option<&Place> {
        match about {
            About::Actor(index) => self.actors.get(*index),
            About::Link(index) => self.links.get(*index),
            _ => None,
        }
    }
}
