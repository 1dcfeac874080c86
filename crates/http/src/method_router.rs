//! Requests to the outbox of their method.

use compysition_core::{Actor, Context, Error, Event, Ports, Result};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http_event::HttpEvent;

/// Sends each request to the outbox that is named as its method: `get`, `post`, `put` and so on.
///
/// A request of another method takes the error path as `not_allowed`: the door answers 405 with the methods there are in
/// `Allow`. `HEAD` goes to `get` if it has no outbox of its own. A door's `routes` can tell methods apart by themselves; this
/// actor is for when something is to be done for all of them first.
///
/// Example: `method_router`, with `it.get, it.post -> reply`
///
/// Purpose: route. Patterns: content-based router.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MethodRouter {}

impl MethodRouter {
    /// Makes a router that knows the methods by its outboxes.
    pub fn new() -> MethodRouter {
        MethodRouter::default()
    }
}

fn outbox(method: &str, ctx: &Context) -> Result<String> {
    let wanted = method.to_ascii_lowercase();
    let named = |name: &str| {
        let mut outboxes = ctx.outboxes();
        outboxes
            .find(|outbox| outbox.eq_ignore_ascii_case(name))
            .map(str::to_owned)
    };
    let found = named(&wanted).or_else(|| (wanted == "head").then(|| named("get")).flatten());
    found.ok_or_else(|| {
        let allowed: Vec<String> = ctx.outboxes().map(str::to_ascii_uppercase).collect();
        let allowed = allowed.join(", ");
        let message = format!("the method {method} is not allowed here; allowed are {allowed}");
        Error::not_allowed(message).with_detail("allow", allowed)
    })
}

impl Actor for MethodRouter {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let http = event.http();
        let Some(method) = http.method() else {
            return Err(Error::internal(
                "the event is of no HTTP request, so it has no method",
            ));
        };
        let outbox = outbox(method.as_str(), ctx)?;
        ctx.send_to(outbox, event)
    }

    fn ports(&self) -> Ports {
        Ports::any().chooses()
    }
}
