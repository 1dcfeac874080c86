//! Where to listen, or whom to connect to.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

/// A host and a port, such as `127.0.0.1:9000`, `[::1]:9000` or `log.example.org:514`.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", inline)]
pub(crate) struct Address(String);

impl Address {
    /// Takes an address of this machine that is right as it is written.
    pub(crate) fn local(port: u16) -> Address {
        Address(format!("127.0.0.1:{port}"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the host, an IPv6 address without its brackets.
    pub(crate) fn host(&self) -> &str {
        let host = self.0.rsplit_once(':').map_or("", |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Address, String> {
        let why = match text.rsplit_once(':') {
            _ if text.contains('/') => "it is a URL or a path",
            None => "the port is missing",
            Some(("", _)) => "the host is missing, which is 0.0.0.0 to listen for any",
            Some((host, _)) if host.contains(':') && !is_bracketed(host) => {
                "an IPv6 address stands in brackets"
            }
            Some((_, port)) if port.parse::<u16>().is_err() => "ports are numbers up to 65535",
            Some(_) => return Ok(Address(text)),
        };
        Err(format!(
            "`{text}` is no address: {why}; write it like 127.0.0.1:9000"
        ))
    }
}

fn is_bracketed(host: &str) -> bool {
    host.starts_with('[') && host.ends_with(']')
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_host_and_a_port() {
        for (text, host) in [
            ("127.0.0.1:0", "127.0.0.1"),
            ("localhost:80", "localhost"),
            ("[::1]:65535", "::1"),
        ] {
            assert_eq!(Address::try_from(text.to_owned()).unwrap().host(), host);
        }
        for (text, why) in [
            ("127.0.0.1", "port is missing"),
            (":9000", "0.0.0.0 to listen for any"),
            ("::1", "in brackets"),
            ("127.0.0.1:70000", "up to 65535"),
            ("tcp://127.0.0.1:80", "a URL"),
        ] {
            let says = Address::try_from(text.to_owned()).unwrap_err();
            assert!(says.contains(why), "{says}");
        }
    }
}
