//! What a flow guarantees as it is wired: order, copies, bounds, and what can be lost.

use compysition_core::{WiredActor, WiredOrder, Wiring};
use serde::Serialize;

use crate::bounds::{self, Bound};
use crate::graph::Graph;
use crate::losses::{self, Losses};
use crate::processes::{self, Crossing};
use crate::routes::{self, Route};

/// Says what holds for a flow however long it runs: per link, per pair of a source and an end, and for the whole.
#[derive(Clone, Debug, Serialize)]
pub struct Guarantees {
    /// What holds for each link, in the order of the links.
    pub links: Vec<LinkGuarantee>,
    /// What holds from each source to each end that its events may come to.
    pub routes: Vec<Route>,
    /// What bounds the events in a flow.
    pub bounds: Vec<Bound>,
    /// What a panic, a stop and a kill can lose.
    pub losses: Losses,
    /// The links that lead from one process into another.
    pub crossings: Vec<Crossing>,
}

/// What holds for one link.
#[derive(Clone, Debug, Serialize)]
pub struct LinkGuarantee {
    /// The number of the link.
    pub link: usize,
    /// In which order events leave the actor before it.
    pub order: Order,
    /// How events pass it.
    pub passes: Passes,
    /// How many events may be behind it before it drops some, if it does.
    pub best_effort: Option<usize>,
}

/// In which order events go through an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they came in.
    Kept,
    /// Those of one key as they came in.
    ByKey,
    /// Those that are tried again are passed by others.
    ExceptRetried,
    /// Those that are held leave later than others.
    ExceptHeld,
    /// As each is done.
    None,
}

impl Order {
    /// Returns in which order events leave an actor. What an actor does in the background is not known.
    pub fn of(actor: &WiredActor) -> Order {
        let retries = actor
            .retry
            .as_ref()
            .is_some_and(|retry| retry.attempts > 1 && !retry.keep_order);
        let pool = match actor.order {
            WiredOrder::Single | WiredOrder::Input => Order::Kept,
            WiredOrder::Key => Order::ByKey,
            WiredOrder::None => Order::None,
        };
        let held = match actor.ports.is_holding() {
            true => Order::ExceptHeld,
            false => Order::Kept,
        };
        let retried = match retries {
            true => Order::ExceptRetried,
            false => Order::Kept,
        };
        pool.max(held).max(retried)
    }
}

/// How an event passes a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Passes {
    /// It is the event itself that goes on: there is no other.
    Moved,
    /// It is one of several copies, which share their body until one is changed.
    Copied,
}

impl Guarantees {
    /// Finds what a flow guarantees. It takes time in proportion to the number of links, for each source and each end.
    pub fn of(wiring: &Wiring) -> Guarantees {
        let graph = Graph::new(wiring);
        Guarantees {
            links: links(wiring, &graph),
            routes: routes::of(&graph),
            bounds: bounds::of(wiring),
            losses: losses::of(wiring),
            crossings: processes::of(wiring),
        }
    }
}

fn links(wiring: &Wiring, graph: &Graph<'_>) -> Vec<LinkGuarantee> {
    let links = wiring.links.iter().enumerate();
    links
        .map(|(number, link)| LinkGuarantee {
            link: number,
            order: Order::of(&wiring.actors[link.from]),
            passes: match graph.goes_with_others(number) {
                true => Passes::Copied,
                false => Passes::Moved,
            },
            best_effort: link.best_effort.as_ref().map(|settings| settings.queue),
        })
        .collect()
}
