//! The keys that stand beside an actor's kind and hold for all kinds.

use std::time::Duration;

use compysition_core::{Breaker, Director, Event, Node as Actor, Retry, TimeSpan};
use serde::de::DeserializeOwned;

use crate::diagnostics::Diagnostic;
use crate::fields;
use crate::node::{Content, Entry, Node};
use crate::{pool, settings};

/// All of these keys.
pub(crate) const KEYS: [&str; 6] = ["pool", "retry", "timeout", "breaker", "into", "description"];

/// What holds for an actor of any kind.
#[derive(Clone, Default)]
pub(crate) struct Options {
    timeout: Option<Duration>,
    into: Option<String>,
    retry: Option<Retry>,
    breaker: Option<Breaker>,
    /// Read when the actor is there: its key is an expression, which needs the flow's functions.
    pool: Option<Given>,
}

/// A pool as it was written, for one actor or for all that may have one.
#[derive(Clone)]
struct Given {
    node: Node,
    is_default: bool,
}

impl Options {
    /// Takes what is said of these keys out of a map.
    pub(crate) fn take(entries: &mut Vec<Entry>, found: &mut Vec<Diagnostic>) -> Options {
        if let Some(entry) = fields::take(entries, "description") {
            fields::text(&entry.value, "a description", found);
        }
        let mut value = |key| fields::take(entries, key).map(|entry| entry.value);
        Options {
            timeout: value("timeout").and_then(|node| timeout(&node, found)),
            into: value("into").and_then(|node| path(&node, found)),
            retry: value("retry").and_then(|node| map(node, found)),
            breaker: value("breaker").and_then(|node| map(node, found)),
            pool: value("pool").map(|node| Given {
                node,
                is_default: false,
            }),
        }
    }

    /// Returns these options, and where they say nothing the others.
    pub(crate) fn or(self, others: &Options) -> Options {
        Options {
            timeout: self.timeout.or(others.timeout),
            into: self.into.or_else(|| others.into.clone()),
            retry: self.retry.or_else(|| others.retry.clone()),
            breaker: self.breaker.or_else(|| others.breaker.clone()),
            pool: self.pool.or_else(|| {
                let others = others.pool.clone()?;
                Some(Given {
                    is_default: true,
                    ..others
                })
            }),
        }
    }

    /// Sets them for an actor.
    pub(crate) fn set(
        mut self,
        director: &mut Director,
        actor: Actor,
        found: &mut Vec<Diagnostic>,
    ) {
        if let Some(Given { node, is_default }) = self.pool.take()
            && (!is_default || director.may_pool(actor))
            && let Some(pool) = pool::read(node, found)
        {
            director.set_pool(actor, pool);
        }
        self.set_of_any(director, actor, found);
    }

    /// Sets them for what stands for an actor that could not be made, so that what is wrong with them is found. Whether it may have a
    /// pool is not known.
    pub(crate) fn set_of_any(
        self,
        director: &mut Director,
        actor: Actor,
        found: &mut Vec<Diagnostic>,
    ) {
        if let Some(Given { node, .. }) = self.pool {
            pool::read(node, found);
        }
        if let Some(timeout) = self.timeout {
            director.set_timeout(actor, timeout);
        }
        if let Some(path) = self.into {
            director.set_into(actor, path);
        }
        if let Some(retry) = self.retry {
            director.set_retry(actor, retry);
        }
        if let Some(breaker) = self.breaker {
            director.set_breaker(actor, breaker);
        }
    }
}

fn timeout(node: &Node, found: &mut Vec<Diagnostic>) -> Option<Duration> {
    let TimeSpan(time) = settings::read(node, found)?;
    if time.is_zero() {
        let message = "a time-out of nothing lets no event through";
        Diagnostic::new(node.span, message).report(found);
    }
    Some(time)
}

/// Reads a map of settings; nothing means the defaults, as it does for an actor's kind.
fn map<T: DeserializeOwned>(mut node: Node, found: &mut Vec<Diagnostic>) -> Option<T> {
    if node.is_null() {
        node.content = Content::Map(Vec::new());
    }
    settings::read(&node, found)
}

fn path(node: &Node, found: &mut Vec<Diagnostic>) -> Option<String> {
    let path = node.text().unwrap_or_default();
    // An event of its own shows whether the path can be set at all.
    match Event::new(()).set_path(&path, "") {
        Ok(()) => Some(path.to_string()),
        Err(error) => {
            Diagnostic::new(node.span, error.message()).report(found);
            None
        }
    }
}
