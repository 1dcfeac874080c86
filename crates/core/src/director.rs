//! A flow in the making.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::Mutex;

use crate::best_effort::BestEffort;
use crate::breaker::Breaker;
use crate::connection::{Connection, LinkKind};
use crate::default_links::error_inbox;
use crate::ends::{End, Ends, Node};
use crate::flow::Flow;
use crate::flow_error::FlowError;
use crate::into_actor::{Built, IntoActor};
use crate::limits::Limits;
use crate::log_tap::LogTap;
use crate::pool::Pool;
use crate::port::Port;
use crate::ports::Ports;
use crate::retry::Retry;
use crate::stage::Stage;
use crate::station::Options;
use crate::supervision::{Maker, Supervision};
use crate::tap::{Careful, Tap};
use crate::{ErrorKind, Result};

/// Composes actors into a flow: registers them, connects them, and starts them.
///
/// Mistakes are collected, not returned one by one: [`check`](Director::check) and
/// [`start`](Director::start) report all of them together.
///
/// ```
/// use compysition_core::{Director, Event, map};
/// # async fn example() -> compysition_core::Result {
/// # let source = map(|event: Event| event);
/// let mut director = Director::new("greetings");
/// let source = director.register("source", source);
/// let upper = director.register("upper", map(|event: Event| {
///     let upper = event.text()?.to_uppercase();
///     Ok(event.with(upper))
/// }));
/// director.connect(source, upper);
/// director.run().await
/// # }
/// ```
pub struct Director {
    pub(crate) name: Arc<str>,
    /// Tells this director's nodes from another's.
    tag: u32,
    pub(crate) actors: Vec<Registered>,
    pub(crate) links: Vec<Connection>,
    pub(crate) errors: Option<Node>,
    pub(crate) dead_letters: Option<Node>,
    /// What is logged, and the actor that gets it.
    pub(crate) log: Option<(Arc<LogTap>, Node)>,
    pub(crate) only_source: Option<Node>,
    pub(crate) reply: Option<Node>,
    pub(crate) limits: Limits,
    pub(crate) stop_deadline: Duration,
    pub(crate) supervision: Supervision,
    pub(crate) tap: Option<Arc<dyn Tap>>,
}

pub(crate) struct Registered {
    pub(crate) name: Arc<str>,
    pub(crate) ports: Ports,
    pub(crate) options: Options,
    pub(crate) pool: Option<Pool>,
    /// The process that it runs in, if the flow is in several.
    pub(crate) process: Option<Arc<str>>,
    pub(crate) role: Role,
}

impl Registered {
    pub(crate) fn new(name: Arc<str>, mut built: Built) -> Registered {
        let stage = built.make();
        let ports = stage
            .as_ref()
            .map_or_else(|_| Ports::any(), |stage| stage.ports());
        let maker = Arc::new(Mutex::new(built));
        Registered::with(name, ports, Role::Actor(stage, maker))
    }

    fn with(name: Arc<str>, ports: Ports, role: Role) -> Registered {
        Registered {
            name,
            ports,
            options: Options::default(),
            pool: None,
            process: None,
            role,
        }
    }

    /// Returns whether the actor was registered as a value, of which there is only one.
    pub(crate) fn is_value(&self) -> bool {
        matches!(&self.role, Role::Actor(Ok(_), maker) if !maker.lock().is_factory())
    }

    /// Tells why there can be no pool of the actor, if that is so.
    pub(crate) fn pool_mistake(&self) -> Option<&'static str> {
        match &self.role {
            Role::Reply => Some("it is no actor of its own"),
            _ if self.ports.door => Some("a door handles requests side by side as it is"),
            _ if self.ports.source => {
                Some("it makes events, and each instance would make them all")
            }
            _ if self.ports.single => Some("what it keeps of one event concerns the others"),
            Role::Actor(Ok(stage), _) if stage.is_function() => {
                Some("a plain function waits for nothing; make it an actor")
            }
            Role::Actor(..) => None,
        }
    }
}

pub(crate) enum Role {
    Actor(Result<Box<dyn Stage>>, Maker),
    /// The door that an event came in by, whichever it is.
    Reply,
}

impl Director {
    /// Makes a director for a flow of this name.
    pub fn new(name: impl Into<Arc<str>>) -> Director {
        static DIRECTORS: AtomicU32 = AtomicU32::new(0);
        Director {
            name: name.into(),
            tag: DIRECTORS.fetch_add(1, Relaxed),
            actors: Vec::new(),
            links: Vec::new(),
            errors: None,
            dead_letters: None,
            log: None,
            only_source: None,
            reply: None,
            limits: Limits::default(),
            stop_deadline: Duration::from_secs(30),
            supervision: Supervision::default(),
            tap: None,
        }
    }

    /// Registers an actor under a name that is unique in the flow.
    pub fn register<Form>(
        &mut self,
        name: impl Into<Arc<str>>,
        actor: impl IntoActor<Form>,
    ) -> Node {
        self.add(Registered::new(name.into(), actor.into_actor()))
    }

    /// Returns the node that stands for the door that an event came in by. What reaches it answers its
    /// request; an event from no door ends there.
    pub fn reply(&mut self) -> Node {
        match self.reply {
            Some(node) => node,
            None => {
                let ports = Ports::any().sink();
                let node = self.add(Registered::with("reply".into(), ports, Role::Reply));
                self.reply = Some(node);
                node
            }
        }
    }

    pub(crate) fn add(&mut self, actor: Registered) -> Node {
        self.actors.push(actor);
        self.node_at(self.actors.len() as u32 - 1)
    }

    pub(crate) fn node_at(&self, index: u32) -> Node {
        Node {
            index,
            tag: self.tag,
        }
    }

    /// Connects outboxes to inboxes, each of the first to each of the second.
    ///
    /// `connect(a, b)` makes outbox `b` on a, and inbox `a` on b. If only the outbox is named, the inbox
    /// bears its name; if only the inbox is named, the outbox bears the name of the actor it leads to. Of an actor that
    /// can have only one outbox, such as a door with one route, it is that.
    pub fn connect(&mut self, from: impl Into<Ends>, to: impl Into<Ends>) {
        self.link(from.into(), to.into(), LinkKind::Plain, None);
    }

    /// Connects outboxes to inboxes by links that drop what does not fit, so that what is behind them
    /// never slows what is before them. The ports are named as [`connect`](Director::connect) does.
    pub fn connect_best_effort(
        &mut self,
        from: impl Into<Ends>,
        to: impl Into<Ends>,
        settings: BestEffort,
    ) {
        self.link(from.into(), to.into(), LinkKind::Plain, Some(settings));
    }

    /// Connects the error outbox: what `from` cannot handle goes to `to`, unless it is of a kind that has
    /// an error connection of its own. The inbox is named `error_` and the name of `from`, unless named.
    pub fn connect_error(&mut self, from: impl Into<Ends>, to: impl Into<Ends>) {
        self.link(from.into(), to.into(), LinkKind::Error(None), None);
    }

    /// Connects the error outbox for errors of one kind.
    pub fn connect_error_kind(
        &mut self,
        from: impl Into<Ends>,
        kind: ErrorKind,
        to: impl Into<Ends>,
    ) {
        self.link(from.into(), to.into(), LinkKind::Error(Some(kind)), None);
    }

    fn link(&mut self, from: Ends, to: Ends, kind: LinkKind, best_effort: Option<BestEffort>) {
        for source in &from.0 {
            for target in &to.0 {
                let (outbox, inbox) = self.port_names(source, target, kind);
                self.links.push(Connection {
                    from: source.node,
                    outbox,
                    to: target.node,
                    inbox,
                    kind,
                    best_effort: best_effort.clone(),
                });
            }
        }
    }

    fn port_names(&self, from: &End, to: &End, kind: LinkKind) -> (Port, Port) {
        let name = |node: Node| self.registered(node).map_or("?", |actor| &actor.name);
        match kind {
            LinkKind::Plain => {
                let given = from.port.clone().or_else(|| self.only_outbox(from.node));
                let outbox = given.unwrap_or_else(|| name(to.node).into());
                let inbox = to.port.clone().or(from.port.clone());
                (outbox, inbox.unwrap_or_else(|| name(from.node).into()))
            }
            LinkKind::LastResort => ("dead_letters".into(), "dead_letters".into()),
            LinkKind::Error(kind) => {
                let outbox = kind.map_or("error", ErrorKind::as_str).into();
                let inbox = to.port.clone();
                (
                    outbox,
                    inbox.unwrap_or_else(|| error_inbox(name(from.node))),
                )
            }
        }
    }

    /// Returns the outbox of an actor that can have only this one, such as a door with one route.
    pub fn only_outbox(&self, node: Node) -> Option<Port> {
        match &self.registered(node)?.ports.outboxes[..] {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    /// Names the actor that errors go to from actors without an error connection of their own. Without
    /// one they are logged.
    pub fn set_errors(&mut self, node: Node) {
        self.errors = Some(node);
    }

    /// Names the actor that takes the failed events that would else be lost: those whose error nobody is
    /// connected for, and those that end still marked with their error. When it has stored one, it sends it
    /// on as [`Event::kept`](crate::Event::kept); it had better keep no input, so that one that cannot be sent on
    /// counts as kept all the same.
    pub fn set_dead_letters(&mut self, node: Node) {
        self.dead_letters = Some(node);
    }

    /// Lets this actor be the only one that makes events: doors stay shut and other sources silent, all
    /// else works. So events can be sent through a part of a flow once more, as dead letters are.
    pub fn set_only_source(&mut self, node: Node) {
        self.only_source = Some(node);
    }

    /// Bounds what the flow holds in flight.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Bounds how long the flow may take to stop; 30 s by default.
    pub fn set_stop_deadline(&mut self, deadline: Duration) {
        self.stop_deadline = deadline;
    }

    /// Sets what becomes of actors that panic.
    pub fn set_supervision(&mut self, supervision: Supervision) {
        self.supervision = supervision;
    }

    /// Lets somebody look at what passes the links. Without, no link asks more than whether there is one, once a
    /// chunk.
    pub fn set_tap(&mut self, tap: Arc<dyn Tap>) {
        self.tap = Some(Arc::new(Careful::new(self.name.clone(), tap)));
    }

    /// Bounds how long an actor may take for one event; beyond that the event fails with a time-out.
    pub fn set_timeout(&mut self, node: Node, timeout: Duration) {
        if let Some(actor) = self.registered_mut(node) {
            actor.options.timeout = Some(timeout);
        }
    }

    /// Has an actor try again what failed.
    pub fn set_retry(&mut self, node: Node, retry: Retry) {
        if let Some(actor) = self.registered_mut(node) {
            actor.options.retry = Some(retry);
        }
    }

    /// Has an actor spare a peer that does not answer.
    pub fn set_breaker(&mut self, node: Node, breaker: Breaker) {
        if let Some(actor) = self.registered_mut(node) {
            actor.options.breaker = Some(breaker);
        }
    }

    /// Has an actor handle several events side by side, each by an instance of its own. It must be
    /// registered as a function that makes it.
    pub fn set_pool(&mut self, node: Node, pool: Pool) {
        if let Some(actor) = self.registered_mut(node) {
            actor.pool = Some(pool);
        }
    }

    /// Returns whether there may be several instances of an actor: not of a value or a plain function, of
    /// what makes events by itself, and of what says that it is [single](crate::Ports::single).
    pub fn may_pool(&self, node: Node) -> bool {
        let actor = self.registered(node);
        actor.is_some_and(|actor| actor.pool_mistake().is_none() && !actor.is_value())
    }

    /// Puts what an actor makes at a path of the event that came in, which else stays as it was.
    pub fn set_into(&mut self, node: Node, path: impl Into<Arc<str>>) {
        if let Some(actor) = self.registered_mut(node) {
            actor.options.into = Some(path.into());
        }
    }

    /// Returns the actor of this name.
    pub fn node(&self, name: &str) -> Option<Node> {
        let index = self.actors.iter().position(|actor| &*actor.name == name)?;
        Some(self.node_at(index as u32))
    }

    pub(crate) fn registered(&self, node: Node) -> Option<&Registered> {
        let own = node.tag == self.tag;
        self.actors.get(node.index as usize).filter(|_| own)
    }

    pub(crate) fn registered_mut(&mut self, node: Node) -> Option<&mut Registered> {
        let own = node.tag == self.tag;
        self.actors.get_mut(node.index as usize).filter(|_| own)
    }

    /// Finds everything that is wrong with the flow, without starting it.
    ///
    /// # Errors
    /// All problems together.
    pub fn check(&self) -> Result<(), FlowError> {
        crate::check::check(self)
    }

    /// Starts the flow on the present tokio runtime.
    ///
    /// # Errors
    /// All problems together, among them those of actors that could not start.
    pub async fn start(self) -> Result<Flow, FlowError> {
        self.check()?;
        crate::launch::launch(self).await
    }

    /// Starts the flow and runs it until its sources end or the process is told to stop (SIGINT,
    /// SIGTERM); a second signal ends it at once.
    ///
    /// # Errors
    /// What keeps the flow from starting; internal, if it could not stop cleanly within its deadline.
    pub async fn run(self) -> Result {
        crate::signals::run(self).await
    }
}
