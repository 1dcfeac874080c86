//! Where a socket listens, and whom it connects to.

use std::fmt;

use omq_tokio::Endpoint as Parsed;
use omq_tokio::endpoint::Host;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

/// A ZeroMQ endpoint: `tcp://HOST:PORT` or `ipc://PATH`. To listen, the port may be `*`, which lets the system choose one, and the host
/// `*`, which is every address of the machine.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", inline)]
pub struct Endpoint {
    text: String,
    parsed: Parsed,
}

impl Endpoint {
    /// Returns whether only who is on this machine can reach it.
    pub fn is_local(&self) -> bool {
        match &self.parsed {
            Parsed::Tcp { host, .. } => match host {
                Host::Ip(address) => address.is_loopback(),
                Host::Name(name) => name.eq_ignore_ascii_case("localhost"),
                _ => false,
            },
            Parsed::Ipc(_) => true,
            _ => false,
        }
    }

    /// Returns it as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns why nobody can connect to it, as to one that is only good to listen.
    pub(super) fn connect_mistake(&self) -> Option<String> {
        let Parsed::Tcp { host, port } = &self.parsed else {
            return None;
        };
        let what = match (host, port) {
            (Host::Wildcard, _) => "host",
            (_, 0) => "port",
            _ => return None,
        };
        Some(format!("`{self}` names no {what}; `connect` needs one"))
    }

    pub(super) fn parsed(&self) -> &Parsed {
        &self.parsed
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Endpoint, String> {
        let mistake = |why: &str| {
            format!(
                "`{text}` is no endpoint: {why}; write it like tcp://127.0.0.1:9000 or ipc:///run/flow.sock"
            )
        };
        match text.parse::<Parsed>() {
            Ok(parsed @ (Parsed::Tcp { .. } | Parsed::Ipc(_))) => Ok(Endpoint { text, parsed }),
            Ok(Parsed::Inproc { .. }) => {
                Err(mistake("within a process, actors are connected by links"))
            }
            Ok(other) => Err(mistake(&format!("`{}` is not supported", other.scheme()))),
            Err(error) => {
                let why = error.to_string();
                match why.strip_prefix("invalid endpoint: ").unwrap_or(&why) {
                    why if why == text => Err(mistake("it begins with no transport")),
                    why => Err(mistake(why)),
                }
            }
        }
    }
}

impl From<Parsed> for Endpoint {
    fn from(parsed: Parsed) -> Endpoint {
        Endpoint {
            text: parsed.to_string(),
            parsed,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// One endpoint, or a list of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(with = "OneOrMany", inline)]
pub struct Endpoints(Vec<Endpoint>);

/// The settings as the manual shows them.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[allow(
    dead_code,
    reason = "the derived reader would not say what is wrong with an endpoint"
)]
enum OneOrMany {
    One(Endpoint),
    Many(Vec<Endpoint>),
}

impl<'de> Deserialize<'de> for Endpoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Endpoints, D::Error> {
        deserializer.deserialize_any(EndpointsVisitor)
    }
}

struct EndpointsVisitor;

impl<'de> Visitor<'de> for EndpointsVisitor {
    type Value = Endpoints;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an endpoint or a list of endpoints")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Endpoints, E> {
        let endpoint = Endpoint::try_from(text.to_owned()).map_err(E::custom)?;
        Ok(Endpoints(vec![endpoint]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Endpoints, A::Error> {
        let mut endpoints = Vec::new();
        while let Some(endpoint) = list.next_element()? {
            endpoints.push(endpoint);
        }
        Ok(Endpoints(endpoints))
    }
}

impl std::ops::Deref for Endpoints {
    type Target = [Endpoint];

    fn deref(&self) -> &[Endpoint] {
        &self.0
    }
}

impl FromIterator<Endpoint> for Endpoints {
    fn from_iter<I: IntoIterator<Item = Endpoint>>(endpoints: I) -> Endpoints {
        Endpoints(endpoints.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_who_can_reach_it() {
        for (text, is_local) in [
            ("tcp://127.0.0.1:9000", true),
            ("tcp://[::1]:9000", true),
            ("tcp://localhost:*", true),
            ("ipc:///tmp/a.sock", true),
            ("ipc://@abstract", true),
            ("tcp://*:9000", false),
            ("tcp://0.0.0.0:9000", false),
            ("tcp://broker.example.org:9000", false),
            ("tcp://localhost.example.org:9000", false),
        ] {
            let endpoint = Endpoint::try_from(text.to_owned()).unwrap();
            assert_eq!(endpoint.is_local(), is_local, "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_it() {
        for (text, why) in [
            ("127.0.0.1:9000", "write it like"),
            ("inproc://a", "connected by links"),
            ("udp://127.0.0.1:1", "`udp` is not supported"),
            ("tcp://127.0.0.1", "missing port"),
        ] {
            let says = Endpoint::try_from(text.to_owned()).unwrap_err();
            assert!(says.contains(why), "{says}");
        }
        for (text, why) in [
            ("tcp://*:9000", "names no host"),
            ("tcp://127.0.0.1:*", "names no port"),
        ] {
            let endpoint = Endpoint::try_from(text.to_owned()).unwrap();
            assert!(endpoint.connect_mistake().unwrap().contains(why), "{text}");
        }
    }

    #[test]
    fn is_one_or_many() {
        let one: Endpoints = serde_json::from_str(r#""ipc:///a""#).unwrap();
        let many: Endpoints = serde_json::from_str(r#"["ipc:///a", "tcp://[::1]:1"]"#).unwrap();
        assert_eq!((one.len(), many.len()), (1, 2));
    }
}
