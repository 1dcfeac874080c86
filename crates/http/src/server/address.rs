//! Where a server listens.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An address to listen on, such as `127.0.0.1:8080`.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", inline)]
pub(crate) struct Address(String);

impl Address {
    /// Takes an address as it is; a mistake in it is told when the server starts.
    pub(crate) fn unchecked(text: String) -> Address {
        Address(text)
    }

    /// Returns host and port, as far as they can be told without asking the system.
    pub(crate) fn get(&self) -> Result<&str, String> {
        let text = self.0.as_str();
        let wrong = |why: &str| {
            Err(format!(
                "`{text}` is no address to listen on: {why}; write it like 127.0.0.1:8080"
            ))
        };
        let (host, port) = match text.rsplit_once(':') {
            _ if text.contains('/') => return wrong("it is a URL or a path"),
            None => return wrong("the port is missing"),
            Some(("", _)) => return wrong("the host is missing, which is 0.0.0.0 for any"),
            Some(parts) => parts,
        };
        let is_bracketed = host.starts_with('[') && host.ends_with(']');
        if host.contains(':') && !is_bracketed {
            return wrong("an IPv6 address stands in brackets");
        }
        match port.parse::<u16>() {
            Ok(_) => Ok(text),
            Err(_) => wrong("ports are numbers up to 65535"),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Address, String> {
        let address = Address(text);
        address.get()?;
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_a_host_and_a_port() {
        for text in ["127.0.0.1:0", "localhost:80", "[::1]:8080", "0.0.0.0:65535"] {
            assert!(Address::try_from(text.to_owned()).is_ok(), "{text}");
        }
        for (text, why) in [
            ("127.0.0.1", "port is missing"),
            ("8080", "port is missing"),
            (":8080", "0.0.0.0 for any"),
            ("::1", "in brackets"),
            ("127.0.0.1:70000", "up to 65535"),
            ("127.0.0.1:http", "are numbers"),
            ("http://127.0.0.1:80", "a URL"),
        ] {
            let says = Address::try_from(text.to_owned()).err().unwrap();
            assert!(says.contains(why), "{says}");
            assert!(says.ends_with("write it like 127.0.0.1:8080"), "{says}");
        }
    }
}
