//! Events to the outbox of their service.

use compysition_core::{Actor, Context, Error, Event, Ports, Result};
use schemars::JsonSchema;
use serde::Deserialize;

/// Sends each event to the outbox that is named as its service.
///
/// The service of an event is `default` unless it was set (`set: { service: … }`). What has no outbox of its name goes to
/// `otherwise`; without that it takes the error path as `not_found`.
///
/// Example: `service_router: { otherwise: unknown }`, with `it.default, it.unknown -> reply`
///
/// Purpose: route. Patterns: message router.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceRouter {
    /// The outbox of events whose service has none.
    otherwise: Option<String>,
}

impl ServiceRouter {
    /// Makes a router that knows the services by its outboxes.
    pub fn new() -> ServiceRouter {
        ServiceRouter::default()
    }

    /// Names the outbox of events whose service has none.
    #[must_use]
    pub fn otherwise(mut self, outbox: impl Into<String>) -> ServiceRouter {
        self.otherwise = Some(outbox.into());
        self
    }

    fn outbox<'a>(&'a self, event: &'a Event, ctx: &Context) -> Result<&'a str> {
        let service = event.service();
        if ctx.outboxes().any(|outbox| outbox == service) {
            return Ok(service);
        }
        self.otherwise.as_deref().ok_or_else(|| {
            let known: Vec<&str> = ctx.outboxes().collect();
            let known = known.join(", ");
            Error::not_found(format!(
                "there is no service `{service}`; there are {known}"
            ))
        })
    }
}

impl Actor for ServiceRouter {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let outbox = self.outbox(&event, ctx)?.to_owned();
        ctx.send_to(outbox, event)
    }

    fn ports(&self) -> Ports {
        Ports::any().chooses()
    }
}
