//! A flow as data, for what proves, explains or draws it.

use std::time::Duration;

use crate::best_effort::BestEffort;
use crate::breaker::Breaker;
use crate::connection::LinkKind;
use crate::director::{Director, Registered, Role};
use crate::limits::Limits;
use crate::pool::{Order, Pool};
use crate::port::Port;
use crate::ports::Ports;
use crate::retry::Retry;
use crate::supervision::Supervision;
use crate::{ErrorKind, Node};

/// Describes a flow in the making: its actors with what they promise, and its links.
///
/// Actors and links are numbered as in [`About`](crate::About). The links that nobody draws (errors without a connection
/// of their own, dead letters, the log) are not among them: [`errors`](Wiring::errors), [`dead_letters`](Wiring::dead_letters)
/// and [`log`](Wiring::log) tell where those lead.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// The flow's name.
    pub flow: String,
    /// The actors, in the order in which they were registered.
    pub actors: Vec<WiredActor>,
    /// The links, in the order in which they were made.
    pub links: Vec<WiredLink>,
    /// The actor that takes errors nobody is connected for.
    pub errors: Option<usize>,
    /// The actor that takes what would else be lost.
    pub dead_letters: Option<usize>,
    /// The actor that takes the flow's log.
    pub log: Option<usize>,
    /// What bounds the events in flight.
    pub limits: Limits,
    /// What becomes of actors that panic.
    pub supervision: Supervision,
    /// How long the flow may take to stop.
    pub stop_deadline: Duration,
}

/// One actor of a [`Wiring`].
#[derive(Clone, Debug)]
pub struct WiredActor {
    /// Its name, unique in the flow.
    pub name: String,
    /// Whether it is the node that stands for the door an event came in by.
    pub is_reply: bool,
    /// The process that it is placed in, if the flow is in several.
    pub process: Option<String>,
    /// Whether it is a plain function, which its sender runs in place.
    pub is_function: bool,
    /// What it says about its ports.
    pub ports: Ports,
    /// How many instances there are; one if it has no pool.
    pub instances: usize,
    /// In which order events go through them.
    pub order: WiredOrder,
    /// How long one event may take.
    pub timeout: Option<Duration>,
    /// How it tries again.
    pub retry: Option<Retry>,
    /// How it spares a peer that does not answer.
    pub breaker: Option<Breaker>,
    /// The path that takes what it makes.
    pub into: Option<String>,
}

/// In which order events leave an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WiredOrder {
    /// One instance: as they came in.
    Single,
    /// A pool: as each is done.
    None,
    /// A pool: those of one key as they came in.
    Key,
    /// A pool: as they came in.
    Input,
}

/// One link of a [`Wiring`].
#[derive(Clone, Debug)]
pub struct WiredLink {
    /// The number of the actor that it leads from.
    pub from: usize,
    /// The outbox that it leads from.
    pub outbox: Port,
    /// The number of the actor that it leads to.
    pub to: usize,
    /// The inbox that it leads to.
    pub inbox: Port,
    /// Which errors pass it, if it leads from the error outbox.
    pub errors: Option<WiredErrors>,
    /// How it drops what does not fit, if it may.
    pub best_effort: Option<BestEffort>,
}

/// Which errors pass a link from an error outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WiredErrors {
    /// Those that have no link for their kind.
    Rest,
    /// Those of this kind.
    Kind(ErrorKind),
}

impl Director {
    /// Describes the flow as it is wired so far. Links to actors of another director are left out.
    pub fn wiring(&self) -> Wiring {
        let index = |node: Option<Node>| {
            let node = node.filter(|node| self.registered(*node).is_some())?;
            Some(node.index as usize)
        };
        Wiring {
            flow: self.name.to_string(),
            actors: self.actors.iter().map(WiredActor::of).collect(),
            links: self.wired_links(),
            errors: index(self.errors),
            dead_letters: index(self.dead_letters),
            log: index(self.log.as_ref().map(|(_, node)| *node)),
            limits: self.limits.clone(),
            supervision: self.supervision.clone(),
            stop_deadline: self.stop_deadline,
        }
    }

    /// Returns the names of all actors, and the connected inboxes of each.
    pub fn inboxes(&self) -> Vec<(String, Vec<String>)> {
        let inboxes = |index: usize| {
            let inboxes = crate::launch::inboxes_of(index, &self.links);
            inboxes.iter().map(|inbox| inbox.to_string()).collect()
        };
        let actors = self.actors.iter().enumerate();
        actors
            .map(|(index, actor)| (actor.name.to_string(), inboxes(index)))
            .collect()
    }

    /// Returns how many links there are; the next one has this number in [`About::Link`](crate::About).
    pub fn link_count(&self) -> usize {
        self.links.len()
    }

    fn wired_links(&self) -> Vec<WiredLink> {
        let own = |node: Node| self.registered(node).is_some();
        let links = self.links.iter();
        links
            .filter(|link| own(link.from) && own(link.to))
            .map(|link| WiredLink {
                from: link.from.index as usize,
                outbox: link.outbox.clone(),
                to: link.to.index as usize,
                inbox: link.inbox.clone(),
                errors: match link.kind {
                    LinkKind::Plain | LinkKind::LastResort => None,
                    LinkKind::Error(None) => Some(WiredErrors::Rest),
                    LinkKind::Error(Some(kind)) => Some(WiredErrors::Kind(kind)),
                },
                best_effort: link.best_effort.clone(),
            })
            .collect()
    }
}

impl WiredActor {
    fn of(actor: &Registered) -> WiredActor {
        let pool = actor.pool.as_ref();
        WiredActor {
            name: actor.name.to_string(),
            is_reply: matches!(actor.role, Role::Reply),
            process: actor.process.as_deref().map(str::to_owned),
            is_function: matches!(&actor.role, Role::Actor(Ok(stage), _) if stage.is_function()),
            ports: actor.ports.clone(),
            instances: pool.map_or(1, |pool| pool.size),
            order: pool.map_or(WiredOrder::Single, WiredOrder::of),
            timeout: actor.options.timeout,
            retry: actor.options.retry.clone(),
            breaker: actor.options.breaker.clone(),
            into: actor.options.into.as_deref().map(str::to_owned),
        }
    }
}

impl WiredOrder {
    fn of(pool: &Pool) -> WiredOrder {
        match &pool.order {
            _ if pool.size == 1 => WiredOrder::Single,
            Order::None => WiredOrder::None,
            Order::Key(_) => WiredOrder::Key,
            Order::Input => WiredOrder::Input,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Event, map};

    use super::*;

    #[test]
    fn a_wiring_tells_links_by_number_and_what_passes_them() {
        let mut director = Director::new("shop");
        let first = director.register("first", map(|event: Event| event));
        let second = director.register("second", map(|event: Event| event));
        director.connect(first, second);
        director.connect_error(second, first);
        director.connect_error_kind(second, ErrorKind::Timeout, first);
        director.set_errors(second);
        director.set_into(second, "price");

        let wiring = director.wiring();
        let names: Vec<&str> = wiring.actors.iter().map(|actor| &*actor.name).collect();
        assert_eq!(names, ["first", "second"]);
        assert!(wiring.actors[0].is_function);
        assert_eq!(wiring.actors[1].into.as_deref(), Some("price"));
        assert_eq!(wiring.errors, Some(1));
        let ends: Vec<_> = wiring
            .links
            .iter()
            .map(|link| (link.from, link.to))
            .collect();
        assert_eq!(ends, [(0, 1), (1, 0), (1, 0)]);
        let errors: Vec<_> = wiring.links.iter().map(|link| link.errors).collect();
        let kind = WiredErrors::Kind(ErrorKind::Timeout);
        assert_eq!(errors, [None, Some(WiredErrors::Rest), Some(kind)]);
    }
}
