//! Whole flows on the engine.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Collect, Count, Forward, Script};
use compysition_core::{
    About, Actor, Context, Director, Error, ErrorKind, Event, Outcome, Ports, Result, inspect, map,
};

#[tokio::test]
async fn a_chain_keeps_the_order_and_ends_by_itself() {
    let mut director = Director::new("chain");
    let collect = Collect::default();
    let source = director.register("source", Count(10_000));
    let forward = director.register("forward", Forward);
    let double = director.register(
        "double",
        map(|event: Event| {
            let number: u64 = event.text()?.parse()?;
            Ok(event.with((2 * number).to_string()))
        }),
    );
    let sink = director.register("sink", collect.clone());
    director.connect(source, forward);
    director.connect(forward, double);
    director.connect(double, sink);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let expected: Vec<String> = (0..10_000).map(|n| (2 * n).to_string()).collect();
    assert_eq!(collect.texts(), expected);
    let snapshot = flow.snapshot();
    assert_eq!(
        (snapshot.delivered, snapshot.failed, snapshot.open),
        (10_000, 0, 0)
    );
    assert_eq!((snapshot.permits, snapshot.bytes), (0, 0));
}

#[tokio::test]
async fn each_branch_of_a_fan_out_has_its_own_value() {
    let mut director = Director::new("fan-out");
    let (left, right) = (Collect::default(), Collect::default());
    let source = director.register("source", Count(100));
    let shout = director.register(
        "shout",
        map(|event: Event| {
            let text = format!("{}!", event.text()?);
            Ok(event.with(text))
        }),
    );
    let left_sink = director.register("left", left.clone());
    let right_sink = director.register("right", right.clone());
    director.connect(source, [shout, left_sink]);
    director.connect(shout, right_sink);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(left.texts()[42], "42");
    assert_eq!(right.texts()[42], "42!");
    assert_eq!(flow.snapshot().delivered, 100);
}

struct Fails(&'static str);

impl Actor for Fails {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let changed = event.clone().with("changed");
        match event.text()? {
            "panic" => panic!("on purpose"),
            "late" => {
                ctx.send(changed)?;
                Err(Error::conflict("after sending"))
            }
            "bad" => Err(Error::malformed(self.0)),
            _ => ctx.send(event),
        }
    }
}

#[tokio::test]
async fn errors_and_panics_take_the_error_path_with_the_event_as_it_came_in() {
    let (good, bad, conflicts) = (Collect::default(), Collect::default(), Collect::default());
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let script = ["good", "bad", "panic", "late", "good"].map(Event::from);
    let mut director = Director::new("errors");
    let source = director.register("source", Script(script.to_vec(), outcomes.clone()));
    let fails = director.register("fails", Fails("as asked"));
    let good_sink = director.register("good", good.clone());
    let bad_sink = director.register("bad", bad.clone());
    let conflict_sink = director.register("conflicts", conflicts.clone());
    director.connect(source, fails);
    director.connect(fails, good_sink);
    director.connect_error(fails, bad_sink);
    director.connect_error_kind(fails, ErrorKind::Conflict, conflict_sink);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(good.texts(), ["good", "changed", "good"]);
    assert_eq!(bad.texts(), ["bad", "panic"]);
    assert_eq!(conflicts.texts(), ["late"]);
    let outcomes = outcomes.lock().unwrap();
    let names: Vec<&str> = outcomes.iter().map(Outcome::as_str).collect();
    assert_eq!(
        names,
        ["delivered", "failed", "failed", "failed", "delivered"]
    );
    let Outcome::Failed(failure) = &outcomes[2] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(failure.error.kind(), ErrorKind::Panicked);
    assert_eq!(failure.error.message(), "the actor panicked: on purpose");
    assert_eq!(&*failure.actor, "fails");
}

#[tokio::test]
async fn a_recovered_event_settles_delivered() {
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let sink = Collect::default();
    let mut director = Director::new("recovery");
    let script = vec![Event::new("bad")];
    let source = director.register("source", Script(script, outcomes.clone()));
    let fails = director.register("fails", Fails("as asked"));
    let mend = director.register(
        "mend",
        map(|event: Event| {
            let message = event.error().map(|failure| failure.error.to_string());
            event.recovered().with(message.unwrap_or_default())
        }),
    );
    let out = director.register("out", sink.clone());
    director.connect(source, fails);
    director.connect_error(fails, mend);
    director.connect(mend, out);
    director.connect(fails, out);
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    assert_eq!(sink.texts(), ["as asked"]);
    assert!(outcomes.lock().unwrap()[0].is_delivered());
}

#[tokio::test]
async fn an_in_place_function_that_panics_loses_no_other_event() {
    let sink = Collect::default();
    let mut director = Director::new("in place");
    let source = director.register("source", Count(200));
    let odd = director.register(
        "odd",
        map(|event: Event| {
            let number: u64 = event.text().unwrap().parse().unwrap();
            assert!(number % 50 != 7, "seven");
            (number % 2 == 1).then_some(event)
        }),
    );
    let look = director.register(
        "look",
        inspect(|event: &Event| assert!(event.root_id().is_some())),
    );
    let out = director.register("out", sink.clone());
    director.connect(source, odd);
    director.connect(odd, look);
    director.connect(look, out);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(sink.texts().len(), 96);
    let snapshot = flow.snapshot();
    assert_eq!(
        (snapshot.delivered, snapshot.failed, snapshot.open),
        (196, 4, 0)
    );
}

#[tokio::test]
async fn all_mistakes_are_reported_together() {
    let mut director = Director::new("wrong");
    let source = director.register("source", Count(1));
    let a = director.register("a", Forward);
    director.register("a", Forward);
    director.register("broken", || -> Result<Forward> {
        Err(Error::internal("no file"))
    });
    let foreign = Director::new("other").register("x", Forward);
    director.connect(source, a);
    director.connect(source, a);
    director.connect(a, foreign);
    let error = director.start().await.err().unwrap();
    let messages: Vec<&str> = error
        .problems
        .iter()
        .map(|problem| &*problem.message)
        .collect();
    assert_eq!(
        messages,
        [
            "two actors are named `a`; names are unique in a flow",
            "actor `broken` cannot be made: no file",
            "outbox `a` of `source` is connected to inbox `source` of `a` twice",
            "a connection names an actor that was not registered with this director",
        ]
    );
    assert_eq!(error.problems[2].about, About::Link(1));
}

#[tokio::test]
async fn an_unreachable_actor_and_one_that_cannot_start_are_reported() {
    let mut director = Director::new("unreachable");
    let source = director.register("source", Count(1));
    let a = director.register("a", Forward);
    director.register("island", Forward);
    director.connect(source, a);
    let error = director.start().await.err().unwrap();
    assert!(
        error.to_string().contains("no event can reach `island`"),
        "{error}"
    );

    struct NoStart;
    impl Actor for NoStart {
        async fn start(&mut self, _: &Context) -> Result {
            Err(Error::unavailable("port taken"))
        }
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            ctx.send(event)
        }
    }
    let mut director = Director::new("no start");
    let source = director.register("source", Count(1));
    let a = director.register("a", NoStart);
    director.connect(source, a);
    let error = director.start().await.err().unwrap();
    assert!(
        error
            .to_string()
            .contains("actor `a` cannot start: port taken"),
        "{error}"
    );
}

#[tokio::test]
async fn an_actor_that_is_too_slow_fails_with_a_timeout() {
    struct Hangs;
    impl Actor for Hangs {
        async fn consume(&mut self, _: Event, _: &Context) -> Result {
            std::future::pending().await
        }
    }
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let mut director = Director::new("slow");
    let source = director.register("source", Script(vec!["x".into()], outcomes.clone()));
    let hangs = director.register("hangs", Hangs);
    director.connect(source, hangs);
    director.set_timeout(hangs, Duration::from_millis(5));
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    let outcomes = outcomes.lock().unwrap();
    assert!(matches!(&outcomes[0], Outcome::Failed(f) if f.error.kind() == ErrorKind::Timeout));
}

#[tokio::test(start_paused = true)]
async fn a_stop_names_the_actor_that_hangs() {
    struct Hangs;
    impl Actor for Hangs {
        async fn consume(&mut self, _: Event, _: &Context) -> Result {
            std::future::pending().await
        }
    }
    let mut director = Director::new("hang");
    let source = director.register("source", Count(3));
    let hangs = director.register("hangs", Hangs);
    director.connect(source, hangs);
    let flow = director.start().await.unwrap();
    while flow.snapshot().actors[1].consumed == 0 {
        tokio::task::yield_now().await;
    }
    let stopped = flow.stop().await;
    assert_eq!(stopped.unfinished, ["hangs"]);
    assert_eq!(stopped.failed, 3);
    let snapshot = flow.snapshot();
    assert_eq!(
        (snapshot.delivered, snapshot.failed, snapshot.open),
        (0, 3, 0)
    );
}

#[tokio::test]
async fn into_keeps_the_rest_of_the_event() {
    let sink = Collect::default();
    let mut director = Director::new("into");
    let source = director.register("source", Count(1));
    let enrich = director.register("enrich", map(|event: Event| event.with("Ada")));
    let show = director.register(
        "show",
        map(|event: Event| {
            let name = event.lookup("attributes.customer.name").unwrap_or_default();
            let text = format!("{} {}", event.text().unwrap_or_default(), name);
            event.with(text)
        }),
    );
    let out = director.register("out", sink.clone());
    director.connect(source, enrich);
    director.connect(enrich, show);
    director.connect(show, out);
    director.set_into(enrich, "attributes.customer.name");
    let flow = director.start().await.unwrap();
    flow.block().await;
    flow.stop().await;
    assert_eq!(sink.texts(), ["0 \"Ada\""]);
}

#[tokio::test]
async fn an_outbox_that_was_meant_for_errors_is_refused() {
    let mut director = Director::new("meant");
    let source = director.register("source", Count(1));
    let out = director.register("out", Collect::default());
    director.connect((source, "errors"), out);
    let message = director.check().unwrap_err().to_string();
    assert!(
        message.contains("the errors come from `error`"),
        "{message}"
    );
}

#[tokio::test]
async fn an_actor_with_one_fixed_outbox_needs_no_name_for_it() {
    /// Sends to its one outbox by name.
    struct Only;
    impl Actor for Only {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            ctx.send_to("only", event)
        }

        fn ports(&self) -> Ports {
            Ports::any().outboxes(["only"])
        }
    }
    let mut director = Director::new("only");
    let source = director.register("source", Count(1));
    let only = director.register("only_one", Only);
    let sink = director.register("sink", Collect::default());
    director.connect(source, only);
    director.connect(only, sink);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert_eq!(flow.snapshot().delivered, 1);
}

#[tokio::test]
async fn what_is_put_into_the_event_at_hand_is_not_another_that_was_held() {
    /// Sends each event on when the next one comes, and that as well.
    #[derive(Default)]
    struct Later(Option<compysition_core::Held>);
    impl Actor for Later {
        async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
            match self.0.take().and_then(compysition_core::Held::release) {
                None => self.0 = Some(ctx.hold(event)?),
                Some(first) => {
                    ctx.send(first)?;
                    ctx.send(event)?;
                }
            }
            Ok(())
        }
    }
    let mut director = Director::new("later");
    let collect = Collect::default();
    let source = director.register("source", Count(2));
    let later = director.register("later", Later::default());
    let sink = director.register("sink", Collect(collect.0.clone()));
    director.set_into(later, "attributes.made");
    director.connect(source, later);
    director.connect(later, sink);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    let texts = collect.texts();
    assert_eq!(texts.len(), 2);
    assert_ne!(
        texts[0], texts[1],
        "the first is lost, and the second there twice"
    );
}
