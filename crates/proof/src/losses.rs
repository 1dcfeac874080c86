//! What can be lost.

use std::time::Duration;

use compysition_core::{Ports, WiredLink, Wiring};
use serde::Serialize;

/// What a panic, a stop and a kill can lose.
#[derive(Clone, Debug, Serialize)]
pub struct Losses {
    /// The numbers of the actors that hold events, which an actor's panic fails.
    pub holders: Vec<usize>,
    /// The numbers of the actors whose failures nobody is connected for, so that they end in the log or the dead letters.
    pub unconnected: Vec<usize>,
    /// Whether what would be lost is written to the dead letters.
    pub dead_letters: bool,
    /// How long a stop waits for what is under way.
    pub stop_deadline: Duration,
    /// What is lost of each source when the process is killed.
    pub killed: Vec<Killed>,
}

/// What is lost of a source's events that are under way when the process is killed.
#[derive(Clone, Debug, Serialize)]
pub struct Killed {
    /// The number of the source.
    pub source: usize,
    /// What becomes of them.
    pub fate: Fate,
}

/// What becomes of events under way when the process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The client sees its connection break, and may ask again.
    ConnectionBreaks,
    /// The same, but what clients were told to be accepted already is gone.
    AcceptedGone,
    /// The source reads them again, as it notes only what is done.
    ReadAgain,
    /// They are gone.
    Gone,
}

pub(crate) fn of(wiring: &Wiring) -> Losses {
    let numbers = 0..wiring.actors.len();
    let takes_errors = |number: usize| {
        let own = |link: &WiredLink| link.from == number && link.errors.is_some();
        wiring.links.iter().any(own)
    };
    let answers = |number: usize| {
        let actor = &wiring.actors[number];
        actor.is_reply || actor.ports.is_door()
    };
    let unconnected = match wiring.errors {
        Some(errors) => Vec::from_iter((!takes_errors(errors)).then_some(errors)),
        None => {
            let mut connected = vec![false; wiring.actors.len()];
            for link in wiring.links.iter().filter(|link| link.errors.is_some()) {
                connected[link.from] = true;
            }
            let can_fail = |number: &usize| !wiring.actors[*number].ports.is_never_failing();
            // What the dead letters cannot keep is told apart.
            let keeps = |number: usize| wiring.dead_letters == Some(number);
            let is_open =
                |number: &usize| !connected[*number] && !answers(*number) && !keeps(*number);
            numbers.clone().filter(is_open).filter(can_fail).collect()
        }
    };
    let fate = |number: usize| {
        let ports = &wiring.actors[number].ports;
        match (ports.is_door(), ports.is_resuming()) {
            (true, _) if !asks(ports) => Fate::AcceptedGone,
            (true, _) => Fate::ConnectionBreaks,
            (false, true) => Fate::ReadAgain,
            (false, false) => Fate::Gone,
        }
    };
    let is_source = |number: &usize| wiring.actors[*number].ports.is_source();
    let is_holder = |number: &usize| wiring.actors[*number].ports.is_holding();
    Losses {
        holders: numbers.clone().filter(is_holder).collect(),
        unconnected,
        dead_letters: wiring.dead_letters.is_some(),
        stop_deadline: wiring.stop_deadline,
        killed: numbers
            .filter(is_source)
            .map(|source| Killed {
                source,
                fate: fate(source),
            })
            .collect(),
    }
}

/// Returns whether a door waits for answers to all that it makes.
fn asks(ports: &Ports) -> bool {
    ports.asks(None)
        && ports
            .named_outboxes()
            .iter()
            .all(|outbox| ports.asks(Some(outbox)))
}
