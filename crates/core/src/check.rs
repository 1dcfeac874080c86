//! The mistakes in a flow's wiring, all found before the first event.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::Result;
use crate::connection::{Connection, LinkKind};
use crate::director::{Director, Registered, Role};
use crate::ends::Node;
use crate::flow_error::{About, FlowError, Lack, Problem};
use crate::pool::Pool;
use crate::port::Port;
use crate::retry::Retry;
use crate::travel::MOST_HOPS;

pub(crate) fn check(director: &Director) -> Result<(), FlowError> {
    let mut problems = Vec::new();
    limits(director, &mut problems);
    actors(director, &mut problems);
    links(director, &mut problems);
    fixed_ports(director, &mut problems);
    unreachable(director, &mut problems);
    if problems.is_empty() {
        return Ok(());
    }
    Err(FlowError {
        flow: director.name.to_string(),
        problems,
    })
}

fn limits(director: &Director, problems: &mut Vec<Problem>) {
    let limits = &director.limits;
    let mistakes = [
        (
            limits.roots == 0,
            "a flow that may have no event under way does nothing",
        ),
        (
            limits.bytes == 0,
            "a flow that may hold no bytes does nothing",
        ),
        (
            limits.live == 0,
            "a flow in which an event may have no copy under way does nothing",
        ),
        (
            limits.hops == 0,
            "an event that may pass no link goes nowhere",
        ),
        (
            limits.hops > MOST_HOPS,
            "an event may pass at most 1048575 links",
        ),
    ];
    for (_, message) in mistakes.iter().filter(|(is_mistake, _)| *is_mistake) {
        problems.push(problem(About::Flow, (*message).to_owned()));
    }
}

fn problem(about: About, message: String) -> Problem {
    Problem {
        about,
        message,
        lacks: None,
    }
}

fn lack(actor: usize, lacks: Lack, message: String) -> Problem {
    Problem {
        lacks: Some(lacks),
        ..problem(About::Actor(actor), message)
    }
}

fn actors(director: &Director, problems: &mut Vec<Problem>) {
    let mut seen = HashSet::new();
    for (index, actor) in director.actors.iter().enumerate() {
        let name = &actor.name;
        let about = About::Actor(index);
        if !seen.insert(name) {
            let message = format!("two actors are named `{name}`; names are unique in a flow");
            problems.push(problem(about.clone(), message));
        }
        for mistake in actor.options.retry.iter().flat_map(Retry::mistakes) {
            let message = format!("the retry of `{name}` cannot work: {mistake}");
            problems.push(problem(about.clone(), message));
        }
        if let Some(breaker) = &actor.options.breaker {
            let is_function =
                matches!(&actor.role, Role::Actor(Ok(stage), _) if stage.is_function());
            let no_actor =
                is_function.then_some("a plain function has no breaker; make it an actor");
            for mistake in breaker.mistakes().chain(no_actor) {
                let message = format!("the breaker of `{name}` cannot work: {mistake}");
                problems.push(problem(about.clone(), message));
            }
        }
        if let Some(pool) = &actor.pool {
            let mistakes = [
                pool.mistake(),
                actor.pool_mistake(),
                value_mistake(actor, pool),
            ];
            for mistake in mistakes.into_iter().flatten() {
                let message = format!("there can be no such pool of `{name}`: {mistake}");
                problems.push(problem(about.clone(), message));
            }
        }
        if let Role::Actor(Err(error), _) = &actor.role {
            let message = format!("actor `{name}` cannot be made: {error}");
            problems.push(problem(about, message));
        }
    }
    let unknown = |node: &Node| director.registered(*node).is_none();
    if director.errors.as_ref().is_some_and(unknown) {
        let message = "the actor for errors was not registered with this director".to_owned();
        problems.push(problem(About::Flow, message));
    }
    if director.dead_letters.as_ref().is_some_and(unknown) {
        let message = "the actor for dead letters was not registered with this director";
        problems.push(problem(About::Flow, message.to_owned()));
    }
}

fn value_mistake(actor: &Registered, pool: &Pool) -> Option<&'static str> {
    let is_mistake = pool.size > 1 && actor.is_value() && actor.pool_mistake().is_none();
    is_mistake.then_some("it was registered as a value; register a function that makes it, `|| …`")
}

fn links(director: &Director, problems: &mut Vec<Problem>) {
    let mut seen = HashSet::new();
    for (index, link) in director.links.iter().enumerate() {
        let (Some(from), Some(to)) = (director.registered(link.from), director.registered(link.to))
        else {
            let message = "a connection names an actor that was not registered with this director";
            problems.push(problem(About::Link(index), message.to_owned()));
            continue;
        };
        let is_error = link.kind != LinkKind::Plain;
        if !seen.insert((link.from, &link.outbox, link.to, &link.inbox, is_error)) {
            let message = format!(
                "outbox `{}` of `{}` is connected to inbox `{}` of `{}` twice",
                link.outbox, from.name, link.inbox, to.name
            );
            problems.push(problem(About::Link(index), message));
        }
        if matches!(from.role, Role::Reply) {
            let message = "events end at `reply`; it has no outboxes".to_owned();
            problems.push(problem(About::Link(index), message));
        }
        let answers = to.ports.door || matches!(to.role, Role::Reply);
        if link.best_effort.is_some() && answers {
            let message = format!(
                "a best-effort link leads to `{}`, but what passes it answers no request",
                to.name
            );
            problems.push(problem(About::Link(index), message));
        }
        if link
            .best_effort
            .as_ref()
            .is_some_and(|link| link.queue == 0)
        {
            let message = format!(
                "the best-effort link from `{}` to `{}` has a queue of 0, so nothing could pass",
                from.name, to.name
            );
            problems.push(problem(About::Link(index), message));
        }
        let is_trap = matches!(link.outbox.as_str(), "errors" | "err");
        if !is_error && is_trap && from.ports.outboxes.is_empty() {
            let message = format!(
                "outbox `{}` of `{}` would get a copy of each event; the errors come from `error`",
                link.outbox, from.name
            );
            problems.push(problem(About::Link(index), message));
        }
        // What `into` names takes what the actor makes; its payload stays as it was.
        let made = from
            .ports
            .makes
            .filter(|_| !is_error && from.options.into.is_none());
        if let (Some(made), Some(taken)) = (made, to.ports.takes)
            && made != taken
        {
            let message = format!(
                "`{}` makes {made}, but `{}` takes {taken}; put an actor between them that makes one of the other",
                from.name, to.name
            );
            problems.push(problem(About::Link(index), message));
        }
        let unknown = |fixed: &[Port], port: &Port| !fixed.is_empty() && !fixed.contains(port);
        if !is_error && unknown(&from.ports.outboxes, &link.outbox) {
            let message = no_such_port(&from.name, "outbox", &link.outbox, &from.ports.outboxes);
            problems.push(problem(About::Link(index), message));
        }
        if unknown(&to.ports.inboxes, &link.inbox) {
            let message = no_such_port(&to.name, "inbox", &link.inbox, &to.ports.inboxes);
            problems.push(problem(About::Link(index), message));
        }
    }
}

fn no_such_port(actor: &str, what: &str, port: &Port, known: &[Port]) -> String {
    let known: Vec<&str> = known.iter().map(Port::as_str).collect();
    format!(
        "`{actor}` has no {what} `{port}`; there are {}",
        known.join(", ")
    )
}

fn fixed_ports(director: &Director, problems: &mut Vec<Problem>) {
    for (index, actor) in director.actors.iter().enumerate() {
        let is = |node: Node| node.index as usize == index;
        let plain = |link: &&Connection| link.kind == LinkKind::Plain;
        for outbox in actor.ports.outboxes.iter().chain(&actor.ports.needed) {
            let connected = |link: &Connection| is(link.from) && link.outbox == *outbox;
            if !director.links.iter().filter(plain).any(connected) {
                let message = format!("outbox `{outbox}` of `{}` is not connected", actor.name);
                problems.push(lack(index, Lack::From, message));
            }
        }
        for inbox in &actor.ports.inboxes {
            let connected = |link: &Connection| is(link.to) && link.inbox == *inbox;
            if !director.links.iter().any(connected) {
                let message = format!("inbox `{inbox}` of `{}` is not connected", actor.name);
                problems.push(lack(index, Lack::To, message));
            }
        }
    }
}

/// Follows the links from all that makes events; what is not met gets none.
fn unreachable(director: &Director, problems: &mut Vec<Problem>) {
    let mut next: HashMap<u32, Vec<u32>> = HashMap::new();
    for link in &director.links {
        next.entry(link.from.index).or_default().push(link.to.index);
    }
    let count = director.actors.len();
    let mut met = vec![false; count];
    let is_source = |index: &u32| director.actors[*index as usize].ports.source;
    let mut queue: VecDeque<u32> = (0..count as u32).filter(is_source).collect();
    let named = director.errors.iter().chain(&director.dead_letters);
    queue.extend(named.map(|node| node.index));
    while let Some(index) = queue.pop_front() {
        let Some(met) = met.get_mut(index as usize).filter(|met| !**met) else {
            continue;
        };
        *met = true;
        queue.extend(next.get(&index).into_iter().flatten());
    }
    for (index, actor) in director.actors.iter().enumerate() {
        if met[index] || matches!(actor.role, Role::Reply) {
            continue;
        }
        // An actor that could not be made may be the source that is missing here.
        if director
            .actors
            .iter()
            .any(|actor| matches!(actor.role, Role::Actor(Err(_), _)))
        {
            continue;
        }
        let message = format!(
            "no event can reach `{}`: no path leads to it from an actor that makes events",
            actor.name
        );
        problems.push(lack(index, Lack::To, message));
    }
}
