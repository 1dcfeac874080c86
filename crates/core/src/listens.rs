//! Where actors listen.

use crate::ports::Ports;

impl Ports {
    /// Listens over TCP at these addresses, each a host and a port: `127.0.0.1:8080`.
    #[must_use]
    pub fn listens<A: Into<String>>(mut self, addresses: impl IntoIterator<Item = A>) -> Ports {
        self.listens.extend(addresses.into_iter().map(Into::into));
        self
    }

    /// Returns where it listens over TCP.
    pub fn addresses(&self) -> &[String] {
        &self.listens
    }
}
