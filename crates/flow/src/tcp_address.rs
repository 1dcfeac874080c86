//! Where somebody listens over TCP.

use std::net::IpAddr;

/// A host and a port, as files write them.
#[derive(Clone, Copy)]
pub(crate) struct TcpAddress<'a> {
    host: &'a str,
    port: u16,
}

impl<'a> TcpAddress<'a> {
    /// Reads `HOST:PORT`, also behind `tcp://`; none if it is something else, or any free port.
    pub(crate) fn of(text: &'a str) -> Option<TcpAddress<'a>> {
        let text = text.strip_prefix("tcp://").unwrap_or(text);
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        let host = if host == "localhost" {
            "127.0.0.1"
        } else {
            host
        };
        Some(TcpAddress { host, port })
    }

    /// Returns whether only who is on the same machine reaches it.
    pub(crate) fn is_local(self) -> bool {
        self.host.starts_with("127.") || self.host == "[::1]"
    }

    /// Returns whether only one of both can listen.
    pub(crate) fn meets(self, other: TcpAddress) -> bool {
        let is_same = match (self.ip(), other.ip()) {
            (Some(one), Some(other)) => one == other,
            _ => self.host.eq_ignore_ascii_case(other.host),
        };
        self.port == other.port && (is_same || self.takes(other) || other.takes(self))
    }

    /// Returns whether it is all addresses of the machine, the host of the other one among them.
    fn takes(self, other: TcpAddress) -> bool {
        match self.ip() {
            None => self.host == "*",
            // Those of IPv4 as well.
            Some(IpAddr::V6(ip)) => ip.is_unspecified(),
            Some(IpAddr::V4(ip)) => {
                ip.is_unspecified() && !matches!(other.ip(), Some(IpAddr::V6(_)))
            }
        }
    }

    /// Returns the host, if it is a number.
    fn ip(self) -> Option<IpAddr> {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        bare.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_meet_at_a_port_of_the_same_host_or_of_any() {
        for (one, other, meet) in [
            ("127.0.0.1:80", "tcp://127.0.0.1:80", true),
            ("localhost:80", "tcp://127.0.0.1:80", true),
            ("0.0.0.0:80", "tcp://10.0.0.1:80", true),
            ("10.0.0.1:80", "tcp://*:80", true),
            ("127.0.0.1:80", "tcp://127.0.0.1:81", false),
            ("127.0.0.1:80", "tcp://10.0.0.1:80", false),
            ("[::1]:80", "[0:0:0:0:0:0:0:1]:80", true),
            // One of all addresses of IPv6 takes those of IPv4 as well, not the other way round.
            ("[::]:80", "127.0.0.1:80", true),
            ("[::]:80", "0.0.0.0:80", true),
            ("0.0.0.0:80", "[::1]:80", false),
            ("*:80", "[::1]:80", true),
            ("0.0.0.0:80", "db.example:80", true),
            ("DB.example:80", "db.example:80", true),
            ("127.0.0.1:80", "db.example:80", false),
        ] {
            let [one, other] = [one, other].map(|text| TcpAddress::of(text).unwrap());
            assert_eq!(one.meets(other), meet);
            assert_eq!(other.meets(one), meet);
        }
        for none in ["127.0.0.1:0", "tcp://*:*", "ipc:///run/a", "nowhere"] {
            assert!(TcpAddress::of(none).is_none(), "{none}");
        }
    }
}
