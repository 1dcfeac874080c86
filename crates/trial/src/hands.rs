//! By what a test sends requests and events.

use compysition_core::testing::quiet;
use compysition_core::{Event, Flow};

use crate::case::{Part, Request};
use crate::inlet::Hand;
use crate::log::Log;
use crate::stand_in::{Asked, Props, Response};

/// By what a test sends.
pub(crate) struct Hands<'a> {
    pub(crate) props: &'a Props,
    pub(crate) hand: Hand,
    /// Those of the sources that the test stands in for.
    pub(crate) sources: Vec<(String, Hand)>,
}

impl Hands<'_> {
    /// Sends what goes in, waits until all is done, and returns the last answer.
    pub(crate) async fn send(
        &self,
        part: &Part,
        flow: &Flow,
        log: &Log,
    ) -> Result<Option<Response>, String> {
        let mut answer = None;
        for input in &part.input.0 {
            if let Some(request) = &input.http {
                answer = Some(self.ask(request).await?);
            }
            for (target, events) in &input.events.0 {
                for event in &events.0 {
                    self.emit(target, event.event(), log).await?;
                }
            }
            quiet(flow).await;
        }
        quiet(flow).await;
        Ok(answer)
    }

    async fn emit(&self, target: &str, event: Event, log: &Log) -> Result<(), String> {
        let source = self.sources.iter().find(|(name, _)| name == target);
        let sent = match source {
            Some((_, hand)) => hand.send(None, event).await,
            None => self.hand.send(Some(target), event).await,
        };
        match sent {
            Some(settlement) => {
                drop(settlement);
                Ok(())
            }
            None => Err(format!(
                "an event for `{target}` was not let in\n{}",
                log.text()
            )),
        }
    }

    async fn ask(&self, request: &Request) -> Result<Response, String> {
        let doors = self.props.doors();
        let named = |name: &String| doors.iter().find(|(known, _)| known == name);
        let found = match (&request.door, doors.as_slice()) {
            (Some(name), _) => named(name),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let Some((_, door)) = found else {
            let names: Vec<&str> = doors.iter().map(|(name, _)| &**name).collect();
            return Err(match (names.as_slice(), &request.door) {
                ([], _) => "the flow has no HTTP server that could be asked".into(),
                (names, Some(door)) => {
                    format!("there is no HTTP server `{door}`, but {}", names.join(", "))
                }
                (names, None) => {
                    format!("say which server is asked: `door:` {}", names.join(" or "))
                }
            });
        };
        door.ask(asked(request)).await
    }
}

/// Completes a request.
fn asked(request: &Request) -> Asked {
    let content = &request.body.0;
    let (kind, body) = match (&content.json, &content.xml, &content.text) {
        (Some(json), ..) => (Some("application/json"), json.to_string()),
        (_, Some(xml), _) => (Some("application/xml"), xml.clone()),
        (.., Some(text)) => (None, text.clone()),
        _ => (None, String::new()),
    };
    let mut headers = request.headers.0.clone();
    let has_kind = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(kind) = kind.filter(|_| !has_kind) {
        headers.push(("content-type".into(), kind.into()));
    }
    let default = if body.is_empty() { "GET" } else { "POST" };
    Asked {
        method: request.method.clone().unwrap_or_else(|| default.into()),
        path: request.path.clone(),
        headers,
        body: body.into_bytes(),
    }
}
