//! Actors that do all that their ports allow, or what a path tells them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use compysition_core::{
    Actor, Context, Error, ErrorKind, Event, Held, Id, Port, Ports, Result, Tick,
};
use compysition_proof::{Exit, Finding};
use std::sync::Mutex;

/// What became of the requests: the door's number, and whether each was answered, or failed with an error, or neither.
pub(crate) type Ends = Arc<Mutex<Vec<(usize, End)>>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Answered,
    Failed,
    Silent,
}

/// How an actor sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sends {
    All,
    /// By one of the outboxes that it names.
    Named,
    /// By any one outbox.
    Chosen,
    /// By its last outbox alone, or by all others.
    Aside,
}

/// What an actor is like.
#[derive(Clone, Debug)]
pub(crate) struct Nature {
    pub(crate) number: usize,
    pub(crate) sends: Sends,
    pub(crate) outboxes: Vec<Port>,
    pub(crate) drops: bool,
    pub(crate) sink: bool,
    pub(crate) unites: bool,
    pub(crate) holds: bool,
    pub(crate) recovers: bool,
    pub(crate) never_fails: bool,
    pub(crate) kinds: Vec<ErrorKind>,
    /// Whether copies of other roots may have gone on instead of one that it is to unite.
    pub(crate) strays: bool,
}

impl Nature {
    fn ports(&self) -> Ports {
        let mut ports = Ports::any();
        match self.sends {
            Sends::All => {}
            Sends::Named => ports = ports.outboxes(self.outboxes.iter().cloned()),
            Sends::Chosen => ports = ports.chooses(),
            Sends::Aside => {
                if let Some(port) = self.outboxes.last() {
                    ports = ports.aside(port.clone());
                }
            }
        }
        for (is_so, add) in [
            (self.drops, Ports::may_drop as fn(Ports) -> Ports),
            (self.sink, Ports::sink),
            (self.holds, Ports::holds),
            (self.recovers, Ports::recovers),
            (self.never_fails, Ports::never_fails),
        ] {
            if is_so {
                ports = add(ports);
            }
        }
        match self.unites {
            true => ports.may_drop().unites(),
            false => ports,
        }
    }

    /// Returns all that it may do.
    fn exits(&self) -> Vec<Exit> {
        let mut exits: Vec<Exit> = Vec::new();
        let to = |port: &Port| Exit::To(port.clone());
        match self.sends {
            Sends::All => exits.push(Exit::All),
            Sends::Named | Sends::Chosen => exits.extend(self.outboxes.iter().map(to)),
            Sends::Aside => {
                exits.extend(self.outboxes.last().map(to).into_iter().chain([Exit::All]))
            }
        }
        if exits.is_empty() {
            exits.push(Exit::All);
        }
        if self.drops && !self.unites {
            exits.push(Exit::Drop);
        }
        if !self.never_fails {
            exits.push(Exit::AnyError);
            exits.extend(self.kinds.iter().map(|kind| Exit::Error(*kind)));
        }
        exits
    }
}

/// Does what its ports allow.
pub(crate) struct Free {
    pub(crate) nature: Nature,
    pub(crate) path: Option<Arc<Path>>,
    pub(crate) held: Vec<Held>,
    pub(crate) gone: HashSet<Id>,
}

/// What all actors do for a request to end as it was found to.
pub(crate) struct Path {
    steps: Vec<(usize, bool, Exit)>,
    others: HashMap<(usize, bool), Exit>,
    /// Whether it goes round for ever.
    pub(crate) circles: bool,
}

impl Path {
    pub(crate) fn of(finding: &Finding, others: &[compysition_proof::Step]) -> Path {
        let step = |step: &compysition_proof::Step| (step.actor, step.marked, step.exit.clone());
        let other = |step: &compysition_proof::Step| ((step.actor, step.marked), step.exit.clone());
        Path {
            steps: finding.steps.iter().map(step).collect(),
            others: others.iter().map(other).collect(),
            circles: finding.ending == compysition_proof::Ending::Circles,
        }
    }

    pub(crate) fn first(&self) -> &Exit {
        &self.steps[0].2
    }

    /// Returns what an actor does, and notes in the event how far it is.
    fn next(&self, actor: usize, event: &mut Event) -> Exit {
        let marked = event.error().is_some();
        let at = event.attribute("at").and_then(|at| at.as_u64());
        let at = at.map(|at| at as usize);
        let step = at.and_then(|at| self.steps.get(at));
        if let Some((_, _, exit)) = step.filter(|step| (step.0, step.1) == (actor, marked)) {
            event.set_attribute("at", at.unwrap_or(0) as u64 + 1);
            return exit.clone();
        }
        event.remove_attribute("at");
        self.others
            .get(&(actor, marked))
            .cloned()
            .unwrap_or(Exit::All)
    }
}

impl Free {
    fn choose(&self, event: &mut Event, ctx: &Context) -> Exit {
        match &self.path {
            Some(path) => {
                let exit = path.next(self.nature.number, event);
                let unites = self.nature.unites && self.nature.strays;
                let may = self.nature.exits().contains(&exit) || (unites && exit == Exit::Drop);
                // To do what the ports do not allow would be no proof.
                if may { exit } else { Exit::AnyError }
            }
            None => {
                let exits = self.nature.exits();
                exits[ctx.random() as usize % exits.len()].clone()
            }
        }
    }

    fn send(&mut self, mut event: Event, ctx: &Context) -> Result {
        if self.nature.recovers {
            event = event.recovered();
        }
        match (self.nature.sends, self.nature.outboxes.last()) {
            (Sends::Aside, Some(port)) => ctx.send_except(port.as_str(), event),
            _ => ctx.send(event),
        }
    }
}

impl Actor for Free {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        let root = event.root_id();
        if self.nature.unites
            && root.is_some_and(|root| self.gone.contains(&root))
            && self.path.is_none()
        {
            return Ok(());
        }
        let exit = self.choose(&mut event, ctx);
        match exit {
            Exit::All => {
                if self.nature.holds && self.path.is_none() && ctx.random().is_multiple_of(2) {
                    // Half of what is held expires.
                    let seconds = 1 + ctx.random() % 2 * 4;
                    self.held
                        .push(ctx.hold_for(event, Duration::from_secs(seconds))?);
                    ctx.wake_after(Duration::from_secs(3));
                    return Ok(());
                }
                self.send(event, ctx)?;
                self.gone.extend(root);
                Ok(())
            }
            Exit::To(port) => {
                if self.nature.recovers {
                    event = event.recovered();
                }
                ctx.send_to(port.as_str(), event)?;
                self.gone.extend(root);
                Ok(())
            }
            Exit::Drop => Ok(()),
            Exit::Error(kind) => Err(Error::new(kind, "as chosen").giving_back(event)),
            _ => Err(Error::conflict("as chosen").giving_back(event)),
        }
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        for held in std::mem::take(&mut self.held) {
            if let Some(event) = held.release() {
                let root = event.root_id();
                self.send(event, ctx)?;
                self.gone.extend(root);
            }
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        self.nature.ports()
    }
}

/// Asks one request after the other.
pub(crate) struct Ask {
    pub(crate) number: usize,
    pub(crate) count: u64,
    pub(crate) outboxes: Vec<Port>,
    pub(crate) path: Option<Arc<Path>>,
    pub(crate) ends: Ends,
}

impl Actor for Ask {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (number, count, ends) = (self.number, self.count, self.ends.clone());
        let (outboxes, path) = (self.outboxes.clone(), self.path.clone());
        ctx.produce(move |source| async move {
            for _ in 0..count {
                let mut event = Event::new("question");
                if path.is_some() {
                    event.set_attribute("at", 1);
                }
                let chosen = match path.as_deref().map(Path::first) {
                    Some(Exit::To(port)) => Some(port.clone()),
                    Some(_) => None,
                    None if outboxes.is_empty() => None,
                    None => {
                        let random = source.context().random() as usize;
                        Some(outboxes[random % outboxes.len()].clone())
                    }
                };
                let chosen = chosen.as_ref().map(Port::as_str);
                let end = match source.admit(100).await?.ask(chosen, event).await {
                    Ok(_) => End::Answered,
                    Err(unanswered) if unanswered.failure.is_some() => End::Failed,
                    Err(_) => End::Silent,
                };
                ends.lock().unwrap().push((number, end));
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door().outboxes(self.outboxes.iter().cloned())
    }
}
