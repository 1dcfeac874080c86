//! Where somebody listens over TCP.

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
        let is_any = |host| matches!(host, "*" | "0.0.0.0" | "[::]");
        let meet = self.host == other.host || is_any(self.host) || is_any(other.host);
        meet && self.port == other.port
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
