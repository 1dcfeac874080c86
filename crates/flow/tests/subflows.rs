//! Sub-flows that are right, and what they are expanded to.
#![allow(clippy::unwrap_used)]

mod common;

use common::Directory;
use compysition_core::About;
use compysition_flow::{Loaded, Loader};

fn loader() -> Loader {
    Loader::new(common::registry()).environment(|name| match name {
        "TOKEN" => Some("s3cret".into()),
        "url" => Some("of the environment".into()),
        "PORT" => Some("8080".into()),
        _ => None,
    })
}

/// Loads the first of these files.
fn load(name: &str, files: &[(&str, &str)]) -> Loaded {
    let directory = Directory::new(name);
    let paths = files.iter().map(|(name, text)| directory.write(name, text));
    let paths: Vec<_> = paths.collect();
    match loader().load(&paths[0]) {
        Ok(mut flows) => flows.remove(0),
        Err(error) => panic!("{error}"),
    }
}

/// Returns the links as text, in alphabetical order: `from.outbox -> inbox.to`.
fn links(flow: &Loaded) -> Vec<String> {
    let wiring = flow.wiring();
    let name = |actor: usize| &wiring.actors[actor].name;
    let links = wiring.links.iter().map(|link| {
        let kind = match (link.errors.is_some(), &link.best_effort) {
            (true, _) => " (error)",
            (_, Some(_)) => " (best effort)",
            _ => "",
        };
        let (from, to) = (name(link.from), name(link.to));
        format!("{from}.{} -> {}.{to}{kind}", link.outbox, link.inbox)
    });
    let mut links: Vec<String> = links.collect();
    links.sort();
    links
}

#[test]
fn a_sub_flow_is_expanded_with_the_names_that_each_file_has() {
    let main = "
actors:
  n: numbers
  pricing: { flow: pricing.yaml, description: what it costs }
  s: sink
  missed: sink
connect:
  - n -> pricing -> s
  - pricing.miss -> missed
";
    let pricing = "
actors: { check: pass, price: pass, gate: gate }
connect:
  - inbox -> check -> price -> outbox
  - check.unknown -> gate -> outbox.miss
";
    let flow = load("names", &[("main.yaml", main), ("pricing.yaml", pricing)]);
    assert_eq!(
        links(&flow),
        [
            "n.pricing -> inbox.pricing/check",
            "pricing/check.price -> check.pricing/price",
            "pricing/check.unknown -> unknown.pricing/gate",
            "pricing/gate.through -> miss.missed",
            "pricing/price.outbox -> pricing.s",
        ]
    );
    let price = flow.wiring();
    let price = price
        .actors
        .iter()
        .position(|actor| actor.name == "pricing/price");
    assert_eq!(flow.kind(price.unwrap()), Some("pass"));
    let (path, line, column) = flow.place(&About::Actor(price.unwrap())).unwrap();
    assert!(path.ends_with("pricing.yaml"));
    assert_eq!((line, column), (2, 24));
}

#[test]
fn ports_are_named_at_either_side() {
    let main = "
actors: { n: numbers, m: numbers, p: { flow: { file: p.yaml } }, s: sink }
connect:
  - n.a -> p.left
  - m -> p.right
  - p -> s.b
";
    let sub = "
actors: { x: pass, y: pass }
connect:
  - inbox.left -> x.given
  - inbox.right -> y
  - x.o, y -> outbox.only
";
    let flow = load("ports", &[("main.yaml", main), ("p.yaml", sub)]);
    assert_eq!(
        links(&flow),
        [
            "m.p -> right.p/y",
            "n.a -> given.p/x",
            "p/x.o -> b.s",
            "p/y.outbox -> b.s",
        ]
    );
}

#[test]
fn errors_go_to_who_is_nearest() {
    let main = "
errors: all
actors: { n: numbers, p: { flow: p.yaml }, q: { flow: q.yaml }, s: sink, late: sink, bad: sink, all: sink }
connect:
  - n -> p, q -> s
  - p.error.timeout -> late
  - p.error -> bad
  - p.failed -> late
";
    let p = "
actors: { a: pass, b: pass, c: pass, d: sink, e: pass }
connect:
  - inbox -> a -> b -> c -> e -> outbox
  - e.error -> outbox.failed
  - a.error -> d
  - b.error.timeout -> d
";
    let q = "
errors: mail
actors: { a: pass, deep: { flow: deep.yaml }, mail: sink }
connect: [inbox -> a -> deep -> outbox]
";
    let deep = "actors: { x: pass }\nconnect: [inbox -> x -> outbox]\n";
    let files = [
        ("main.yaml", main),
        ("p.yaml", p),
        ("q.yaml", q),
        ("deep.yaml", deep),
    ];
    let flow = load("errors", &files);
    let mut found = links(&flow);
    found.retain(|link| link.ends_with("(error)"));
    assert_eq!(
        found,
        [
            "p/a.error -> error_a.p/d (error)",
            "p/b.error -> error_p.bad (error)",
            "p/b.timeout -> error_b.p/d (error)",
            "p/c.error -> error_p.bad (error)",
            "p/c.timeout -> error_p.late (error)",
            "p/d.error -> error_p.bad (error)",
            "p/d.timeout -> error_p.late (error)",
            "p/e.error -> failed.late (error)",
            "q/a.error -> error_a.q/mail (error)",
            "q/deep/x.error -> error_deep.q/mail (error)",
        ]
    );
    let wiring = flow.wiring();
    assert_eq!(wiring.actors[wiring.errors.unwrap()].name, "all");
}

#[test]
fn a_sub_flow_may_take_the_errors_of_the_flow() {
    let main = "
errors: p
actors: { n: numbers, a: pass, p: { flow: p.yaml } }
connect: [n -> a -> p]
";
    let p = "actors: { x: pass, s: sink }\nconnect: [inbox -> x -> s]\n";
    let flow = load("taken", &[("main.yaml", main), ("p.yaml", p)]);
    assert_eq!(
        links(&flow),
        [
            "a.error -> inbox.p/x (error)",
            "a.p -> inbox.p/x",
            "n.a -> n.a",
            "n.error -> inbox.p/x (error)",
            "p/x.s -> x.p/s",
        ]
    );
    assert_eq!(flow.wiring().errors, None);
}

#[test]
fn links_into_out_of_and_inside_a_sub_flow_may_drop() {
    let main = "
actors: { n: numbers, p: { flow: p.yaml }, s: sink }
connect:
  - n -> p.loose: { best_effort: { queue: 7 } }
  - n -> p.tight
  - p -> s: { best_effort: }
";
    let p = "
actors: { x: pass, y: pass }
connect:
  - inbox.loose -> x -> outbox
  - inbox.tight -> y: { best_effort: { queue: 3 } }
  - y -> outbox
";
    let flow = load("loose", &[("main.yaml", main), ("p.yaml", p)]);
    assert_eq!(
        links(&flow),
        [
            "n.p -> loose.p/x (best effort)",
            "n.p -> tight.p/y (best effort)",
            "p/x.outbox -> p.s (best effort)",
            "p/y.outbox -> p.s (best effort)",
        ]
    );
    let queues = flow.wiring().links;
    let queues = queues
        .iter()
        .filter_map(|link| link.best_effort.as_ref().map(|link| link.queue));
    let queues: Vec<usize> = queues.collect();
    assert_eq!(queues[..2], [7, 3]);
}

#[test]
fn the_same_sub_flow_is_used_twice_and_in_others_with_settings_of_each() {
    let main = "
settings: { a: of main, secret: \"${secret:TOKEN}\" }
actors:
  n: numbers
  one: { flow: { file: sub/p.yaml, with: { url: \"${a}\", plain: \"$${a}\" } } }
  two: { flow: { file: sub/p.yaml, with: { url: \"${secret}\" } } }
  s: sink
connect: [n -> one -> two -> s]
";
    let p = "
include: more/common.yaml
settings: { url: , plain: x }
actors:
  q: { flow: { file: more/q.yaml, with: { url: \"${url} ${a:-none} ${PORT} ${plain}\" } } }
connect: [inbox -> q -> outbox]
";
    let q = "
settings: { url: }
actors: { f: { form: { url: \"${url}\", path: a.txt } } }
connect: [inbox -> f -> outbox]
";
    let files = [
        ("main.yaml", main),
        ("sub/p.yaml", p),
        ("sub/more/q.yaml", q),
        ("sub/more/common.yaml", "settings: { plain: y }\n"),
    ];
    let flow = load("twice", &files);
    assert_eq!(
        links(&flow),
        [
            "n.one -> inbox.one/q/f",
            "one/q/f.outbox -> inbox.two/q/f",
            "two/q/f.outbox -> two.s",
        ]
    );
}

#[test]
fn doors_and_ends_inside_are_those_of_the_flow() {
    let main = "
actors: { p: { flow: p.yaml }, q: { flow: p.yaml }, s: sink }
connect: [\"p, q -> s\"]
";
    let p = "
actors: { n: numbers, x: pass }
connect:
  - n -> x -> reply
  - x -> outbox
";
    let flow = load("inside", &[("main.yaml", main), ("p.yaml", p)]);
    assert_eq!(
        links(&flow),
        [
            "p/n.x -> n.p/x",
            "p/x.outbox -> p.s",
            "p/x.reply -> x.reply",
            "q/n.x -> n.q/x",
            "q/x.outbox -> q.s",
            "q/x.reply -> x.reply",
        ]
    );
}

#[test]
fn keys_beside_the_actors_are_the_files_own() {
    let main = "
defaults: { timeout: 5s }
namespaces: { a: urn:main }
actors: { n: numbers, p: { flow: p.yaml }, s: sink }
connect: [n -> p -> s]
";
    let p = "
defaults: { retry: { attempts: 2 } }
actors: { x: pass }
connect: [inbox -> x -> outbox]
";
    let wiring = load("own", &[("main.yaml", main), ("p.yaml", p)]).wiring();
    let actor = |name: &str| wiring.actors.iter().find(|actor| actor.name == name);
    let (outer, inner) = (actor("s").unwrap(), actor("p/x").unwrap());
    assert!(outer.timeout.is_some() && outer.retry.is_none());
    assert!(inner.timeout.is_none() && inner.retry.is_some());
}

#[tokio::test]
async fn a_flow_with_sub_flows_runs() {
    let main = "
actors: { n: { numbers: { count: 3, text: x } }, p: { flow: p.yaml }, s: sink }
connect: [n -> p -> s]
";
    let p = "actors: { x: pass, y: gate }\nconnect: [inbox -> x -> y -> outbox]\n";
    let flow = load("runs", &[("main.yaml", main), ("p.yaml", p)]);
    let flow = flow.start().await.unwrap();
    let consumed = |name: &str| {
        let snapshot = flow.snapshot();
        let actor = snapshot.actors.iter().find(|actor| &*actor.name == name);
        actor.unwrap().consumed
    };
    flow.block().await;
    assert_eq!((consumed("p/x"), consumed("p/y"), consumed("s")), (3, 3, 3));
    assert!(flow.stop().await.is_clean());
}
