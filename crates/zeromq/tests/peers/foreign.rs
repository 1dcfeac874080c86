//! Each actor with libzmq on the other side: either side listens, over TCP and IPC, with and without CURVE.

use compysition_actors::AskError;
use compysition_core::{Actor, Event};
use compysition_zeromq::socket::KeyPair;
use compysition_zeromq::{
    Bound, ZmqDealer, ZmqPub, ZmqPull, ZmqPush, ZmqRep, ZmqReq, ZmqRouter, ZmqSub,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::libzmq::Libzmq;
use crate::site::{Intake, Outlet, directory, ipc};

/// How the two sides of a test find each other.
struct Meeting {
    /// What our settings say beside where.
    ours: Value,
    /// What libzmq is told beside where.
    theirs: Value,
    we_listen: bool,
    over_ipc: bool,
}

/// All of them: who listens, over what, and with CURVE whoever listens or connects being the server.
fn meetings(ours: Value, theirs: Value) -> Vec<Meeting> {
    let mut all = Vec::new();
    for we_listen in [true, false] {
        for over_ipc in [true, false] {
            for curve in [None, Some(true), Some(false)] {
                let (mut ours, mut theirs) = (ours.clone(), theirs.clone());
                if let Some(we_serve) = curve {
                    let (our_curve, their_curve) = keys(we_serve);
                    ours["curve"] = our_curve;
                    theirs["curve"] = their_curve;
                }
                all.push(Meeting {
                    ours,
                    theirs,
                    we_listen,
                    over_ipc,
                });
            }
        }
    }
    all
}

/// Key files for both sides, of which we are the server or they are.
pub(crate) fn keys(we_serve: bool) -> (Value, Value) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let (us, them) = (KeyPair::generate(), KeyPair::generate());
    let [our_public, our_secret] = us.write(&directory(), &format!("us{number}")).unwrap();
    let [their_public, their_secret] = them.write(&directory(), &format!("them{number}")).unwrap();
    let secret = std::fs::read_to_string(&their_secret).unwrap();
    let secret = secret.split("secret-key = \"").nth(1).unwrap();
    let secret = secret.split('"').next().unwrap();
    let mut theirs = json!({ "public": them.public().to_string(), "secret": secret });
    let mut ours = json!({ "key": our_secret });
    match we_serve {
        true => {
            ours["clients"] = json!([their_public]);
            theirs["server"] = us.public().to_string().into();
        }
        false => ours["server"] = their_public.to_str().unwrap().into(),
    }
    let _ = our_public;
    (ours, theirs)
}

/// Runs a test at a meeting: `start` starts our side, `kind` is theirs.
fn meet<A: Actor + DeserializeOwned, S>(
    meeting: Meeting,
    kind: &str,
    bound: fn(&A) -> Bound,
    start: impl FnOnce(A) -> S,
) -> (S, Libzmq) {
    let mut libzmq = Libzmq::start();
    let Meeting {
        mut ours,
        mut theirs,
        we_listen,
        over_ipc,
    } = meeting;
    let wildcard = match over_ipc {
        true => ipc(),
        false => "tcp://127.0.0.1:*".to_owned(),
    };
    if we_listen {
        ours["bind"] = wildcard.into();
        let actor: A = serde_json::from_value(ours).unwrap();
        let bound = bound(&actor);
        let site = start(actor);
        theirs["connect"] = bound.get()[0].as_str().into();
        libzmq.open("peer", kind, theirs);
        return (site, libzmq);
    }
    theirs["bind"] = wildcard.into();
    ours["connect"] = libzmq.open("peer", kind, theirs).into();
    (start(serde_json::from_value(ours).unwrap()), libzmq)
}

#[test]
fn push_reaches_who_pulls() {
    for meeting in meetings(json!({}), json!({})) {
        let (site, mut libzmq) = meet(meeting, "PULL", ZmqPush::bound, Outlet::start);
        for text in ["one", "", "three"] {
            assert_eq!(site.text(text), text);
            assert_eq!(libzmq.recv("peer"), [text]);
        }
        site.stop();
    }
}

#[test]
fn pull_takes_from_who_pushes() {
    for meeting in meetings(json!({ "codec": "text" }), json!({})) {
        let (mut site, mut libzmq) = meet(meeting, "PUSH", ZmqPull::bound, |actor| {
            Intake::start(actor, false)
        });
        for text in ["one", "", "three"] {
            libzmq.send("peer", &[text]);
            assert_eq!(site.text(), text);
        }
        site.stop();
    }
}

#[test]
fn pub_reaches_who_has_subscribed() {
    let ours = json!({ "topic": "{{ attributes.topic }}" });
    for meeting in meetings(ours, json!({ "subscribe": ["a."] })) {
        let (site, mut libzmq) = meet(meeting, "SUB", ZmqPub::bound, Outlet::start);
        let event = |topic: &str| Event::new("x").with_attribute("topic", topic);
        // Nobody tells when the subscription has come.
        while libzmq.hears_nothing("peer", 50) {
            site.ask(event("a.0")).unwrap();
        }
        site.ask(event("b.1")).unwrap();
        site.ask(event("a.2")).unwrap();
        let next = std::iter::repeat_with(|| libzmq.recv("peer"));
        let next = { next }.find(|frames| frames[0] != "a.0");
        assert_eq!(next.unwrap(), ["a.2", "x"]);
        site.stop();
    }
}

#[test]
fn sub_takes_what_it_has_subscribed_to() {
    for meeting in meetings(json!({ "topics": ["a.", "c"] }), json!({})) {
        let (mut site, mut libzmq) = meet(meeting, "PUB", ZmqSub::bound, |actor| {
            Intake::start(actor, false)
        });
        // Nobody tells when a subscription has come; the last of them comes last.
        while site.snapshot().admitted == 0 {
            libzmq.send("peer", &["c", "x"]);
            assert!(libzmq.hears_nothing("none", 0));
        }
        libzmq.send("peer", &["b", "x"]);
        libzmq.send("peer", &["a.0", "y"]);
        let mut event = site.next();
        while event.attribute("zmq").unwrap()["topic"] == "c" {
            event = site.next();
        }
        assert_eq!(event.attribute("zmq").unwrap()["topic"], "a.0");
        assert_eq!(event.payload().to_value(), "y");
        site.stop();
    }
}

#[test]
fn req_asks_who_replies() {
    for kind in ["REP", "ROUTER"] {
        for meeting in meetings(json!({ "codec": "json" }), json!({})) {
            let (site, mut libzmq) = meet(meeting, kind, ZmqReq::bound, Outlet::start);
            for number in 0..3 {
                let door = site.door.clone();
                let asked = site
                    .runtime
                    .spawn(async move { door.ask(json!(number)).await });
                // What a router has before the payload goes back as it came.
                let mut frames = libzmq.take("peer");
                assert_eq!(frames.pop().unwrap(), format!("3{number}"));
                frames.push("5b315d".to_owned());
                libzmq.give("peer", &frames);
                let answer = site.runtime.block_on(asked).unwrap().unwrap();
                assert_eq!(answer.payload().to_value(), json!([1]));
            }
            site.stop();
        }
    }
}

#[test]
fn dealer_finds_the_request_of_each_answer() {
    for kind in ["REP", "ROUTER"] {
        for meeting in meetings(json!({}), json!({})) {
            let (site, mut libzmq) = meet(meeting, kind, ZmqDealer::bound, Outlet::start);
            let ask = |text: &'static str| {
                let door = site.door.clone();
                site.runtime
                    .spawn(async move { door.ask(text).await.unwrap().text().unwrap().to_owned() })
            };
            let asked = [ask("one"), ask("two")];
            if kind == "ROUTER" {
                // Both are under way, and the last is answered first.
                let first = libzmq.take("peer");
                let last = libzmq.take("peer");
                for mut frames in [last, first] {
                    let text = frames.pop().unwrap();
                    frames.push(format!("{text}21"));
                    libzmq.give("peer", &frames);
                }
            } else {
                for _ in 0..2 {
                    let text = libzmq.recv("peer").pop().unwrap();
                    libzmq.send("peer", &[&format!("{text}!")]);
                }
            }
            for (asked, text) in asked.into_iter().zip(["one!", "two!"]) {
                assert_eq!(site.runtime.block_on(asked).unwrap(), text);
            }
            site.stop();
        }
    }
}

#[test]
fn rep_answers_who_asks() {
    for kind in ["REQ", "DEALER"] {
        for meeting in meetings(json!({ "codec": "text" }), json!({ "identity": "ann" })) {
            let has_key = meeting.ours.get("curve").is_some();
            let (mut site, mut libzmq) = meet(meeting, kind, ZmqRep::bound, |actor| {
                Intake::start(actor, true)
            });
            let before: &[&str] = match kind {
                "REQ" => &[],
                _ => &["7", "8", ""],
            };
            for (request, answer) in [
                ("one", "one!"),
                ("down", "compysition/error unavailable: the store is down"),
                ("secret", "compysition/error internal: internal error"),
                (
                    "gone",
                    "compysition/error bad_gateway: no answer: the last copy ended at `step`",
                ),
                ("", "!"),
            ] {
                libzmq.send("peer", &[before, &[request]].concat());
                assert_eq!(libzmq.recv("peer"), [before, &[answer]].concat());
                let event = site.next();
                let zmq = event.attribute("zmq").unwrap();
                assert_eq!(zmq["identity"], "ann");
                assert_eq!(zmq.get("key").is_some(), has_key, "{zmq}");
            }
            site.stop();
        }
    }
}

#[test]
fn router_answers_each_of_its_peers() {
    for meeting in meetings(json!({ "codec": "text" }), json!({})) {
        let (site, mut libzmq) = meet(meeting, "DEALER", ZmqRouter::bound, |actor| {
            Intake::start(actor, true)
        });
        // With and without an envelope.
        libzmq.send("peer", &["one"]);
        assert_eq!(libzmq.recv("peer"), ["one!"]);
        libzmq.send("peer", &["1", "", "two"]);
        assert_eq!(libzmq.recv("peer"), ["1", "", "two!"]);
        site.stop();
    }
}

#[test]
fn the_answer_goes_to_who_has_asked() {
    let actor: ZmqRouter = serde_json::from_value(json!({
        "bind": "tcp://127.0.0.1:*", "codec": "text"
    }))
    .unwrap();
    let bound = actor.bound();
    let mut site = Intake::start(actor, true);
    let endpoint = bound.get()[0].to_string();
    let mut libzmq = Libzmq::start();
    let names = ["ann", "ben", "cat"];
    for name in names {
        libzmq.open(
            name,
            "DEALER",
            json!({ "connect": endpoint, "identity": name }),
        );
    }
    libzmq.send("ann", &["slow"]);
    assert_eq!(site.text(), "slow");
    site.go_on.notify_one();
    for name in names {
        libzmq.send(name, &["", name]);
    }
    assert_eq!(libzmq.recv("ann"), ["slow!"]);
    for name in names {
        assert_eq!(libzmq.recv(name), ["", &format!("{name}!")]);
    }
    site.stop();
}

#[test]
fn what_cannot_be_read_fails_and_the_client_is_told() {
    let actor: ZmqRep = serde_json::from_value(json!({
        "bind": "tcp://127.0.0.1:*", "codec": "json"
    }))
    .unwrap();
    let bound = actor.bound();
    let mut site = Intake::start(actor, true);
    let mut libzmq = Libzmq::start();
    let endpoint = bound.get()[0].to_string();
    libzmq.open("req", "REQ", json!({ "connect": endpoint }));
    libzmq.send("req", &["{"]);
    let answer = libzmq.recv("req").concat();
    assert!(
        answer.starts_with("compysition/error malformed: "),
        "{answer}"
    );
    assert_eq!(site.failure().payload().bytes().unwrap(), b"{");
    libzmq.send("req", &["1", "2"]);
    let answer = libzmq.recv("req").concat();
    assert!(answer.contains("`multipart: true`"), "{answer}");
    site.failure();
    libzmq.open("dealer", "DEALER", json!({ "connect": endpoint }));
    libzmq.send("dealer", &["no empty frame"]);
    assert_eq!(site.failure().payload().bytes().unwrap(), b"no empty frame");
    site.stop();
}

#[test]
fn a_router_that_does_not_answer_sends_to_the_peer_that_is_named() {
    let actor: ZmqRouter = serde_json::from_value(json!({
        "bind": "tcp://127.0.0.1:*", "answer": false, "multipart": true
    }))
    .unwrap();
    let bound = actor.bound();
    let site = Outlet::start(actor);
    let mut libzmq = Libzmq::start();
    let endpoint = bound.get()[0].as_str().to_owned();
    libzmq.open(
        "peer",
        "DEALER",
        json!({ "connect": endpoint, "identity": "ann" }),
    );
    let event = |name: &str| {
        Event::new(json!(["a", "", "b"])).with_attribute("zmq", json!({ "identity": name }))
    };
    let failure = |name: &str| match site.ask(event(name)).unwrap_err() {
        AskError::Unanswered(unanswered) => unanswered.failure,
        other => panic!("{other}"),
    };
    // It says nothing, so only a try shows that it is there.
    while failure("ann").is_some() {}
    assert_eq!(libzmq.recv("peer"), ["a", "", "b"]);
    let none = failure("nobody").unwrap().error;
    assert_eq!(none.message(), "that peer is not connected");
    site.stop();
}
