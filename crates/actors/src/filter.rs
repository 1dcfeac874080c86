//! Events that go on, and events that do not.

use compysition_core::{Actor, Context, Event, Ports, Result};
use compysition_expression::Expression;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::routes::check_outbox;

/// Passes on the events that meet a condition, and ends the others: a message filter.
///
/// What ends here is counted as `ended`. With `otherwise` it goes to that outbox instead, and what meets the condition to all
/// other outboxes. An event for which the condition cannot be computed takes the error path.
///
/// Example: `filter: { condition: payload.total > 0, otherwise: rejected }`
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Filter {
    condition: Expression,
    otherwise: Option<String>,
    /// The outboxes of what passes, if they are not all.
    passing: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// What is true of the events that pass, an expression.
    condition: Expression,
    /// The outbox of the others; without it they end.
    #[serde(default)]
    otherwise: Option<String>,
}

impl Filter {
    /// Makes a filter from the condition of what passes.
    ///
    /// # Errors
    /// If the condition has a mistake.
    pub fn new(condition: &str) -> Result<Filter> {
        Ok(Filter {
            condition: Expression::new(condition)?,
            otherwise: None,
            passing: Vec::new(),
        })
    }

    /// Names the outbox of what does not pass.
    #[must_use]
    pub fn otherwise(mut self, outbox: impl Into<String>) -> Filter {
        self.otherwise = Some(outbox.into());
        self
    }

    fn pass(&self, event: Event, ctx: &Context) -> Result {
        if self.otherwise.is_none() {
            return ctx.send(event);
        }
        let Some((last, rest)) = self.passing.split_last() else {
            // Only what does not pass is wanted.
            return Ok(());
        };
        for outbox in rest {
            ctx.send_to(outbox, event.clone())?;
        }
        ctx.send_to(last, event)
    }
}

impl TryFrom<Settings> for Filter {
    type Error = compysition_core::Error;

    fn try_from(settings: Settings) -> Result<Filter> {
        settings.otherwise.as_deref().map_or(Ok(()), check_outbox)?;
        Ok(Filter {
            condition: settings.condition,
            otherwise: settings.otherwise,
            passing: Vec::new(),
        })
    }
}

impl Actor for Filter {
    const KEEP_INPUT: bool = false;

    async fn start(&mut self, ctx: &Context) -> Result {
        let otherwise = self.otherwise.as_deref();
        let passing = ctx.outboxes().filter(|outbox| Some(*outbox) != otherwise);
        self.passing = passing.map(str::to_owned).collect();
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match (self.condition.condition((&event, ctx)), &self.otherwise) {
            (Err(error), _) => Err(error.giving_back(event)),
            (Ok(true), _) => self.pass(event, ctx),
            (Ok(false), Some(otherwise)) => ctx.send_to(otherwise, event),
            (Ok(false), None) => Ok(()),
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop()
    }
}
