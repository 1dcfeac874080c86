//! The names of inboxes and outboxes.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The name of an inbox or outbox.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Port(Arc<str>);

impl Port {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: AsRef<str>> From<S> for Port {
    fn from(name: S) -> Port {
        Port(name.as_ref().into())
    }
}

impl Deref for Port {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Port {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Port {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
