//! Requests for services.

use std::sync::Arc;

use bytes::Bytes;
use compysition_convert::Codec;
use compysition_core::{
    Actor, Context, Error, ErrorKind, Event, Ports, Result, TimeSpan, more_than_nothing,
};
use compysition_expression::Template;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use crate::content::Content;
use crate::error_frame;
use crate::mdp::ids;
use crate::mdp::lines::Lines;
use crate::mdp::protocol::{ToBroker, ToClient, Version};
use crate::mdp::worker::{check_concurrency, wires};
use crate::peers::unreadable;
use crate::socket::{Curve, Endpoints, Frames, SocketLimits};

/// Asks a service with each event, through a Majordomo broker, and puts the answer in its place.
///
/// Many requests may be under way, each over a connection of its own, since a client of Majordomo asks one thing after the other. A request without an
/// answer in `timeout`, be it that there is no broker, no worker, or that one of them was lost, is `timeout`; its connection is given up, so
/// that a late answer is not taken for another's. With several brokers they take turns; one that cannot be reached is passed over. An answer
/// `compysition/error KIND: MESSAGE`, as `mdp_worker` and `mdp_broker` give it when a request failed, is that error. With `version: "0.2"` each part of an answer
/// is an event, of which `attributes.mdp` tells `part` (from 1) and `final`.
///
/// Example: `mdp_client: { broker: "tcp://127.0.0.1:5555", service: "{{ service }}", prefix: "prod.", codec: json, timeout: 5s }`
///
/// Purpose: in and out. Patterns: request-reply, correlation identifier.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct MdpClient {
    rules: Arc<Rules>,
    lines: Arc<Lines>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// The brokers: an endpoint, `tcp://HOST:PORT` or `ipc://PATH`, or a list of them; `tcp://127.0.0.1:5555` by default.
    broker: Endpoints,
    /// Encryption: our key, and the broker's public key as `server`. Without it only brokers on this machine are asked.
    curve: Option<Curve>,
    /// Whether brokers on other machines may be asked without `curve`.
    insecure: bool,
    /// The service, a template; the event's own by default.
    service: Template,
    /// What goes before the name of the service.
    prefix: String,
    /// What goes behind the name of the service.
    postfix: String,
    /// The version of the protocol; `0.2` is RFC 18.
    version: Version,
    /// How many requests may be under way; more wait.
    concurrency: u32,
    /// How payloads stand in frames, as `encode` and `decode` have it; if left out, as they are.
    codec: Option<Codec>,
    /// Whether payloads are lists of all frames of a body; otherwise a body has one.
    multipart: bool,
    /// Whether the event's meta id and trace go along, in a frame before the body, which an `mdp_worker` takes off; other workers may not know it.
    ids: bool,
    /// How long it may take until there is an answer.
    #[serde(deserialize_with = "more_than_nothing")]
    timeout: TimeSpan,
    /// Limits of the sockets, and their times.
    limits: SocketLimits,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            broker: Endpoints::default(),
            curve: None,
            insecure: false,
            service: own_service(),
            prefix: String::new(),
            postfix: String::new(),
            version: Version::V01,
            concurrency: 16,
            codec: None,
            multipart: false,
            ids: false,
            timeout: TimeSpan::seconds(30),
            limits: SocketLimits::default(),
        }
    }
}

fn own_service() -> Template {
    // The text is right: a test builds the default.
    Template::new("{{ service }}").unwrap_or_default()
}

impl TryFrom<Settings> for MdpClient {
    type Error = String;

    fn try_from(settings: Settings) -> Result<MdpClient, String> {
        check_concurrency(settings.concurrency)?;
        let wires = wires(
            settings.broker,
            settings.curve,
            settings.insecure,
            settings.limits,
        )?;
        Ok(MdpClient {
            rules: Arc::new(Rules {
                service: settings.service,
                prefix: settings.prefix,
                postfix: settings.postfix,
                version: settings.version,
                content: Content {
                    codec: settings.codec,
                    multipart: settings.multipart,
                },
                ids: settings.ids,
                timeout: settings.timeout,
            }),
            lines: Arc::new(Lines::new(wires, settings.concurrency as usize)),
        })
    }
}

struct Rules {
    service: Template,
    prefix: String,
    postfix: String,
    version: Version,
    content: Content,
    ids: bool,
    timeout: TimeSpan,
}

impl Actor for MdpClient {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let (rules, lines) = (self.rules.clone(), self.lines.clone());
        let deadline = Instant::now() + rules.timeout.0;
        ctx.spawn(event, move |event, ctx| async move {
            let asking = rules.ask(&lines, event, &ctx, deadline);
            tokio::select! {
                asked = timeout_at(deadline, asking) => match asked {
                    Ok(asked) => asked,
                    Err(_) => Err(Error::timeout("the service has not answered in time")),
                },
                () = ctx.cancelled() => {
                    Err(Error::new(ErrorKind::Cancelled, "nobody waits for the answer"))
                }
            }
        });
        Ok(())
    }

    async fn stop(&mut self, _: &Context) -> Result {
        self.lines.close().await;
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().outside()
    }
}

impl Rules {
    async fn ask(&self, lines: &Lines, event: Event, ctx: &Context, deadline: Instant) -> Result {
        let name = self.service.render((&event, ctx))?;
        let service = Bytes::from(format!("{}{name}{}", self.prefix, self.postfix));
        if service.is_empty() {
            return Err(Error::unprocessable("the name of the service is empty"));
        }
        let mut body = self.content.write(event.payload())?;
        if self.ids {
            body.insert(0, ids::write(&event));
        }
        let request = ToBroker::Request {
            service: service.clone(),
            body,
        };
        let line = lines.lease(ctx, deadline).await?;
        let socket = line.socket()?;
        socket.send(request.write(self.version)).await?;
        let mut part = 0;
        loop {
            let frames = socket.recv().await?;
            let said = ToClient::read(self.version, &frames);
            let said = match said.map_err(str::to_owned) {
                Ok(said) if said.service == service => said,
                Ok(_) => return Err(Error::bad_gateway("the broker answers for another service")),
                Err(why) => {
                    return Err(Error::bad_gateway(format!(
                        "the broker's answer cannot be read: {why}"
                    )));
                }
            };
            part += 1;
            if !said.is_final {
                let event = event.child(self.read(&said.body, ctx).await?);
                ctx.send(self.numbered(event, part, false))?;
                continue;
            }
            line.give_back();
            let payload = self.read(&said.body, ctx).await?;
            return ctx.send(self.numbered(event.with(payload), part, true));
        }
    }

    async fn read(&self, body: &Frames, ctx: &Context) -> Result<compysition_core::Payload> {
        match error_frame::read(body) {
            Some(error) => Err(error),
            None => self.content.read(body, ctx).await.map_err(unreadable),
        }
    }

    fn numbered(&self, event: Event, part: u64, is_final: bool) -> Event {
        match self.version {
            Version::V01 => event,
            Version::V02 => event.with_attribute("mdp", json!({ "part": part, "final": is_final })),
        }
    }
}
