//! What is known of one request when it is over.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{StatusCode, Version};
use tokio::time::Instant;

use super::Journal;
use crate::exchange::RequestHead;

/// A request on its way to the access log: it gets there when this is dropped, whatever has become of it.
#[derive(Debug)]
pub(crate) struct Entry {
    journal: Arc<Journal>,
    began: Instant,
    pub(super) at: SystemTime,
    pub(super) head: Arc<RequestHead>,
    pub(super) version: Version,
    pub(super) meta_id: Option<String>,
    /// None as long as there is no answer.
    pub(super) status: Option<StatusCode>,
    pub(super) bytes: u64,
}

impl Entry {
    pub(crate) fn begin(
        journal: &Arc<Journal>,
        head: &Arc<RequestHead>,
        version: Version,
    ) -> Entry {
        Entry {
            journal: journal.clone(),
            began: Instant::now(),
            at: SystemTime::now(),
            head: head.clone(),
            version,
            meta_id: None,
            status: None,
            bytes: 0,
        }
    }

    pub(crate) fn named(&mut self, meta_id: &str) {
        self.meta_id = Some(meta_id.to_owned());
    }

    pub(crate) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// Notes that bytes of the answer have been sent.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(super) fn took(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let journal = self.journal.clone();
        journal.write(self);
    }
}
