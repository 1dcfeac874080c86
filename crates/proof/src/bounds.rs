//! What bounds what.

use std::time::Duration;

use compysition_core::Wiring;
use serde::Serialize;

use crate::shares;

/// One thing that cannot grow without end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Events of a source that are under way; beyond that it waits.
    Source {
        /// The number of the source.
        actor: usize,
        /// How many there may be.
        events: usize,
        /// How many bytes they may have; what comes of them may take as much again, and what failed once more.
        bytes: usize,
        /// How many requests may wait beyond that, if it is a door; others are refused.
        waiting: Option<usize>,
    },
    /// What an actor holds; beyond that an event fails.
    Held {
        /// The number of the actor.
        actor: usize,
        /// How many bytes it may hold.
        bytes: usize,
        /// How long.
        time: Duration,
    },
    /// Events behind a best-effort link; beyond that some are dropped.
    BestEffort {
        /// The number of the link.
        link: usize,
        /// How many there may be.
        events: usize,
        /// How many bytes they may have.
        bytes: usize,
    },
    /// What may come of one event; beyond that it fails.
    Root {
        /// How many copies and children may be under way.
        live: usize,
        /// How many links one may pass.
        hops: u32,
    },
}

pub(crate) fn of(wiring: &Wiring) -> Vec<Bound> {
    let limits = &wiring.limits;
    let mut bounds = Vec::new();
    for (number, actor) in wiring.actors.iter().enumerate() {
        if actor.ports.is_source() {
            bounds.push(Bound::Source {
                actor: number,
                events: shares::roots(wiring, actor),
                bytes: shares::bytes(wiring, actor),
                waiting: actor.ports.is_door().then_some(limits.waiting),
            });
        }
        if actor.ports.is_holding() {
            bounds.push(Bound::Held {
                actor: number,
                bytes: limits.held_bytes,
                time: limits.held_for,
            });
        }
    }
    for (number, link) in wiring.links.iter().enumerate() {
        if let Some(settings) = &link.best_effort {
            bounds.push(Bound::BestEffort {
                link: number,
                events: settings.queue,
                bytes: settings.bytes,
            });
        }
    }
    bounds.push(Bound::Root {
        live: limits.live,
        hops: limits.hops,
    });
    bounds
}
