//! What outlives an actor that panics.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::context::Context;

/// The place of a station for what an actor leaves.
pub(crate) type Chest = Arc<Mutex<Option<Box<dyn Any + Send>>>>;

/// What an actor that panics leaves to the one that is made in its place, such as the keys that it has seen.
///
/// An actor [takes](Legacy::take) it in `start`, keeps the `Legacy`, and [leaves](Legacy::leave) what it knows when it is dropped. It is
/// for what an actor knows, not for events: those that it held take its error path.
#[derive(Debug)]
pub struct Legacy<T> {
    chest: Chest,
    kind: PhantomData<fn() -> T>,
}

impl<T: Send + 'static> Legacy<T> {
    /// Takes what was left; nothing if no actor has been here before.
    pub fn take(&self) -> Option<T> {
        let left = self.chest.lock().take()?;
        left.downcast().ok().map(|left| *left)
    }

    /// Leaves something, in place of what is there.
    pub fn leave(&self, what: T) {
        // What was there is dropped after the lock.
        let _before = self.chest.lock().replace(Box::new(what));
    }
}

impl Context {
    /// Returns the place for what outlives the actor when it panics and is made anew. Each instance of a pool has its own.
    pub fn legacy<T: Send + 'static>(&self) -> Legacy<T> {
        Legacy {
            chest: self.station.legacy.clone(),
            kind: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::Harness;
    use crate::{Actor, Context, Event, Legacy, Ports, Result};

    /// Counts, and panics at each "panic".
    #[derive(Default)]
    struct Counts {
        count: u32,
        legacy: Option<Legacy<u32>>,
    }

    impl Actor for Counts {
        async fn start(&mut self, ctx: &Context) -> Result {
            let legacy = ctx.legacy();
            self.count = legacy.take().unwrap_or(0);
            assert_eq!(ctx.legacy::<u32>().take(), None, "it is taken once");
            self.legacy = Some(legacy);
            Ok(())
        }

        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            assert_ne!(event.text()?, "panic");
            self.count += 1;
            ctx.send(event.with(self.count.to_string()))
        }

        fn ports(&self) -> Ports {
            Ports::any()
        }
    }

    impl Drop for Counts {
        fn drop(&mut self) {
            if let Some(legacy) = &self.legacy {
                legacy.leave(self.count);
            }
        }
    }

    #[test]
    fn what_an_actor_knew_outlives_it() {
        let mut harness = Harness::new(Counts::default);
        for text in ["a", "b", "panic", "c"] {
            harness.send(text);
        }
        assert_eq!(harness.errors().len(), 1);
        let texts: Vec<String> = harness
            .take()
            .iter()
            .map(|event| event.text().unwrap().to_owned())
            .collect();
        assert_eq!(texts, ["1", "2", "3"]);
    }
}
