//! Who looks at what passes the links of a flow.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::Event;
use crate::context::Context;
use crate::port::Port;
use crate::stage::message_of;

/// Looks at the events that pass the links of a flow: for tests, recordings and the like.
///
/// It is called by whoever sends, once a chunk, before the events are handed over. It must be quick, wait for
/// nothing, and keeps only copies [without a receipt](Event::without_receipt): others would keep their root from settling.
/// If it panics that is logged, and it is not asked again.
pub trait Tap: Send + Sync {
    /// Looks at the events of a chunk that pass a link, and at failed ones that have none.
    fn look(&self, hop: &Hop, events: &[Event]);

    /// Returns whether it asks which [parts](crate::Ports::parts) of actors are reached.
    fn asks_for_parts(&self) -> bool {
        false
    }

    /// Takes note that a part of an actor was reached.
    fn reach(&self, actor: &str, part: &str) {
        let _ = (actor, part);
    }
}

impl Context {
    /// Returns whether somebody asks which parts of the actor are reached.
    pub fn is_watched(&self) -> bool {
        let tap = self.station.flow.tap.as_ref();
        tap.is_some_and(|tap| tap.asks_for_parts())
    }

    /// Tells that one of the actor's [parts](crate::Ports::parts) was reached.
    pub fn reach(&self, part: &str) {
        if let Some(tap) = &self.station.flow.tap {
            tap.reach(self.actor(), part);
        }
    }
}

/// A link as a [`Tap`] knows it.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The actor that sends.
    pub from: Arc<str>,
    /// The outbox.
    pub outbox: Port,
    /// The actor that takes the events; empty for an error that nobody is connected for, which ends in the log.
    pub to: Arc<str>,
    /// The inbox.
    pub inbox: Port,
    /// Whether it leads from an error outbox, or to the dead letters.
    pub is_error: bool,
}

/// A tap whose panics are its own: through a link that is in the middle of something they would take the sender along.
pub(crate) struct Careful {
    flow: Arc<str>,
    tap: Arc<dyn Tap>,
    has_panicked: AtomicBool,
}

impl Careful {
    pub(crate) fn new(flow: Arc<str>, tap: Arc<dyn Tap>) -> Careful {
        Careful {
            flow,
            tap,
            has_panicked: AtomicBool::new(false),
        }
    }

    fn ask<T: Default>(&self, question: impl FnOnce(&dyn Tap) -> T) -> T {
        if self.has_panicked.load(Relaxed) {
            return T::default();
        }
        let answer = catch_unwind(AssertUnwindSafe(|| question(&*self.tap)));
        answer.unwrap_or_else(|panic| {
            // Two threads may have been at it; what logs may be looked at, too.
            if !self.has_panicked.swap(true, Relaxed) {
                let message = message_of(&*panic);
                tracing::error!(flow = %self.flow, "what looks at the links panicked, and looks no more: {message}");
            }
            T::default()
        })
    }
}

impl Tap for Careful {
    fn look(&self, hop: &Hop, events: &[Event]) {
        self.ask(|tap| tap.look(hop, events));
    }

    fn asks_for_parts(&self) -> bool {
        self.ask(|tap| tap.asks_for_parts())
    }

    fn reach(&self, actor: &str, part: &str) {
        self.ask(|tap| tap.reach(actor, part));
    }
}

/// A tap at one link.
pub(crate) struct Probe {
    pub(crate) tap: Arc<dyn Tap>,
    pub(crate) hop: Hop,
}

impl Probe {
    pub(crate) fn look(&self, events: &[Event]) {
        self.tap.look(&self.hop, events);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use parking_lot::Mutex;

    use super::*;
    use crate::testing::Harness;
    use crate::{Actor, Context, Director, Error, Pool, Ports, Result, inspect, map};

    #[derive(Default)]
    struct Seen(Mutex<Vec<String>>);

    impl Tap for Seen {
        fn look(&self, hop: &Hop, events: &[Event]) {
            for event in events {
                let text = event.text().unwrap();
                self.0.lock().push(format!(
                    "{}.{} -> {}.{}: {text}",
                    hop.from, hop.outbox, hop.to, hop.inbox
                ));
            }
        }
    }

    struct Words;

    impl Actor for Words {
        async fn start(&mut self, ctx: &Context) -> Result {
            ctx.produce(|source| async move {
                for word in ["a", "b"] {
                    drop(source.emit(word).await?);
                }
                Ok(())
            });
            Ok(())
        }

        async fn consume(&mut self, _: Event, _: &Context) -> Result {
            Ok(())
        }

        fn ports(&self) -> Ports {
            Ports::any().source()
        }
    }

    struct Picky;

    impl Actor for Picky {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            match event.text()? {
                "B" => Err(Error::malformed("no b")),
                _ => ctx.send(event),
            }
        }
    }

    struct End;

    impl Actor for End {
        async fn consume(&mut self, event: Event, _: &Context) -> Result {
            match event.text()? {
                "A" => Err(Error::internal("no a")),
                _ => Ok(()),
            }
        }

        fn ports(&self) -> Ports {
            Ports::any().sink()
        }
    }

    #[test]
    fn a_tap_sees_each_event_once_on_each_link_also_in_place_and_through_pools() {
        let seen = Arc::new(Seen::default());
        let mut director = Director::new("tapped");
        let words = director.register("words", Words);
        let upper = director.register(
            "upper",
            map(|event: Event| {
                let upper = event.text()?.to_uppercase();
                Ok(event.with(upper))
            }),
        );
        let picky = director.register("picky", || Picky);
        director.set_pool(picky, Pool::of(2));
        let end = director.register("end", End);
        director.connect(words, upper);
        director.connect(upper, picky);
        director.connect(picky, end);
        director.connect_error(picky, end);
        director.set_tap(seen.clone());
        let runtime = Harness::new(map(|event: Event| event));
        runtime.block_on(async {
            let flow = director.start().await.unwrap();
            flow.block().await;
            assert!(flow.stop().await.is_clean());
        });
        let mut seen = std::mem::take(&mut *seen.0.lock());
        seen.sort();
        assert_eq!(
            seen,
            [
                "end.error -> .error: A",
                // It ends still marked with the error of another.
                "end.error -> .error: B",
                "picky.end -> end.picky: A",
                "picky.error -> end.error_picky: B",
                "upper.picky -> picky.upper: A",
                "upper.picky -> picky.upper: B",
                "words.upper -> upper.words: a",
                "words.upper -> upper.words: b",
            ]
        );
    }

    /// Panics on all that it is told of.
    #[derive(Default)]
    struct Shy(AtomicUsize);

    impl Tap for Shy {
        fn look(&self, _: &Hop, _: &[Event]) {
            self.0.fetch_add(1, Relaxed);
            panic!("do not look at me");
        }

        fn asks_for_parts(&self) -> bool {
            true
        }

        fn reach(&self, _: &str, _: &str) {
            panic!("nor reach me");
        }
    }

    struct Reaching;

    impl Actor for Reaching {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            ctx.reach("a part");
            ctx.send(event)
        }
    }

    #[test]
    fn a_tap_that_panics_harms_nobody_and_looks_no_more() {
        let shy = Arc::new(Shy::default());
        let came = Arc::new(AtomicUsize::new(0));
        let mut director = Director::new("tapped");
        let words = director.register("words", Words);
        let reaching = director.register("reaching", || Reaching);
        let count = came.clone();
        let seen = director.register("seen", inspect(move |_| _ = count.fetch_add(1, Relaxed)));
        let end = director.register("end", map(|_: Event| None::<Event>));
        director.connect(words, reaching);
        director.connect(reaching, seen);
        director.connect(seen, end);
        director.set_tap(shy.clone());
        let runtime = Harness::new(map(|event: Event| event));
        runtime.block_on(async {
            let flow = director.start().await.unwrap();
            let ended = tokio::time::timeout(Duration::from_secs(60), flow.block()).await;
            assert!(ended.is_ok(), "the flow hangs");
            assert!(flow.stop().await.is_clean());
        });
        assert_eq!(came.load(Relaxed), 2);
        assert_eq!(shy.0.load(Relaxed), 1);
    }
}
