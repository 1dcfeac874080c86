//! The states of events in a flow, and the ways between them.

use compysition_core::{ErrorKind, Port, WiredErrors, WiredLink, Wiring};

use crate::exits::{Ending, Exit, Hop, State, Way};

/// A flow's states with all ways that lead from them. It is the same for all doors.
pub(crate) struct Graph<'a> {
    pub(crate) wiring: &'a Wiring,
    /// The numbers of each actor's links.
    links: Vec<Vec<usize>>,
    /// Which actors copies come to that have left their root by a best-effort link.
    strays: Vec<bool>,
    /// What may become of an event in each state.
    pub(crate) ways: Vec<Vec<Way>>,
    /// From where each state is reached: a state and the number of its way, once for each hop.
    pub(crate) before: Vec<Vec<(usize, usize)>>,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(wiring: &'a Wiring) -> Graph<'a> {
        let mut links = vec![Vec::new(); wiring.actors.len()];
        for (number, link) in wiring.links.iter().enumerate() {
            links[link.from].push(number);
        }
        let count = wiring.actors.len() * State::EACH;
        let mut graph = Graph {
            wiring,
            links,
            strays: Vec::new(),
            ways: Vec::new(),
            before: vec![Vec::new(); count],
        };
        let lossy = wiring
            .links
            .iter()
            .filter(|link| link.best_effort.is_some());
        graph.strays = graph.reach(lossy.map(|link| link.to), |_| true);
        graph.ways = (0..count)
            .map(|index| graph.ways_from(State::of(index)))
            .collect();
        for (state, ways) in graph.ways.iter().enumerate() {
            for (number, way) in ways.iter().enumerate() {
                for hop in &way.hops {
                    graph.before[hop.to].push((state, number));
                }
            }
        }
        graph
    }

    /// Returns which actors are met from some over all links, those for errors and best-effort ones too, and only through
    /// those that let events pass.
    pub(crate) fn reach(
        &self,
        first: impl IntoIterator<Item = usize>,
        passes: impl Fn(usize) -> bool,
    ) -> Vec<bool> {
        let wiring = self.wiring;
        let mut met = vec![false; wiring.actors.len()];
        let mut open: Vec<usize> = first.into_iter().collect();
        while let Some(actor) = open.pop() {
            if std::mem::replace(&mut met[actor], true) || !passes(actor) {
                continue;
            }
            open.extend(self.out(actor).map(|(_, link)| link.to));
            open.extend(wiring.errors.into_iter().chain(wiring.dead_letters));
        }
        met
    }

    /// Returns the numbers of the actors that make events.
    pub(crate) fn sources(&self) -> impl Iterator<Item = usize> {
        let actors = self.wiring.actors.iter().enumerate();
        actors
            .filter(|(_, actor)| actor.ports.is_source())
            .map(|(number, _)| number)
    }

    /// Returns whether what comes to an actor answers requests, be it those of one door only.
    pub(crate) fn takes_answers(&self, actor: usize) -> bool {
        let actor = &self.wiring.actors[actor];
        actor.is_reply || actor.ports.is_door()
    }

    /// Returns the ways of what a source makes by itself.
    pub(crate) fn entries(&self, source: usize) -> Vec<Way> {
        let state = State {
            actor: source,
            marked: false,
            straight: false,
        };
        let ports = &self.wiring.actors[source].ports;
        if !ports.own_outboxes().is_empty() {
            let own = |link: &WiredLink| ports.own_outboxes().contains(&link.outbox);
            return vec![self.way(
                state,
                Exit::All,
                self.plain(source).filter(|(_, link)| own(link)),
            )];
        }
        match ports.is_choosing() {
            true => self.choices(state),
            false => vec![self.way(state, Exit::All, self.plain(source))],
        }
    }

    fn plain(&self, actor: usize) -> impl Iterator<Item = (usize, &WiredLink)> {
        self.out(actor).filter(|(_, link)| link.errors.is_none())
    }

    pub(crate) fn out(&self, actor: usize) -> impl Iterator<Item = (usize, &WiredLink)> {
        self.links[actor]
            .iter()
            .map(|&number| (number, &self.wiring.links[number]))
    }

    fn ways_from(&self, state: State) -> Vec<Way> {
        let actor = &self.wiring.actors[state.actor];
        if self.takes_answers(state.actor) {
            let ending = match state.marked {
                true => Ending::Marked,
                false => Ending::Stray,
            };
            return vec![ended(Exit::Drop, ending)];
        }
        let mut ways = self.sends(state);
        // Where nothing is connected, to send and to drop is the same.
        let ends_anyway = ways.iter().any(|way| way.ending.is_some());
        if self.may_drop(state.actor) && !ends_anyway {
            ways.push(match state.marked {
                true => self.given_up(state, Exit::Drop, Ending::Marked),
                false => ended(Exit::Drop, Ending::Dropped),
            });
        }
        if !actor.ports.is_never_failing() || actor.timeout.is_some() {
            ways.extend(self.errors(state));
        }
        ways
    }

    fn may_drop(&self, actor: usize) -> bool {
        let ports = &self.wiring.actors[actor].ports;
        let is_spared = |port: &Port| self.plain(actor).any(|(_, link)| link.outbox == *port);
        // A copy that left its root by a best-effort link may have gone on instead, which answers nothing.
        let unites = ports.is_uniting() && !self.strays[actor];
        ports.drops() && !unites && !ports.drop_outbox().is_some_and(is_spared)
    }

    fn sends(&self, state: State) -> Vec<Way> {
        let ports = &self.wiring.actors[state.actor].ports;
        if ports.is_choosing() && self.plain(state.actor).next().is_some() {
            return self.choices(state);
        }
        let aside = ports.outboxes_aside();
        let mut ways = Vec::new();
        if !state.straight {
            for port in aside {
                let mut links = self
                    .plain(state.actor)
                    .filter(|(_, link)| link.outbox == *port)
                    .peekable();
                if links.peek().is_some() {
                    ways.push(self.way(state, Exit::To(port.clone()), links));
                }
            }
        }
        let rest = self.plain(state.actor).filter(|(_, link)| {
            !aside.contains(&link.outbox) && !ports.own_outboxes().contains(&link.outbox)
        });
        ways.push(self.way(state, Exit::All, rest));
        ways
    }

    /// Returns a way for each connected outbox.
    fn choices(&self, state: State) -> Vec<Way> {
        let mut ports: Vec<&Port> = Vec::new();
        for (_, link) in self.plain(state.actor) {
            if !ports.contains(&&link.outbox) {
                ports.push(&link.outbox);
            }
        }
        let to = |port: &Port| {
            let links = self
                .plain(state.actor)
                .filter(|(_, link)| link.outbox == *port);
            self.way(state, Exit::To(port.clone()), links)
        };
        ports.into_iter().map(to).collect()
    }

    fn errors(&self, state: State) -> Vec<Way> {
        let mut listed: Vec<WiredErrors> = Vec::new();
        for errors in self.out(state.actor).filter_map(|(_, link)| link.errors) {
            if !listed.contains(&errors) {
                listed.push(errors);
            }
        }
        let has_rest = listed.contains(&WiredErrors::Rest);
        let errors = self
            .wiring
            .errors
            .filter(|&errors| errors != state.actor && !has_rest);
        if errors.is_some() && state.marked {
            // What fails on its way through the actor for errors must not come back to it for ever.
            return vec![self.given_up(state, Exit::AnyError, Ending::FailedAgain)];
        }
        let failed = State {
            marked: true,
            ..state
        };
        let mut ways = Vec::new();
        for of in &listed {
            let links = self
                .out(state.actor)
                .filter(|(_, link)| link.errors == Some(*of));
            ways.push(self.way(failed, Exit::of_errors(*of), links));
        }
        let all_kinds = listed.len() >= ErrorKind::ALL.len();
        match errors {
            _ if has_rest || all_kinds => {}
            Some(errors) => ways.push(Way {
                exit: Exit::AnyError,
                hops: vec![marked_at(errors)],
                ending: None,
            }),
            None => ways.push(self.given_up(state, Exit::AnyError, Ending::Unconnected)),
        }
        ways
    }

    /// Returns the way of an event that nobody sees to: by the dead letters, if they lead further.
    fn given_up(&self, state: State, exit: Exit, ending: Ending) -> Way {
        let further =
            |&letters: &usize| letters != state.actor && self.plain(letters).next().is_some();
        match self.wiring.dead_letters.filter(further) {
            Some(letters) => Way {
                exit,
                hops: vec![marked_at(letters)],
                ending: None,
            },
            None => ended(exit, ending),
        }
    }

    fn way<'l>(
        &self,
        state: State,
        exit: Exit,
        links: impl Iterator<Item = (usize, &'l WiredLink)>,
    ) -> Way {
        let mut is_lossy = false;
        let mut hops = Vec::new();
        let marked = match exit.is_error() {
            true => true,
            false => state.marked && !self.wiring.actors[state.actor].ports.is_recovering(),
        };
        for (number, link) in links {
            if link.best_effort.is_some() {
                // What passes it answers nothing.
                is_lossy = true;
                continue;
            }
            let straight = self.wiring.actors[link.to].ports.straight_inbox() == Some(&link.inbox);
            let to = State {
                actor: link.to,
                marked,
                straight,
            };
            hops.push(Hop {
                link: Some(number),
                to: to.index(),
            });
        }
        let ending = match (hops.is_empty(), is_lossy, marked) {
            (false, ..) => None,
            (true, true, _) => Some(Ending::BestEffort),
            (true, false, true) => return self.given_up(state, exit, Ending::Marked),
            (true, false, false) => Some(Ending::Nowhere),
        };
        Way { exit, hops, ending }
    }
}

fn marked_at(actor: usize) -> Hop {
    let to = State {
        actor,
        marked: true,
        straight: false,
    };
    Hop {
        link: None,
        to: to.index(),
    }
}

fn ended(exit: Exit, ending: Ending) -> Way {
    Way {
        exit,
        hops: Vec::new(),
        ending: Some(ending),
    }
}
