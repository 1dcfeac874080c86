//! A service that the flow offers.

use std::sync::Arc;
use std::time::Duration;

use compysition_convert::Codec;
use compysition_core::{
    Actor, Context, Error, Event, Ports, Result, Source, TimeSpan, more_than_nothing,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::content::Content;
use crate::mdp::broker::{HEARTBEAT, LIVENESS, check, default_broker};
use crate::mdp::protocol::Version;
use crate::mdp::shift::{Host, Rules};
use crate::socket::{Curve, Endpoints, SocketLimits, Wire};

/// How long the flow waits at its end for answers that are not sent yet.
const FAREWELL: Duration = Duration::from_secs(2);

/// Offers a service at a Majordomo broker: makes an event of each request, and answers it with what reaches its inbox, or `reply`.
///
/// The event's `service` is that of the worker. When the flow cannot answer, the client gets an answer `compysition/error KIND: MESSAGE`. A request
/// that has no room in the flow waits, and heartbeats tell the broker that it is alive. With several brokers it works for each of them; an answer
/// goes back through the broker that the request came by. After a broker that is silent, or has sent it away, it begins anew with a new connection; the answer
/// to a request from before is lost then, and the log says so. A request has one answer, also with `version: "0.2"`: what the flow makes of it in parts
/// is gathered with `join` before it goes back, or its first part is the answer and the others are dropped with a warning.
///
/// Example: `mdp_worker: { broker: "tcp://127.0.0.1:5555", service: price, concurrency: 8, codec: json }`
///
/// Purpose: in and out. Patterns: competing consumers, request-reply, service activator.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "Settings")]
#[schemars(with = "Settings")]
pub struct MdpWorker {
    wires: Vec<Wire>,
    rules: Arc<Rules>,
    concurrency: u32,
    shifts: Arc<Semaphore>,
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
    /// The name of the service.
    service: String,
    /// The version of the protocol; `0.2` is RFC 18.
    version: Version,
    /// How many requests may be under way for each broker, of which each has a connection.
    concurrency: u32,
    /// How payloads stand in frames, as `decode` and `encode` have it; if left out, as they are.
    codec: Option<Codec>,
    /// Whether payloads are lists of all frames of a body; otherwise a body has one.
    multipart: bool,
    /// How long the flow may take for an answer; then the client is told that it failed as `timeout`.
    #[serde(deserialize_with = "more_than_nothing")]
    deadline: TimeSpan,
    /// How often the broker hears from the worker, and the worker wants to hear from it. The broker has to have about the same.
    heartbeat: TimeSpan,
    /// After how many missing heartbeats the broker is held for dead.
    liveness: u32,
    /// Limits of the socket, and its times.
    limits: SocketLimits,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            broker: Endpoints::default(),
            curve: None,
            insecure: false,
            service: "default".into(),
            version: Version::V01,
            concurrency: 1,
            codec: None,
            multipart: false,
            deadline: TimeSpan::seconds(30),
            heartbeat: TimeSpan(HEARTBEAT),
            liveness: LIVENESS,
            limits: SocketLimits::default(),
        }
    }
}

/// Makes a wire for each broker.
pub(super) fn wires(
    brokers: Endpoints,
    curve: Option<Curve>,
    insecure: bool,
    limits: SocketLimits,
) -> Result<Vec<Wire>, String> {
    let brokers = match brokers.is_empty() {
        true => default_broker()?,
        false => brokers,
    };
    let wire = |broker: &crate::socket::Endpoint| {
        let wire = Wire {
            bind: Endpoints::default(),
            connect: Endpoints::from_iter([broker.clone()]),
            curve: curve.clone(),
            insecure,
            limits: limits.clone(),
            ..Wire::default()
        };
        wire.checked()
    };
    brokers.iter().map(wire).collect()
}

/// Says what is wrong with a number of connections.
pub(super) fn check_concurrency(concurrency: u32) -> Result<(), String> {
    match concurrency {
        1..=1000 => Ok(()),
        _ => Err(format!(
            "`concurrency: {concurrency}` cannot be; it is from 1 to 1000"
        )),
    }
}

impl TryFrom<Settings> for MdpWorker {
    type Error = String;

    fn try_from(settings: Settings) -> Result<MdpWorker, String> {
        check(settings.heartbeat, settings.liveness)?;
        check_concurrency(settings.concurrency)?;
        if settings.service.is_empty() || settings.service.starts_with("mmi.") {
            return Err(format!(
                "`service: \"{}\"` cannot be offered: it is empty, or the broker's own",
                settings.service
            ));
        }
        let wires = wires(
            settings.broker,
            settings.curve,
            settings.insecure,
            settings.limits,
        )?;
        let all = settings.concurrency as usize * wires.len();
        Ok(MdpWorker {
            wires,
            rules: Arc::new(Rules {
                service: settings.service,
                version: settings.version,
                content: Content {
                    codec: settings.codec,
                    multipart: settings.multipart,
                },
                deadline: settings.deadline.0,
                heartbeat: settings.heartbeat.0,
                liveness: settings.liveness,
            }),
            concurrency: settings.concurrency,
            shifts: Arc::new(Semaphore::new(all)),
        })
    }
}

impl Actor for MdpWorker {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (wires, rules) = (self.wires.clone(), self.rules.clone());
        let (shifts, concurrency) = (self.shifts.clone(), self.concurrency);
        let spawner = ctx.spawner();
        ctx.produce(move |source: Source| async move {
            let stopping = source.stopping();
            let host = Arc::new(Host { source, rules });
            for wire in wires {
                for _ in 0..concurrency {
                    let Ok(shift) = shifts.clone().try_acquire_owned() else {
                        continue;
                    };
                    let (host, wire) = (host.clone(), wire.clone());
                    spawner.spawn(async move {
                        host.work(&wire).await;
                        drop(shift);
                    });
                }
            }
            stopping.await;
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        // The engine takes answers off before they come here.
        Err(Error::internal("an `mdp_worker` takes nothing but answers"))
    }

    async fn stop(&mut self, _: &Context) -> Result {
        let all = self.concurrency * self.wires.len() as u32;
        let _ = timeout(FAREWELL, self.shifts.acquire_many(all)).await;
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().outside().door()
    }
}
