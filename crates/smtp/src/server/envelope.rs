//! Whom a message is from and for.

use std::net::SocketAddr;

use serde_json::{Value, json};

/// What a client said before the message itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Envelope {
    /// Empty if it is from nobody, as messages about messages are.
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// How many bytes the message was said to have.
    pub(crate) size: Option<u64>,
}

/// Who the client is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    pub(crate) address: Option<SocketAddr>,
    pub(crate) name: String,
    pub(crate) user: Option<String>,
    pub(crate) is_secure: bool,
}

impl Envelope {
    /// Returns what stands under the attribute `smtp`.
    pub(crate) fn to_value(&self, client: &Client) -> Value {
        json!({
            "from": self.from,
            "to": self.to,
            "client": client.address.map(|address| address.to_string()),
            "helo": client.name,
            "user": client.user,
            "tls": client.is_secure,
        })
    }
}
