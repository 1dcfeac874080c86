//! Where the mail server can be reached.

use std::net::SocketAddr;

use tokio::sync::watch;

/// Tells the address that an [`SmtpIn`](crate::SmtpIn) listens on: the way to know the port when the address ends in `:0`.
#[derive(Clone, Debug)]
pub struct Bound(pub(crate) watch::Receiver<Option<SocketAddr>>);

impl Bound {
    /// Returns the address, if the server listens already, as it does when its flow has started.
    pub fn get(&self) -> Option<SocketAddr> {
        *self.0.borrow()
    }
}
