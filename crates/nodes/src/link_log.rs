//! What the log tells of lines that end.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::transport::LinkError;

/// How long the same is not said again.
const AGAIN: Duration = Duration::from_secs(60);

/// How many things that were said are remembered: what others say is in them.
const MOST: usize = 256;

/// Tells the log of lines that end, and of what goes on for long only now and then.
pub(crate) struct LinkLog {
    flow: String,
    said: Mutex<HashMap<String, Instant>>,
}

impl LinkLog {
    pub(crate) fn new(flow: &str) -> LinkLog {
        LinkLog {
            flow: flow.to_owned(),
            said: Mutex::default(),
        }
    }

    /// Tells how a line has ended.
    pub(crate) fn tell(&self, line: &str, ended: Result<(), LinkError>) {
        let flow = &self.flow;
        match ended {
            Ok(()) => {}
            Err(LinkError::Passing(reason)) => {
                tracing::debug!(%flow, "{line} has ended: {reason}");
            }
            Err(LinkError::Refused(reason) | LinkError::Fatal(reason)) => {
                let message = format!("{line}: {reason}");
                match self.is_news(&message) {
                    true => tracing::error!(%flow, "{message}"),
                    false => tracing::debug!(%flow, "{message}"),
                }
            }
        }
    }

    /// Returns whether this was not said for a while, and takes note of it.
    fn is_news(&self, message: &str) -> bool {
        let now = Instant::now();
        let mut said = self.said.lock();
        said.retain(|_, at| now.duration_since(*at) < AGAIN);
        if said.len() >= MOST && !said.contains_key(message) {
            return false;
        }
        match said.contains_key(message) {
            true => false,
            false => said.insert(message.to_owned(), now).is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_goes_on_is_said_once_a_minute() {
        let log = LinkLog::new("a");
        assert!(log.is_news("x") && log.is_news("y") && !log.is_news("x"));
        tokio::time::advance(AGAIN).await;
        assert!(log.is_news("x"));
    }

    #[tokio::test]
    async fn others_cannot_fill_the_memory() {
        let log = LinkLog::new("a");
        let said = (0..MOST * 2).filter(|number| log.is_news(&number.to_string()));
        assert_eq!(said.count(), MOST);
    }
}
