//! What nobody sees to goes to the dead letters.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Collect, Count, Forward, Script};
use compysition_core::{
    Actor, Context, Director, Error, Event, Node, Outcome, Ports, Result, Snapshot, Unanswered, map,
};

/// Keeps what would be lost, as a store would.
#[derive(Clone, Default)]
struct Letters(Arc<Mutex<Vec<Event>>>);

impl Actor for Letters {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        // Its receipt must not keep the root from settling.
        let letter = Event::new(event.payload().clone()).with_attribute("inbox", ctx.inbox());
        let letter = match event.error() {
            Some(failure) => letter.with_attribute("failure", failure.to_value()),
            None => letter,
        };
        self.0.lock().unwrap().push(letter);
        ctx.send(event.kept())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

impl Letters {
    fn texts(&self) -> Vec<String> {
        let letters = self.0.lock().unwrap();
        let text = |event: &Event| event.text().unwrap().to_owned();
        letters.iter().map(text).collect()
    }

    fn failure(&self, index: usize, field: &str) -> String {
        let letters = self.0.lock().unwrap();
        let failure = letters[index].attribute("failure").unwrap();
        failure[field].as_str().unwrap_or_default().to_owned()
    }
}

/// Fails each event, after it has sent on what was asked for.
struct Fail;

impl Actor for Fail {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Err(Error::bad_gateway("the peer is down"))
    }
}

/// Ends each event without keeping what came in.
struct Swallow;

impl Actor for Swallow {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, mut event: Event, ctx: &Context) -> Result {
        event.set_payload("changed");
        drop(event);
        if ctx.inbox() == "never" {
            return ctx.send("x");
        }
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop()
    }
}

struct Trial {
    letters: Letters,
    outcomes: Vec<Outcome>,
    snapshot: Snapshot,
}

/// Sends events through a flow with dead letters that `wire` completes behind the source.
async fn run(events: &[&str], wire: impl FnOnce(&mut Director, Node, Node)) -> Trial {
    let (letters, outcomes) = (Letters::default(), Arc::default());
    let mut director = Director::new("flow");
    let events = events.iter().map(|text| Event::new(*text)).collect();
    let source = director.register("source", Script(events, Arc::clone(&outcomes)));
    let dead_letters = director.register("letters", letters.clone());
    director.set_dead_letters(dead_letters);
    wire(&mut director, source, dead_letters);
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    let snapshot = flow.snapshot();
    assert_eq!(snapshot.imbalance(), None);
    let outcomes = outcomes.lock().unwrap().clone();
    Trial {
        letters,
        outcomes,
        snapshot,
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_that_nobody_takes_is_kept_as_it_came_in() {
    let trial = run(&["one"], |director, source, _| {
        let fail = director.register("fail", Fail);
        director.connect(source, fail);
    })
    .await;
    assert_eq!(trial.letters.texts(), ["one"]);
    assert_eq!(trial.letters.failure(0, "actor"), "fail");
    assert_eq!(trial.letters.failure(0, "inbox"), "source");
    assert_eq!(trial.letters.failure(0, "kind"), "bad_gateway");
    assert!(matches!(trial.outcomes[..], [Outcome::Kept]));
    assert_eq!((trial.snapshot.kept, trial.snapshot.failed), (1, 0));
    assert!(trial.snapshot.actors.iter().all(|actor| actor.lost == 0));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_was_only_logged_is_kept_too() {
    let log = Collect::default();
    let trial = run(&["one"], |director, source, _| {
        let fail = director.register("fail", Fail);
        let log = director.register("log", log.clone());
        director.connect(source, fail);
        director.connect_error(fail, log);
    })
    .await;
    assert_eq!(log.texts(), ["one"]);
    assert_eq!(trial.letters.texts(), ["one"]);
    assert!(matches!(trial.outcomes[..], [Outcome::Kept]));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_was_dealt_with_is_not_kept() {
    let trial = run(&["one"], |director, source, _| {
        let fail = director.register("fail", Fail);
        let mend = director.register("mend", map(|event: Event| event.recovered()));
        director.connect(source, fail);
        director.connect_error(fail, mend);
    })
    .await;
    assert!(trial.letters.texts().is_empty());
    assert!(matches!(trial.outcomes[..], [Outcome::Delivered]));
}

#[tokio::test(start_paused = true)]
async fn what_ends_marked_is_kept_whole_whoever_ends_it() {
    let trial = run(&["one"], |director, source, _| {
        let fail = director.register("fail", Fail);
        let swallow = director.register("swallow", Swallow);
        let end = director.register("end", Collect::default());
        let drop_all = director.register("drop_all", map(|_: Event| None::<Event>));
        let forward = director.register("forward", Forward);
        director.connect(source, fail);
        director.connect_error(fail, [swallow, drop_all]);
        director.connect(swallow, end);
        director.connect(drop_all, forward);
    })
    .await;
    assert_eq!(trial.letters.texts(), ["one", "one"]);
    assert!(matches!(trial.outcomes[..], [Outcome::Kept]));
}

#[tokio::test(start_paused = true)]
async fn an_error_in_circles_ends_in_the_dead_letters() {
    let trial = run(&["one"], |director, source, _| {
        let fail = director.register("fail", Fail);
        let again = director.register("again", Forward);
        director.connect(source, fail);
        director.connect_error(fail, again);
        director.connect(again, fail);
    })
    .await;
    assert_eq!(trial.letters.texts(), ["one"]);
    assert!(matches!(trial.outcomes[..], [Outcome::Kept]));
}

#[tokio::test(start_paused = true)]
async fn what_fails_behind_the_dead_letters_is_kept_once() {
    let trial = run(&["one"], |director, source, letters| {
        let fail = director.register("fail", Fail);
        let alert = director.register("alert", Fail);
        director.connect(source, fail);
        director.connect(letters, alert);
    })
    .await;
    assert_eq!(trial.letters.texts(), ["one"]);
    assert!(matches!(trial.outcomes[..], [Outcome::Kept]));
}

#[tokio::test(start_paused = true)]
async fn a_circle_through_the_dead_letters_ends() {
    let trial = run(&["one"], |director, source, letters| {
        let fail = director.register("fail", Fail);
        let mend = director.register("mend", map(|event: Event| event.recovered()));
        director.connect(source, fail);
        director.connect(letters, mend);
        director.connect(mend, fail);
    })
    .await;
    // Each time around is a failure of its own; the last one is kept, but goes no further.
    assert_eq!(trial.letters.texts().len(), 334);
    assert!(matches!(trial.outcomes[..], [Outcome::Kept]));
}

#[tokio::test(start_paused = true)]
async fn what_the_dead_letters_cannot_keep_has_failed() {
    let outcomes = Arc::default();
    let mut director = Director::new("flow");
    let source = director.register("source", Script(vec!["one".into()], Arc::clone(&outcomes)));
    let fail = director.register("fail", Fail);
    let full = director.register("full", Fail);
    director.connect(source, fail);
    director.set_dead_letters(full);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let snapshot = flow.snapshot();
    let lost = snapshot.actors.iter().find(|actor| actor.name == "full");
    assert_eq!(lost.map(|actor| actor.lost), Some(1));
    let outcomes = outcomes.lock().unwrap();
    assert!(matches!(&outcomes[0], Outcome::Failed(failure) if &*failure.actor == "full"));
}

#[tokio::test(start_paused = true)]
async fn one_copy_lost_is_worse_than_one_kept() {
    /// Loses each event after a time.
    struct Lose(Duration);
    impl Actor for Lose {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            tokio::time::sleep(self.0).await;
            ctx.send_error(event, Error::internal("lost"))
        }
    }
    // Before the other copy is kept, and after it.
    for delay in [0, 1] {
        let trial = run(&["one"], |director, source, _| {
            let fail = director.register("fail", Fail);
            let lose = director.register("lose", Lose(Duration::from_secs(delay)));
            let reply = director.reply();
            director.connect(source, [fail, lose]);
            // Told to nobody, and not kept either.
            director.connect_error(lose, reply);
        })
        .await;
        assert_eq!(trial.letters.texts(), ["one"]);
        assert!(
            matches!(&trial.outcomes[0], Outcome::Failed(failure) if &*failure.actor == "lose")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_hears_why_though_its_event_is_kept() {
    struct Ask(Arc<Mutex<Option<Unanswered>>>);
    impl Actor for Ask {
        async fn start(&mut self, ctx: &Context) -> Result {
            let answer = self.0.clone();
            ctx.produce(move |source| async move {
                let request = source.admit(10).await?.ask(None, "one".into());
                let settlement = request.settlement();
                *answer.lock().unwrap() = request.await.err();
                assert!(matches!(settlement.await, Outcome::Kept));
                source.context().stop_flow();
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
    let answer = Arc::default();
    let mut director = Director::new("flow");
    let ask = director.register("ask", Ask(Arc::clone(&answer)));
    let fail = director.register("fail", Fail);
    let letters = director.register("letters", Letters::default());
    director.connect(ask, fail);
    director.set_dead_letters(letters);
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    let unanswered = answer.lock().unwrap().take().unwrap();
    assert_eq!(unanswered.to_string(), "fail: the peer is down");
}

#[tokio::test(start_paused = true)]
async fn only_one_source_makes_events_if_the_others_are_silenced() {
    let sink = Collect::default();
    let outcomes = Arc::default();
    let mut director = Director::new("flow");
    let loud = director.register("loud", Count(100));
    let only = director.register("only", Script(vec!["one".into()], Arc::clone(&outcomes)));
    let sink_node = director.register("sink", sink.clone());
    director.connect([loud, only], sink_node);
    director.set_only_source(only);
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    assert_eq!(sink.texts(), ["one"]);
    assert_eq!(flow.snapshot().imbalance(), None);
}
