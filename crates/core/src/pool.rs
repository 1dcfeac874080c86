//! Several instances of one actor.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::stage::panicked;
use crate::{Event, Result};

/// How many instances of an actor there are, and in which order events go through them.
///
/// Each instance takes one event at a time, and what it does in the background for that event
/// ([`Context::spawn`](crate::Context::spawn)) belongs to it. The instances are made by the function that
/// the actor was registered with, share its name, links and counters, and each is made anew by itself when
/// it panics.
///
/// ```
/// use compysition_core::{Pool, Event};
///
/// let sixty_four = Pool::of(64);
/// let by_customer = Pool::of(8).by_key(|event: &Event, _| {
///     Ok(event.attribute("customer").map(|customer| customer.to_string()).unwrap_or_default())
/// });
/// let as_they_came = Pool::of(8).in_order();
/// ```
#[derive(Clone, Debug)]
pub struct Pool {
    pub(crate) size: usize,
    pub(crate) order: Order,
}

/// In which order events go through a pool.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// Any instance that is free takes the next; they leave as they are done.
    None,
    /// Those of one key are handled one after the other.
    Key(Key),
    /// They are handled side by side, but leave as they came.
    Input,
}

impl Pool {
    /// The most instances that a pool may have.
    pub(crate) const MOST: usize = 65_536;

    /// Makes a pool of so many instances. Any that is free takes the next event.
    pub fn of(size: usize) -> Pool {
        Pool {
            size,
            order: Order::None,
        }
    }

    /// Has the events of one key handled one after the other, in the order in which they came; those of
    /// different keys are handled side by side. The function is given an event and the inbox that it came
    /// by; if it fails, the event takes the actor's error path.
    #[must_use]
    pub fn by_key<K: ToString>(
        mut self,
        key: impl Fn(&Event, &str) -> Result<K> + Send + Sync + 'static,
    ) -> Pool {
        let key = move |event: &Event, inbox: &str| key(event, inbox).map(|key| key.to_string());
        self.order = Order::Key(Key(Arc::new(key)));
        self
    }

    /// Has what the instances send leave in the order in which the events came that it was made of.
    #[must_use]
    pub fn in_order(mut self) -> Pool {
        self.order = Order::Input;
        self
    }

    /// Tells what makes no sense in the settings.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        match self.size {
            0 => Some("with no instance it does nothing"),
            1..=Pool::MOST => None,
            _ => Some("it may have at most 65536 instances"),
        }
    }
}

type KeyOf = dyn Fn(&Event, &str) -> Result<String> + Send + Sync;

/// Tells which events must not be handled side by side.
#[derive(Clone)]
pub(crate) struct Key(Arc<KeyOf>);

impl Key {
    /// Returns the key of an event.
    ///
    /// # Errors
    /// What the function says, or its panic.
    pub(crate) fn of(&self, event: &Event, inbox: &str) -> Result<String> {
        let key = AssertUnwindSafe(|| (self.0)(event, inbox));
        catch_unwind(key).unwrap_or_else(|panic| Err(panicked(&*panic)))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}
