//! What a flow guarantees, in sentences.

use std::fmt::Write;
use std::time::Duration;

use compysition_core::Wiring;

use crate::bounds::Bound;
use crate::guarantees::{Guarantees, LinkGuarantee, Order, Passes};
use crate::losses::{Fate, Losses};
use crate::routes::Route;

/// Sentences on one matter.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Section {
    /// What they are about.
    pub title: &'static str,
    /// The sentences.
    pub lines: Vec<String>,
}

impl Guarantees {
    /// Says it for people.
    pub fn tell(&self, wiring: &Wiring) -> Vec<Section> {
        let routes = self.routes.iter().map(|route| on_route(route, wiring));
        let links = self.links.iter().map(|link| on_link(link, wiring));
        let crossings = self.crossings.iter().map(|crossing| crossing.tell(wiring));
        let bounds = self.bounds.iter().map(|bound| on_bound(bound, wiring));
        [
            ("order from source to end", routes.collect()),
            ("links", links.collect()),
            ("links between processes", crossings.collect()),
            ("what is bounded", bounds.collect()),
            ("what can be lost", on_losses(&self.losses, wiring)),
        ]
        .into_iter()
        .map(|(title, lines)| Section { title, lines })
        .filter(|section| !section.lines.is_empty())
        .collect()
    }
}

/// Joins the names of some actors.
pub(crate) fn names(actors: &[usize], wiring: &Wiring) -> String {
    let names = actors
        .iter()
        .map(|&actor| format!("`{}`", wiring.actors[actor].name));
    names.collect::<Vec<_>>().join(", ")
}

/// Names a link by its ends.
pub(crate) fn link_name(link: usize, wiring: &Wiring) -> String {
    let link = &wiring.links[link];
    let (from, to) = (&wiring.actors[link.from].name, &wiring.actors[link.to].name);
    match link.errors {
        Some(_) => format!("`{from}.{} -> {to}`", link.outbox),
        None => format!("`{from} -> {to}`"),
    }
}

fn on_route(route: &Route, wiring: &Wiring) -> String {
    let (source, end) = (
        &wiring.actors[route.source].name,
        &wiring.actors[route.end].name,
    );
    let mut line = format!("`{source}` to `{end}`: ");
    let changed = names(&route.changed_by, wiring);
    line += &match (route.order, route.meets_at.is_empty()) {
        (_, false) => {
            let at = names(&route.meets_at, wiring);
            format!("order is kept on each way, but ways meet at {at}")
        }
        (Order::Kept, _) => "order is kept".to_owned(),
        (Order::ByKey, _) => format!("order is kept among events of one key of {changed}"),
        (Order::ExceptRetried, _) => {
            format!("order is kept, but what {changed} tries again is passed by others")
        }
        (Order::ExceptHeld, _) => {
            format!("order is kept, but what {changed} holds may be passed by others")
        }
        (Order::None, _) => {
            format!("order is not kept: {changed} handles several events side by side")
        }
    };
    if !route.meets_at.is_empty() && !route.changed_by.is_empty() {
        let _ = write!(line, ", and {changed} may change it");
    }
    if route.is_lossy {
        line += "; a best-effort link may drop some";
    }
    line
}

fn on_link(link: &LinkGuarantee, wiring: &Wiring) -> String {
    let name = link_name(link.link, wiring);
    let passes = match link.passes {
        Passes::Moved => "the event itself",
        Passes::Copied => "a copy, whose body is shared until somebody changes it",
    };
    let dropped = match link.best_effort {
        Some(queue) => {
            format!("; best effort: answers nothing, and drops what is more than {queue} events")
        }
        None => String::new(),
    };
    format!("{name}: {passes}{dropped}")
}

fn on_bound(bound: &Bound, wiring: &Wiring) -> String {
    match bound {
        Bound::Source {
            actor,
            events,
            bytes,
            waiting,
        } => {
            let name = &wiring.actors[*actor].name;
            let bytes = size(*bytes);
            let then = match waiting {
                Some(waiting) => {
                    format!("{waiting} more requests may wait, and others are refused")
                }
                None => "then it waits".to_owned(),
            };
            format!("`{name}` has at most {events} events and {bytes} under way: {then}")
        }
        Bound::Held { actor, bytes, time } => {
            let (name, bytes, time) = (&wiring.actors[*actor].name, size(*bytes), span(*time));
            format!(
                "`{name}` holds at most {bytes}, each event at most {time}: beyond that an event fails"
            )
        }
        Bound::BestEffort {
            link,
            events,
            bytes,
        } => {
            let (name, bytes) = (link_name(*link, wiring), size(*bytes));
            format!(
                "behind {name} are at most {events} events and {bytes}: beyond that some are dropped and counted"
            )
        }
        Bound::Root { live, hops } => {
            format!(
                "of one event there are at most {live} copies and children at a time, and each passes at most {hops} links: beyond that it fails"
            )
        }
    }
}

fn on_losses(losses: &Losses, wiring: &Wiring) -> Vec<String> {
    let mut lines = Vec::new();
    let mut panic = "a panic fails the event at hand".to_owned();
    if !losses.holders.is_empty() {
        let _ = write!(
            panic,
            ", and what {} held then",
            names(&losses.holders, wiring)
        );
    }
    lines.push(format!("{panic}; the actor is made anew"));
    let place = match losses.dead_letters {
        true => "are kept in the dead letters",
        false => "are lost but for a line of the log, as there are no dead letters",
    };
    if !losses.unconnected.is_empty() {
        let names = names(&losses.unconnected, wiring);
        lines.push(format!(
            "errors of {names} have no connection, so those events {place}"
        ));
    }
    if losses.dead_letters {
        lines.push(
            "what the dead letters cannot write is lost but for a line of the log".to_owned(),
        );
    }
    let deadline = span(losses.stop_deadline);
    lines.push(format!(
        "a stop waits for what is under way, at most {deadline}; what is not done then fails"
    ));
    for killed in &losses.killed {
        let name = &wiring.actors[killed.source].name;
        let fate = match killed.fate {
            Fate::ConnectionBreaks => "the clients see their connections break",
            Fate::AcceptedGone => {
                "the clients see their connections break, and what they were told to be accepted is gone"
            }
            Fate::ReadAgain => "come again, as it counts only what has settled",
            Fate::Gone => "are gone",
        };
        lines.push(match killed.fate {
            Fate::ConnectionBreaks | Fate::AcceptedGone => {
                format!("a `kill -9` ends the requests to `{name}` that are under way: {fate}")
            }
            _ => format!("a `kill -9` ends the events of `{name}` that are under way: they {fate}"),
        });
    }
    lines
}

fn size(bytes: usize) -> String {
    match bytes {
        _ if bytes >= 1 << 20 => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

pub(crate) fn span(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        _ => format!("{time:?}"),
    }
}
