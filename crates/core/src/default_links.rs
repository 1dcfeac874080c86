//! The links that nobody draws: from all actors to those that a flow names for what went wrong.

use crate::Node;
use crate::connection::{Connection, LinkKind};
use crate::director::{Director, Role};
use crate::port::Port;

/// Gives actors without an error connection one to the flow's error actor, and returns their numbers.
pub(crate) fn connect_errors(director: &mut Director) -> Vec<usize> {
    let Some(errors) = director.errors else {
        return Vec::new();
    };
    let has_own = |index: usize| {
        let mut links = director.links.iter();
        links.any(|link| link.from.index as usize == index && link.kind == LinkKind::Error(None))
    };
    let others = others(director, errors);
    let without: Vec<usize> = others.filter(|index| !has_own(*index)).collect();
    for &index in &without {
        let inbox = error_inbox(&director.actors[index].name);
        connect(director, index, errors, inbox, LinkKind::Error(None));
    }
    without
}

/// Gives each actor a link to the dead letters, but those themselves.
pub(crate) fn connect_dead_letters(director: &mut Director) {
    let Some(dead_letters) = director.dead_letters else {
        return;
    };
    let others: Vec<usize> = others(director, dead_letters).collect();
    for index in others {
        let inbox = DEAD_LETTERS.into();
        connect(director, index, dead_letters, inbox, LinkKind::LastResort);
    }
}

/// Returns the inbox by which an actor takes the errors of another, unless it is named.
pub(crate) fn error_inbox(of: &str) -> Port {
    format!("error_{of}").into()
}

/// The outbox and the inbox of what would else be lost.
const DEAD_LETTERS: &str = "dead_letters";

/// Returns the numbers of all actors that have outboxes, but one.
fn others(director: &Director, but: Node) -> impl Iterator<Item = usize> {
    let has_outboxes = |index: &usize| !matches!(director.actors[*index].role, Role::Reply);
    let indices = (0..director.actors.len()).filter(has_outboxes);
    indices.filter(move |index| *index != but.index as usize)
}

fn connect(director: &mut Director, from: usize, to: Node, inbox: Port, kind: LinkKind) {
    let outbox = match kind {
        LinkKind::LastResort => DEAD_LETTERS,
        _ => "error",
    };
    director.links.push(Connection {
        from: Node {
            index: from as u32,
            ..to
        },
        outbox: outbox.into(),
        to,
        inbox,
        kind,
        best_effort: None,
    });
}
