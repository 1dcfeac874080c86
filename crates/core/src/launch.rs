//! From a director's plan to a running flow.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::OnceLock;

use tokio::sync::Notify;

use crate::Result;
use crate::alarm::Alarm;
use crate::answer::Answers;
use crate::best_effort::Detour;
use crate::breaker::Switch;
use crate::connection::{Connection, LinkKind};
use crate::default_links::{connect_dead_letters, connect_errors};
use crate::director::{Director, Registered, Role};
use crate::flow::Flow;
use crate::flow_error::FlowError;
use crate::flow_state::FlowState;
use crate::health::Health;
use crate::in_place::InPlaceStation;
use crate::inbox::{CHUNK, Inbox};
use crate::legacy::Chest;
use crate::limits::Limits;
use crate::link::{Link, Target};
use crate::log_source::{self, behind};
use crate::lot::Lot;
use crate::permits::Gate;
use crate::pool::Pool;
use crate::port::Port;
use crate::ports::Share;
use crate::simulation::Trouble;
use crate::spawner::{Executor, Spawner, TokioExecutor};
use crate::stage::Stage;
use crate::starting;
use crate::station::{Counters, Outboxes, Station};
use crate::supervision::Maker;
use crate::tap::{Hop, Probe, Tap};

/// How many functions one sender runs in place one after the other; bounds the depth of the stack.
const LONGEST_RUN: usize = 16;

/// A node with all that its links need to know.
pub(crate) enum Placed {
    Task(Arc<Station>, Box<dyn Stage>, Maker),
    Pool(Arc<Station>, Box<dyn Stage>, Maker, Pool),
    Function(Arc<Station>, Arc<InPlaceStation>),
    Reply(Arc<Station>, Arc<Answers>),
}

pub(crate) async fn launch(director: Director) -> Result<Flow, FlowError> {
    let handle = tokio::runtime::Handle::current();
    let tuning = Tuning {
        chunk: CHUNK,
        seed: None,
        trouble: None,
    };
    launch_with(director, Arc::new(TokioExecutor(handle)), tuning).await
}

/// What a simulation decides on.
pub(crate) struct Tuning {
    /// How many events a chunk grows to.
    pub(crate) chunk: usize,
    /// What ids and random numbers are made of.
    pub(crate) seed: Option<u64>,
    pub(crate) trouble: Option<Arc<Trouble>>,
}

pub(crate) async fn launch_with(
    mut director: Director,
    executor: Arc<dyn Executor>,
    tuning: Tuning,
) -> Result<Flow, FlowError> {
    let with_default_errors = connect_errors(&mut director);
    connect_dead_letters(&mut director);
    let mut spawner = Spawner::new(executor);
    if let Some((tap, node)) = &director.log {
        tap.leave_out(behind(&director, *node));
        spawner = spawner.logging_to(tap.tee());
    }
    let mut state = FlowState::new(
        director.name.clone(),
        director.limits.clone(),
        director.supervision.clone(),
        spawner,
        tuning,
    );
    state.log = director.log.as_ref().map(|(tap, _)| tap.clone());
    state.gathers = director
        .actors
        .iter()
        .any(|actor| actor.ports.is_gatherer());
    state.tap = director.tap.clone();
    let state = Arc::new(state);
    let links = std::mem::take(&mut director.links);
    let actors = std::mem::take(&mut director.actors);
    let gates = gates(&actors, &state);
    let in_place = runs_in_place(actors.len(), &links);
    let only_source = director.only_source.map(|node| node.index as usize);

    let mut places = Vec::new();
    for (index, actor) in actors.into_iter().enumerate() {
        let gate = gates[index].clone();
        let inboxes = inboxes_of(index, &links);
        let mut inbound = links.iter().filter(|link| link.to.index as usize == index);
        let is_lossy = inbound.any(|link| link.best_effort.is_some());
        let is_pool = actor.pool.is_some();
        let inbox = match is_lossy || is_pool {
            true => Inbox::one_by_one(),
            false => Inbox::of(state.chunk),
        };
        // What is behind a best-effort link must not be done by the sender.
        let in_place = in_place[index] && !is_lossy;
        let is_silent = only_source.is_some_and(|only| only != index);
        places.push(place(
            actor, gate, inboxes, inbox, &state, in_place, is_silent,
        ));
    }
    let mut flow = Flow::new(
        state,
        gates.into_iter().flatten().collect(),
        director.stop_deadline,
    );
    let tap = director.tap.as_ref();
    wire(&places, &links, &with_default_errors, tap, &mut flow);
    starting::start(places, &mut flow).await?;
    Ok(flow)
}

/// Gives each source an equal, guaranteed share of the flow's permits.
fn gates(actors: &[Registered], state: &Arc<FlowState>) -> Vec<Option<Arc<Gate>>> {
    let sources = actors
        .iter()
        .filter(|actor| actor.ports.source && actor.ports.share == Share::Equal)
        .count()
        .max(1);
    let limits = &state.limits;
    let share = Limits {
        roots: (limits.roots / sources).max(1),
        bytes: (limits.bytes / sources).max(1),
        ..limits.clone()
    };
    let gate = |actor: &Registered| {
        let own = match actor.ports.share {
            Share::Equal => share.clone(),
            Share::Log => log_source::share(limits),
            Share::Foreign(processes) => limits.times(processes),
        };
        let is_source = actor.ports.source;
        is_source.then(|| Arc::new(Gate::new(state.clone(), own)))
    };
    actors.iter().map(gate).collect()
}

pub(crate) fn inboxes_of(index: usize, links: &[Connection]) -> Vec<Port> {
    let mut inboxes: Vec<Port> = Vec::new();
    for link in links.iter().filter(|link| link.to.index as usize == index) {
        if !inboxes.contains(&link.inbox) {
            inboxes.push(link.inbox.clone());
        }
    }
    inboxes
}

/// Says which actors, if they are plain functions, may run in their sender's place: those with one
/// inbound link, and not too many in a row.
fn runs_in_place(count: usize, links: &[Connection]) -> Vec<bool> {
    let mut senders: Vec<Vec<usize>> = vec![Vec::new(); count];
    for link in links {
        senders[link.to.index as usize].push(link.from.index as usize);
    }
    let run_before = |mut index: usize| {
        let mut length = 0;
        while let [sender] = senders[index][..] {
            length += 1;
            index = sender;
            if length > count {
                break;
            }
        }
        length
    };
    let may = |index: usize| senders[index].len() == 1 && run_before(index) % LONGEST_RUN != 0;
    (0..count).map(may).collect()
}

fn place(
    actor: Registered,
    gate: Option<Arc<Gate>>,
    inboxes: Vec<Port>,
    inbox: Inbox,
    state: &Arc<FlowState>,
    in_place: bool,
    is_silent: bool,
) -> Placed {
    let is_source = actor.ports.source;
    let options = &actor.options;
    let has_own_time = options.timeout.is_some() || options.retry.is_some();
    let in_place = in_place && !is_source && !has_own_time;
    let breaker = options.breaker.clone().map(Switch::new);
    let station = Arc::new(Station {
        name: actor.name.clone(),
        flow: state.clone(),
        ports: actor.ports,
        inboxes,
        inbox: Arc::new(inbox),
        outboxes: OnceLock::new(),
        is_silent: is_silent && is_source,
        gate,
        breaker: breaker.map(Arc::new),
        options: actor.options,
        alarm: Alarm::default(),
        lot: Lot::default(),
        legacy: Chest::default(),
        rest: Notify::new(),
        health: Health::default(),
        counters: Counters::default(),
        seat: None,
    });
    let (stage, maker) = match actor.role {
        Role::Reply => {
            let answers = Arc::new(Answers::new(actor.name, None));
            return Placed::Reply(station, answers);
        }
        Role::Actor(Ok(stage), maker) => (stage, maker),
        Role::Actor(Err(_), _) => {
            unreachable!("check refuses a flow with an actor that was not made")
        }
    };
    if let Some(pool) = actor.pool {
        return Placed::Pool(station, stage, maker, pool);
    }
    if !in_place {
        return Placed::Task(station, stage, maker);
    }
    match stage.into_in_place() {
        Ok(work) => {
            let in_place = Arc::new(InPlaceStation::new(station.clone(), work));
            Placed::Function(station, in_place)
        }
        Err(stage) => Placed::Task(station, stage, maker),
    }
}

impl Placed {
    fn station(&self) -> &Arc<Station> {
        match self {
            Placed::Task(station, ..)
            | Placed::Pool(station, ..)
            | Placed::Function(station, _)
            | Placed::Reply(station, _) => station,
        }
    }
}

fn wire(
    places: &[Placed],
    links: &[Connection],
    with_default_errors: &[usize],
    tap: Option<&Arc<dyn Tap>>,
    flow: &mut Flow,
) {
    let mut answers: HashMap<u32, Arc<Answers>> = HashMap::new();
    for (index, place) in places.iter().enumerate() {
        let station = place.station();
        let own = match place {
            Placed::Reply(_, answers) => Some(answers.clone()),
            _ if station.ports.door => {
                let gate = station.gate.clone();
                Some(Arc::new(Answers::new(station.name.clone(), gate)))
            }
            _ => None,
        };
        if let Some(own) = own {
            flow.add_answers(&station.name, own.clone());
            answers.insert(index as u32, own);
        }
        flow.add_station(station.clone());
    }
    for (index, place) in places.iter().enumerate() {
        let mut outboxes = Outboxes {
            errors_are_default: with_default_errors.contains(&index),
            ..Outboxes::default()
        };
        for link in links
            .iter()
            .filter(|link| link.from.index as usize == index)
        {
            let target = match (answers.get(&link.to.index), &places[link.to.index as usize]) {
                (Some(answers), _) => Target::Answers(answers.clone()),
                (None, Placed::Function(_, station)) => Target::InPlace(station.clone()),
                (None, other) => Target::Inbox(other.station().inbox.clone()),
            };
            let detour = link.best_effort.as_ref().map(|settings| {
                let share = Detour::share(settings, &flow.state().limits);
                let gate = Arc::new(Gate::new(flow.state().clone(), share));
                flow.add_gate(gate.clone());
                Detour::new(settings, gate)
            });
            let to = places[link.to.index as usize].station();
            let probe = tap.map(|tap| Probe {
                tap: tap.clone(),
                hop: Hop {
                    from: place.station().name.clone(),
                    outbox: link.outbox.clone(),
                    to: to.name.clone(),
                    inbox: link.inbox.clone(),
                    is_error: link.kind != LinkKind::Plain,
                },
            });
            add_link(&mut outboxes, link, target, to, detour, probe);
        }
        // Nobody else sets it: the station was made for this flow just now.
        let _ = place.station().outboxes.set(outboxes);
    }
}

fn add_link(
    outboxes: &mut Outboxes,
    link: &Connection,
    target: Target,
    to: &Station,
    detour: Option<Detour>,
    probe: Option<Probe>,
) {
    let number = outboxes.links.len();
    let inbox = to.inboxes.iter().position(|inbox| *inbox == link.inbox);
    let inbox = inbox.unwrap_or_default() as u16;
    match link.kind {
        LinkKind::Error(kind) => outboxes.errors.push((kind, number)),
        LinkKind::LastResort => outboxes.last_resort = Some(number),
        LinkKind::Plain => {
            outboxes.all.push(number);
            match outboxes
                .named
                .iter_mut()
                .find(|(port, _)| *port == link.outbox)
            {
                Some((_, links)) => links.push(number),
                None => outboxes.named.push((link.outbox.clone(), vec![number])),
            }
        }
    }
    let is_error = link.kind != LinkKind::Plain;
    outboxes.may_drop |= detour.is_some();
    let link = Link::new(
        link.outbox.clone(),
        to.name.clone(),
        target,
        inbox,
        is_error,
        detour,
    );
    outboxes.links.push(link.probed(probe));
}
