//! Events on the way that their content says.

use compysition_core::{Actor, Context, Error, Event, Ports, Result};
use compysition_expression::Expression;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::routes::{Routes, check_outbox};

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
/// Example: `router: { routes: { eu: payload.region == 'eu', big: payload.total > 10000 }, otherwise: rest }`
///
/// Purpose: route. Patterns: content-based router, recipient list.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Router {
    settings: Settings,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The outboxes, each with its condition, an expression.
    routes: Routes,
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
            settings: Settings::default(),
        }
    }

    /// Adds a route, behind those that are there: an outbox and the condition of what it takes.
    ///
    /// # Errors
    /// If the condition has a mistake, or the outbox has a condition already.
    pub fn route(mut self, outbox: impl Into<String>, condition: &str) -> Result<Router> {
        let condition = Expression::new(condition)?;
        self.settings.routes.add(outbox.into(), condition)?;
        Ok(self)
    }

    /// Sends an event to all routes that fit, and not only to the first.
    #[must_use]
    pub fn all(mut self) -> Router {
        self.settings.takers = Match::All;
        self
    }

    /// Names the outbox of what no route takes.
    #[must_use]
    pub fn otherwise(mut self, outbox: impl Into<String>) -> Router {
        self.settings.otherwise = Some(outbox.into());
        self
    }

    /// Returns the outboxes that take an event.
    fn takers(&self, event: &Event, ctx: &Context) -> Result<Vec<&str>> {
        let Settings { routes, takers, .. } = &self.settings;
        let mut found = Vec::new();
        for (outbox, condition) in routes.iter() {
            if condition.condition((event, ctx))? {
                found.push(outbox);
                if *takers == Match::First {
                    break;
                }
            }
        }
        if found.is_empty() {
            let otherwise = self.settings.otherwise.as_deref();
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
        if settings.routes.outboxes().next().is_none() {
            return Err(Error::internal(
                "a router without routes sends nothing anywhere",
            ));
        }
        if let Some(otherwise) = &settings.otherwise {
            check_outbox(otherwise)?;
            if settings.routes.outboxes().any(|outbox| outbox == otherwise) {
                let message =
                    format!("`otherwise` needs an outbox of its own; `{otherwise}` is a route's");
                return Err(Error::internal(message));
            }
        }
        Ok(Router { settings })
    }
}

impl Actor for Router {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
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
        let otherwise = self.settings.otherwise.as_deref();
        Ports::any().outboxes(self.settings.routes.outboxes().chain(otherwise))
    }
}
