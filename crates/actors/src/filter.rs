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
/// Example: `filter: { condition: payload.total > 0, otherwise: rejected }`, with `it, it.rejected -> reply`
///
/// Purpose: route. Patterns: message filter.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct Filter {
    condition: Expression,
    otherwise: Option<String>,
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
        })
    }

    /// Names the outbox of what does not pass.
    #[must_use]
    pub fn otherwise(mut self, outbox: impl Into<String>) -> Filter {
        self.otherwise = Some(outbox.into());
        self
    }
}

impl TryFrom<Settings> for Filter {
    type Error = compysition_core::Error;

    fn try_from(settings: Settings) -> Result<Filter> {
        settings.otherwise.as_deref().map_or(Ok(()), check_outbox)?;
        Ok(Filter {
            condition: settings.condition,
            otherwise: settings.otherwise,
        })
    }
}

impl Actor for Filter {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match (self.condition.condition((&event, ctx)), &self.otherwise) {
            (Err(error), _) => Err(error.giving_back(event)),
            (Ok(true), None) => ctx.send(event),
            (Ok(true), Some(otherwise)) => ctx.send_except(otherwise, event),
            (Ok(false), Some(otherwise)) => ctx.send_to(otherwise, event),
            (Ok(false), None) => Ok(()),
        }
    }

    fn ports(&self) -> Ports {
        match &self.otherwise {
            Some(otherwise) => Ports::any().aside(otherwise),
            None => Ports::any().may_drop(),
        }
    }
}
