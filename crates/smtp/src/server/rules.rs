//! What a mail server takes, from whom, and for whom.

use std::collections::BTreeMap;

use compysition_core::{ByteSize, TimeSpan};

use crate::credentials::Password;
use crate::server::tls::Tls;

/// The settings of a mail server, made ready for use.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) tls: Option<Tls>,
    pub(crate) users: BTreeMap<String, Password>,
    /// In lower case.
    pub(crate) recipients: Vec<String>,
    /// In lower case.
    pub(crate) domains: Vec<String>,
    pub(crate) is_raw: bool,
    pub(crate) max_message: ByteSize,
    pub(crate) max_recipients: usize,
    pub(crate) idle_timeout: TimeSpan,
    pub(crate) data_timeout: TimeSpan,
    pub(crate) deadline: TimeSpan,
}

impl Rules {
    /// Tells whether messages for this address are taken.
    pub(crate) fn takes(&self, address: &str) -> bool {
        if self.recipients.is_empty() && self.domains.is_empty() {
            return true;
        }
        let address = address.to_ascii_lowercase();
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        self.recipients.contains(&address)
            || domain.is_some_and(|domain| self.domains.iter().any(|known| known == domain))
    }
}
