//! Events on the way that their content says.

use compysition_core::{Actor, Context, Error, Event, FilePath, Ports, Result};
use compysition_expression::Expression;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::routes::{Routes, check_outbox};
use crate::rules::Rules;

/// Sends each event to the outbox whose condition it meets: a content-based router.
///
/// The conditions are looked at in their order; with `match: first`, the default, an event goes to the first one
/// that holds, with `match: all` a copy goes to each. What meets none goes to `otherwise`; without it, it takes the error path
/// as `unprocessable`, so that nothing is dropped unless somebody says so (`otherwise: rest`, and `rest: discard`). An
/// event for which a condition cannot be computed takes the error path too: write
/// `attributes.region is defined and attributes.region == 'eu'` for what may be missing.
///
/// Each of the outboxes must be connected. A text is searched with `'urgent' in text`, or compared at an end with `service is
/// startingwith('order')`. To send all but some events, negate: `not (payload.test)`.
///
/// With `rules` in the place of `routes` the conditions stand in a file of their own, which is read again when it has changed: it is looked at
/// when an event comes, at most once a second. Each line is a rule, `OUTBOX: CONDITION`, as it would stand under `routes`; there may be empty lines and
/// comments (`# …`). Since a flow is checked before it runs, `outboxes` names all that a rule may send to; one without a rule gets nothing. A file that
/// cannot be read, or has a mistake, stops the start; later that is logged, with the line, and the rules stay as they were. Replace
/// the file by renaming another to its name, so that no half of one is read.
///
/// Example: `router: { routes: { eu: payload.region == 'eu', big: payload.total > 10000 }, otherwise: rest }`
///
/// Purpose: route. Patterns: content-based router, recipient list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Router {
    conditions: Conditions,
    takers: Match,
    otherwise: Option<String>,
}

/// The outboxes and what they take.
#[derive(Clone, Debug)]
enum Conditions {
    Routes(Routes),
    Rules(Box<Rules>),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The outboxes, each with its condition, an expression. Either these or `rules` must be given.
    routes: Option<Routes>,
    /// The file of the conditions, which is read again when it has changed.
    rules: Option<FilePath>,
    /// The outboxes that `rules` may send to.
    #[serde(default)]
    outboxes: Vec<String>,
    /// Whether the first route that fits takes the event, or all that fit.
    #[serde(default, rename = "match")]
    takers: Match,
    /// The outbox of what no route takes.
    #[serde(default)]
    otherwise: Option<String>,
}

/// Says which of the routes that fit take an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The first one.
    #[default]
    First,
    /// All, each a copy.
    All,
}

impl Router {
    /// Makes a router without routes.
    pub fn new() -> Router {
        Router {
            conditions: Conditions::Routes(Routes::default()),
            takers: Match::default(),
            otherwise: None,
        }
    }

    /// Makes a router whose conditions stand in a file, which is read again when it has changed.
    ///
    /// # Errors
    /// If the file cannot be read, or has a mistake.
    pub fn from_file<O: Into<String>>(
        path: impl Into<FilePath>,
        outboxes: impl IntoIterator<Item = O>,
    ) -> Result<Router> {
        Router::try_from(Settings {
            routes: None,
            rules: Some(path.into()),
            outboxes: outboxes.into_iter().map(Into::into).collect(),
            takers: Match::default(),
            otherwise: None,
        })
    }

    /// Adds a route, behind those that are there: an outbox and the condition of what it takes.
    ///
    /// # Errors
    /// If the condition has a mistake, the outbox has a condition already, or the conditions stand in a file.
    pub fn route(mut self, outbox: impl Into<String>, condition: &str) -> Result<Router> {
        let condition = Expression::new(condition)?;
        match &mut self.conditions {
            Conditions::Routes(routes) => routes.add(outbox.into(), condition)?,
            Conditions::Rules(_) => return Err(Error::internal("the routes stand in a file")),
        }
        Ok(self)
    }

    /// Sends an event to all routes that fit, and not only to the first.
    #[must_use]
    pub fn all(mut self) -> Router {
        self.takers = Match::All;
        self
    }

    /// Names the outbox of what no route takes.
    #[must_use]
    pub fn otherwise(mut self, outbox: impl Into<String>) -> Router {
        self.otherwise = Some(outbox.into());
        self
    }

    /// Returns the outboxes of all routes.
    fn outboxes(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match &self.conditions {
            Conditions::Routes(routes) => Box::new(routes.outboxes()),
            Conditions::Rules(rules) => Box::new(rules.outboxes()),
        }
    }

    /// Returns the outboxes that take an event.
    fn takers(&self, event: &Event, ctx: &Context) -> Result<Vec<&str>> {
        let routes = match &self.conditions {
            Conditions::Routes(routes) => routes,
            Conditions::Rules(rules) => rules.routes(),
        };
        let mut found = Vec::new();
        for (outbox, condition) in routes.iter() {
            if condition.condition((event, ctx))? {
                found.push(outbox);
                if self.takers == Match::First {
                    break;
                }
            }
        }
        if found.is_empty() {
            let otherwise = self.otherwise.as_deref();
            let nobody = || {
                let known: Vec<&str> = routes.outboxes().collect();
                let known = known.join(", ");
                Error::unprocessable(format!(
                    "no route takes the event: {known}; and there is no `otherwise`"
                ))
            };
            found.push(otherwise.ok_or_else(nobody)?);
        }
        Ok(found)
    }
}

impl Default for Router {
    fn default() -> Router {
        Router::new()
    }
}

impl TryFrom<Settings> for Router {
    type Error = Error;

    fn try_from(settings: Settings) -> Result<Router> {
        let wrong = |message: &'static str| Err(Error::internal(message));
        let conditions = match (settings.routes, settings.rules) {
            (Some(_), None) if !settings.outboxes.is_empty() => {
                return wrong("`outboxes` are those of `rules`; `routes` name their own");
            }
            (Some(routes), None) => Conditions::Routes(routes),
            (None, Some(path)) => {
                settings
                    .outboxes
                    .iter()
                    .try_for_each(|name| check_outbox(name))?;
                let rules = Rules::read(path.as_path().to_owned(), settings.outboxes)?;
                Conditions::Rules(Box::new(rules))
            }
            _ => return wrong("give either `routes`, or the file of `rules` and its `outboxes`"),
        };
        let router = Router {
            conditions,
            takers: settings.takers,
            otherwise: settings.otherwise,
        };
        let mut outboxes = router.outboxes().peekable();
        if outboxes.peek().is_none() {
            return wrong("a router without routes sends nothing anywhere");
        }
        if let Some(otherwise) = &router.otherwise {
            check_outbox(otherwise)?;
            if outboxes.any(|outbox| outbox == otherwise) {
                let message =
                    format!("`otherwise` needs an outbox of its own; `{otherwise}` is a route's");
                return Err(Error::internal(message));
            }
        }
        drop(outboxes);
        Ok(router)
    }
}

impl Actor for Router {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if let Conditions::Rules(rules) = &mut self.conditions {
            rules.refresh(ctx).await;
        }
        let takers = match self.takers(&event, ctx) {
            Ok(takers) => takers,
            Err(error) => return Err(error.giving_back(event)),
        };
        let Some((last, rest)) = takers.split_last() else {
            return Ok(());
        };
        for outbox in rest {
            ctx.send_to(outbox, event.clone())?;
        }
        ctx.send_to(last, event)
    }

    fn ports(&self) -> Ports {
        Ports::any().outboxes(self.outboxes().chain(self.otherwise.as_deref()))
    }
}
