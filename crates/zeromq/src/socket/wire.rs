//! How a socket is set up.

use std::sync::Arc;
use std::time::Duration;

use compysition_core::{ByteSize, Ports, Result, TimeSpan};
use omq_tokio::{MechanismSetup, Options, ReconnectPolicy};
use schemars::JsonSchema;
use serde::Deserialize;

use super::crowd::Crowd;
use super::curve::Curve;
use super::endpoint::{Endpoint, Endpoints};

/// Where a socket listens and connects, and under which conditions.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    /// Where it listens.
    pub bind: Endpoints,
    /// Whom it connects to.
    pub connect: Endpoints,
    /// Encryption, and who may connect.
    pub curve: Option<Curve>,
    /// Whether others than this machine are let near without `curve`.
    pub insecure: bool,
    /// Whether what is received is read at once and dropped. Then it need not be copied out of the buffer that it came in.
    pub reads_at_once: bool,
    /// What seldom needs another value.
    pub limits: SocketLimits,
    /// Whom a link between the processes of a flow leads to, as the log calls it. Who cannot be spoken with is of weight then.
    pub linked: Option<String>,
}

/// The limits of a socket.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(inline)]
pub struct SocketLimits {
    /// How large a message may be; each of its frames counts some bytes more. A peer that sends a larger one is disconnected, and the log says why.
    pub max_message_size: ByteSize,
    /// How many messages may wait for each peer, and from each.
    pub high_water_mark: u32,
    /// How many peers may be connected; more are not let in. Who has gone counts until what it has sent is read.
    pub max_connections: usize,
    /// How long what waits may still be sent when the flow has stopped.
    pub linger: TimeSpan,
    /// How long to wait before a connection is tried again, the first time.
    pub reconnect: TimeSpan,
    /// The most that this time is doubled to.
    pub max_reconnect: TimeSpan,
    /// How often a peer that says nothing is asked for a sign of life; without one for three times as long it is disconnected. `0` for never.
    pub heartbeat: TimeSpan,
    /// How long it may take to agree on a connection.
    pub handshake_timeout: TimeSpan,
}

impl Default for SocketLimits {
    fn default() -> SocketLimits {
        SocketLimits {
            max_message_size: ByteSize(1 << 20),
            high_water_mark: 100,
            max_connections: 1000,
            linger: TimeSpan::seconds(2),
            reconnect: TimeSpan(Duration::from_millis(100)),
            max_reconnect: TimeSpan::seconds(5),
            heartbeat: TimeSpan::seconds(10),
            handshake_timeout: TimeSpan::seconds(10),
        }
    }
}

impl Wire {
    /// Returns the wire, if it can be used.
    ///
    /// # Errors
    /// What is wrong with it, for the writer of the settings.
    pub fn checked(self) -> Result<Wire, String> {
        if self.bind.is_empty() && self.connect.is_empty() {
            return Err(
                "say where to listen with `bind`, or whom to connect to with `connect`".into(),
            );
        }
        if let Some(mistake) = self.connect.iter().find_map(Endpoint::connect_mistake) {
            return Err(mistake);
        }
        match &self.curve {
            Some(curve) => {
                if let Some(mistake) = curve.mistake() {
                    return Err(mistake.into());
                }
                // Better now than when the flow starts.
                curve
                    .mechanism(&self.crowd(false))
                    .map_err(|error| error.message().to_owned())?;
            }
            None => {
                let mut all = self.bind.iter().chain(self.connect.iter());
                if let Some(open) = all.find(|endpoint| !endpoint.is_local() && !self.insecure) {
                    return Err(format!(
                        "`{open}` reaches beyond this machine, and whoever is on the way could read and send events; give `curve`, or say `insecure: true`"
                    ));
                }
            }
        }
        if self.limits.high_water_mark == 0 {
            return Err("`high_water_mark: 0` would hold nothing; it is at least 1".into());
        }
        if self.limits.max_message_size.0 == 0 {
            return Err("`max_message_size: 0` lets nothing through; it is at least 1".into());
        }
        if self.limits.max_connections == 0 {
            return Err("`max_connections: 0` takes nobody; it is at least 1".into());
        }
        if self.limits.reconnect.0.is_zero() {
            return Err("`reconnect: 0` would try without a break; it is at least 1ms".into());
        }
        if self.limits.handshake_timeout.0.is_zero() {
            return Err("`handshake_timeout: 0` lets nobody in; it is at least 1ms".into());
        }
        Ok(self)
    }

    /// Returns what an actor on such a socket says of itself: that it is outside, and where it listens.
    pub fn ports(&self) -> Ports {
        let addresses = self
            .bind
            .iter()
            .filter_map(|endpoint| endpoint.as_str().strip_prefix("tcp://"));
        Ports::any().outside().listens(addresses)
    }

    /// Makes the crowd of a socket, which is read as long as there is room or is not.
    pub(super) fn crowd(&self, is_read: bool) -> Arc<Crowd> {
        Crowd::new(self.limits.max_connections, is_read)
    }

    /// Returns the settings as omq wants them, for a socket with this crowd.
    pub(super) fn options(&self, crowd: &Arc<Crowd>) -> Result<Options> {
        let limits = &self.limits;
        let mechanism = match &self.curve {
            Some(curve) => curve.mechanism(crowd)?,
            // Who calls others only, lets nobody in.
            None if self.bind.is_empty() => MechanismSetup::Null,
            None => MechanismSetup::NullServer {
                authenticator: crowd.gate(|_| true),
            },
        };
        let min = limits.reconnect.0;
        let options = Options {
            mechanism,
            // Who sends to a router a peer that is not there is to know.
            router_mandatory: true,
            ..Options::new()
        };
        let options = options
            .send_hwm(limits.high_water_mark)
            .recv_hwm(limits.high_water_mark)
            .max_message_size(limits.max_message_size.0)
            .linger(limits.linger.0)
            .handshake_timeout(limits.handshake_timeout.0)
            .reconnect(ReconnectPolicy::Exponential {
                min,
                max: limits.max_reconnect.0.max(min),
            });
        let heartbeat = limits.heartbeat.0;
        if heartbeat.is_zero() {
            return Ok(options);
        }
        Ok(options
            .heartbeat_interval(heartbeat)
            .heartbeat_timeout(heartbeat * 3)
            .heartbeat_ttl(heartbeat * 3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(text: &str) -> Endpoints {
        let endpoint = Endpoint::try_from(text.to_owned()).unwrap();
        [endpoint].into_iter().collect()
    }

    #[test]
    fn without_curve_it_stays_on_this_machine() {
        let open = Wire {
            bind: endpoints("tcp://*:9000"),
            ..Wire::default()
        };
        let says = open.clone().checked().unwrap_err();
        assert!(says.contains("`insecure: true`"), "{says}");
        let away = Wire {
            connect: endpoints("tcp://example.org:9000"),
            ..Wire::default()
        };
        assert!(away.checked().is_err());
        let meant = Wire {
            insecure: true,
            ..open
        };
        assert!(meant.checked().is_ok());
        let here = Wire {
            bind: endpoints("tcp://127.0.0.1:*"),
            ..Wire::default()
        };
        assert!(here.checked().is_ok());
        assert!(Wire::default().checked().is_err());
    }
}
