//! What was sent several ways, or made of one, comes together.

use std::time::Duration;

use compysition_core::{
    Actor, Context, Error, Event, GroupOf, Ports, Result, Tick, TimeSpan, more_than_nothing,
};
use compysition_expression::Expression;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::by_group::ByGroup;
use crate::by_key::ByKey;
use crate::merge::{Merge, Named};

/// Makes one event of what came of one event, or of one file: an aggregator.
///
/// **What went several ways** (`by: root`). Each inbox brings a part, named as the actor that it comes from; the error outbox of that
/// actor brings the same part, as failed (`ask.error -> join`). When all parts are there, one event goes on, whose payload is an object
/// with the payload of each part under its name, in the order of `parts`. It answers for all of them, has the attributes of the part that came
/// last, and the errors of the failed parts in `attributes.join.errors`. Parts belong together if they descend from the same root, or have the
/// same `key`. A second event of one part is put aside with a warning.
///
/// **What an actor made of one event** (`by: split`), such as `split`. When the last part has come, or has ended elsewhere, one event goes
/// on, whose payload is the list of the payloads in their order. Nobody counts, and nobody waits for a time: the engine knows what is under
/// way. A part that ended elsewhere without failing, such as at a filter, is just not there. Splits within splits need a join each, the inner
/// one first. The event has the attributes of that which was split, and `attributes.join` says how many `parts` there were, how many were
/// `delivered` and how many `failed`, wherever that was. Of an event that is split into nothing no part comes: `split` has an outbox for that.
///
/// **What a source made of one file** (`by: source`), such as `file_in` with a codec: the same, for files that have an end. The file is done when
/// this event is. If the flow stops in the middle of a file, `attributes.join.partial` says so; another event tells of the rest. What a source
/// makes by itself, as a door does, belongs to no file and takes the error path.
///
/// If more parts failed than `at_least` allows, the event takes the error path with the first error. If parts are missing after
/// `timeout`, it takes the error path as a time-out that names them, or goes on without them (`on_timeout: emit`) if there are `at_least` so
/// many; a part that comes later is put aside with a warning.
///
/// Example: `join: { timeout: 1s, at_least: 1, on_timeout: emit }`
///
/// Purpose: gather and split. Patterns: aggregator, scatter-gather.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Join {
    settings: Settings,
    waiting: Option<(Rules, Waiting)>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// What the parts came of.
    by: By,
    /// The parts, in the order of a list; all inboxes by default. Only with `by: root`.
    parts: Vec<String>,
    /// What parts have in common, an expression; their root by default. Only with `by: root`.
    key: Option<Expression>,
    /// How long the first part waits for the others; 30 s by default, and no limit of its own with `by: split` and `by: source`.
    #[serde(alias = "purge_interval")]
    #[serde(deserialize_with = "more_than_nothing")]
    timeout: Option<TimeSpan>,
    /// How many parts must be good; all by default, none with `merge: count`.
    at_least: Option<usize>,
    /// What happens when parts are missing after that time.
    on_timeout: OnTimeout,
    /// What is made of the parts; by default an object, or with `by: split` and `by: source` a list.
    merge: Option<Merge>,
}

/// Says what parts came of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// One event that was sent several ways.
    #[default]
    Root,
    /// One event of which an actor made many.
    Split,
    /// One file, or the like, of which a source made many.
    Source,
}

/// Says what becomes of an event whose parts have not all come in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnTimeout {
    /// It takes the error path.
    #[default]
    Error,
    /// It goes on with the parts that there are.
    Emit,
}

/// When parts go on, and as what.
pub(crate) struct Rules {
    pub(crate) parts: Vec<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) at_least: Option<usize>,
    pub(crate) merge: Merge,
    on_timeout: OnTimeout,
}

enum Waiting {
    Keys(ByKey),
    Groups(ByGroup),
}

/// How much longer than its time-out a part is held at most, so that it does not expire just before.
pub(crate) const MARGIN: Duration = Duration::from_secs(60);

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

impl Rules {
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }

    /// Returns how many of `all` parts must be good.
    pub(crate) fn at_least(&self, all: usize) -> usize {
        self.at_least.unwrap_or(all)
    }

    pub(crate) fn emits_late(&self) -> bool {
        self.on_timeout == OnTimeout::Emit
    }

    /// Sends an event on that answers for all parts, or, for a reason, the error path.
    pub(crate) fn send(
        &self,
        event: Event,
        parts: Vec<Named>,
        error: Option<Error>,
        ctx: &Context,
    ) -> Result {
        let whole = event.clone();
        let error = match (self.merge.unite(event, parts, ctx), error) {
            (Ok(event), None) => return ctx.send(event),
            (Ok(event), Some(error)) => return ctx.send_error(event, error),
            (Err(error), _) => error,
        };
        ctx.send_error(whole, error)
    }
}

impl Settings {
    /// Tells what does not go together.
    fn mistake(&self) -> Option<&'static str> {
        if self.by == By::Root {
            return None;
        }
        if !self.parts.is_empty() || self.key.is_some() {
            return Some(
                "`parts` and `key` are for `by: root`: what came of one event or file has neither",
            );
        }
        matches!(self.merge, Some(Merge::Object)).then_some(
            "`merge: object` is for `by: root`: parts of one event have no names; use `list`",
        )
    }
}

impl TryFrom<Settings> for Join {
    type Error = &'static str;

    fn try_from(settings: Settings) -> Result<Join, &'static str> {
        match settings.mistake() {
            Some(mistake) => Err(mistake),
            None => Ok(Join {
                settings,
                waiting: None,
            }),
        }
    }
}

impl Join {
    /// Makes an actor that waits for a part from each inbox.
    pub fn new() -> Join {
        Join::default()
    }

    /// Makes an actor that gathers what came of one event.
    pub fn by(by: By) -> Join {
        let mut join = Join::default();
        join.settings.by = by;
        join
    }

    /// Sets how long the first part waits for the others.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Join {
        self.settings.timeout = Some(TimeSpan(timeout));
        self
    }

    /// Sets how many parts must be good.
    #[must_use]
    pub fn at_least(mut self, parts: usize) -> Join {
        self.settings.at_least = Some(parts);
        self
    }

    /// Sets what is made of the parts.
    #[must_use]
    pub fn merge(mut self, merge: Merge) -> Join {
        self.settings.merge = Some(merge);
        self
    }

    fn rules(&self, ctx: &Context) -> Result<Rules> {
        let settings = &self.settings;
        if let Some(mistake) = settings.mistake() {
            return Err(Error::internal(mistake));
        }
        let default_merge = match settings.by {
            By::Root => Merge::Object,
            By::Split | By::Source => Merge::List,
        };
        let rules = Rules {
            parts: match settings.parts.is_empty() {
                true => parts_of(ctx),
                false => settings.parts.clone(),
            },
            timeout: settings.timeout.map(|timeout| timeout.0),
            at_least: settings.at_least,
            merge: settings.merge.clone().unwrap_or(default_merge),
            on_timeout: settings.on_timeout,
        };
        if settings.by != By::Root {
            return Ok(rules);
        }
        let comes = |part: &&String| {
            ctx.inboxes()
                .any(|inbox| inbox == *part || part_of(inbox) == *part)
        };
        match rules.parts.iter().find(|part| !comes(part)) {
            None => Ok(rules),
            Some(part) => Err(Error::internal(format!(
                "no inbox brings the part `{part}`"
            ))),
        }
    }
}

/// Returns the parts that the inboxes bring.
fn parts_of(ctx: &Context) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in ctx.inboxes().map(part_of) {
        if !parts.iter().any(|known| known == part) {
            parts.push(part.to_owned());
        }
    }
    parts
}

/// Returns what the actor behind an inbox is called: its errors come in under a name of their own.
fn part_of(inbox: &str) -> &str {
    inbox.strip_prefix("error_").unwrap_or(inbox)
}

/// Returns which of the parts an inbox brings.
fn part(parts: &[String], inbox: &str) -> Result<usize> {
    let place = |name: &str| parts.iter().position(|part| part == name);
    let found = place(inbox).or_else(|| place(part_of(inbox)));
    found.ok_or_else(|| {
        let parts = parts.join(", ");
        Error::internal(format!(
            "inbox `{inbox}` brings no part; the parts are {parts}"
        ))
    })
}

impl Actor for Join {
    async fn start(&mut self, ctx: &Context) -> Result {
        let waiting = match self.settings.by {
            By::Root => Waiting::Keys(ByKey::default()),
            By::Split => Waiting::Groups(ByGroup::new(GroupOf::Event)),
            By::Source => Waiting::Groups(ByGroup::new(GroupOf::Source)),
        };
        self.waiting = Some((self.rules(ctx)?, waiting));
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match &mut self.waiting {
            // It is made by `start`, which comes before all events.
            None => Err(Error::internal("the join has not started")),
            Some((rules, Waiting::Groups(groups))) => groups.take(event, rules, ctx),
            Some((rules, Waiting::Keys(keys))) => {
                let part = part(&rules.parts, ctx.inbox())?;
                let key = match &self.settings.key {
                    Some(key) => key.evaluate((&event, ctx))?.to_string(),
                    None => event.root_id().unwrap_or(event.id()).to_string(),
                };
                keys.take(event, part, key, rules, ctx)
            }
        }
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        match &mut self.waiting {
            None => Ok(()),
            Some((rules, Waiting::Groups(groups))) => groups.tick(why, rules, ctx),
            Some((rules, Waiting::Keys(keys))) => keys.tick(why, rules, ctx),
        }
    }

    fn ports(&self) -> Ports {
        let ports = Ports::any().may_drop().holds().single();
        match (self.settings.by, &self.settings.key) {
            (By::Root, None) => ports.unites(),
            // An event of another root may have the same key.
            (By::Root, Some(_)) => ports,
            (By::Split, _) => ports.unites().gathers(GroupOf::Event),
            (By::Source, _) => ports.unites().gathers(GroupOf::Source),
        }
    }
}
