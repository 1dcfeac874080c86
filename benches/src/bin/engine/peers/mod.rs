//! The contenders: what carries events from the bridges over the steps to the sinks.

use compysition_core::{Director, Event, Node};

use crate::case::{Case, End};

mod actix;
mod compysition;
mod disruptor;
mod kameo;
mod plain;
mod ractor;
mod tokio_batches;
mod tokio_mpsc;

/// Takes an event where a bridge hands it over. Dropping the entrances ends the peer.
pub(crate) type Entrance = Box<dyn FnMut(Event) + Send>;

pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) system: System,
    /// Whether it has something to show for a case.
    pub(crate) takes: fn(&Case) -> bool,
}

pub(crate) enum System {
    /// Registers bridges, steps and sinks, and returns the bridges.
    Flow(fn(&Case, &End, &mut Director) -> Vec<Node>),
    /// Starts steps and sinks, and returns an entrance for each source.
    Peer(fn(&Case, &End) -> Vec<Entrance>),
}

/// What all others are compared with.
pub(crate) const REFERENCE: &str = "tokio mpsc, one by one";

/// What all others have in common: source, bridge and end, and hardly more.
pub(crate) const PLAIN: &str = "plain loop";

/// All contenders, in the order in which they run in each round.
pub(crate) const CONTENDERS: &[Contender] = &[
    peer(REFERENCE, tokio_mpsc::bounded),
    Contender {
        name: "compysition",
        system: System::Flow(compysition::actors::<true>),
        takes: any,
    },
    Contender {
        name: "compysition, KEEP_INPUT = false",
        system: System::Flow(compysition::actors::<false>),
        takes: compysition::has_steps,
    },
    Contender {
        name: "compysition, map",
        system: System::Flow(compysition::maps),
        takes: compysition::has_steps,
    },
    peer("tokio mpsc, unbounded", tokio_mpsc::unbounded),
    peer("tokio mpsc, Vec of 64", tokio_batches::build),
    peer("disruptor", disruptor::build),
    peer("actix", actix::build),
    peer("ractor", ractor::build),
    peer("kameo", kameo::build),
    peer(PLAIN, plain::build),
];

const fn peer(name: &'static str, build: fn(&Case, &End) -> Vec<Entrance>) -> Contender {
    Contender {
        name,
        system: System::Peer(build),
        takes: any,
    }
}

fn any(_: &Case) -> bool {
    true
}

/// Returns an entrance that gives each of several a copy.
fn copying(mut entrances: Vec<Entrance>) -> Entrance {
    if entrances.len() == 1 {
        return entrances.swap_remove(0);
    }
    Box::new(move |event| {
        let Some((last, rest)) = entrances.split_last_mut() else {
            return;
        };
        rest.iter_mut().for_each(|entrance| entrance(event.clone()));
        last(event);
    })
}
