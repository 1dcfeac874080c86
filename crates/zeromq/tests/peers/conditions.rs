//! What holds whoever is on the other side: who comes first, who may come, how many, and how fast.

use compysition_actors::AskError;
use compysition_core::{ErrorKind, Limits};
use compysition_zeromq::{ZmqDealer, ZmqPull, ZmqPush, ZmqRep, ZmqReq};
use serde_json::{Value, json};

use crate::foreign::keys;
use crate::libzmq::Libzmq;
use crate::site::{Intake, Outlet, ipc};

#[test]
fn either_side_may_start_first_and_come_back() {
    for over_ipc in [true, false] {
        let actor: ZmqPush =
            serde_json::from_value(json!({ "bind": "tcp://127.0.0.1:*" })).unwrap();
        let bound = actor.bound();
        let endpoint = match over_ipc {
            true => ipc(),
            false => {
                // A port that was free a moment ago.
                let site = Outlet::start(actor);
                let endpoint = bound.get()[0].to_string();
                site.stop();
                endpoint
            }
        };
        let mut libzmq = Libzmq::start();
        let actor: ZmqPush = serde_json::from_value(json!({ "connect": endpoint })).unwrap();
        let site = Outlet::start(actor);
        for round in ["first", "second", "third"] {
            let door = site.door.clone();
            let asked = site.runtime.spawn(async move { door.ask("early").await });
            libzmq.open("peer", "PULL", json!({ "bind": endpoint }));
            site.runtime.block_on(asked).unwrap().unwrap();
            // What is sent before it is known here that the peer was gone is lost with it.
            site.text(round);
            while libzmq.hears_other("peer", round, 200) {
                site.text(round);
            }
            libzmq.close("peer");
        }
        site.stop();
    }
}

#[test]
fn without_a_peer_it_is_a_time_out() {
    let actor: ZmqPush =
        serde_json::from_value(json!({ "connect": ipc(), "timeout": "100ms" })).unwrap();
    let site = Outlet::start(actor);
    let error = site.ask("x").unwrap_err().to_string();
    assert!(error.contains("no peer has taken it in time"), "{error}");
    site.stop();
    let actor: ZmqReq =
        serde_json::from_value(json!({ "bind": "tcp://127.0.0.1:*", "timeout": "3s" })).unwrap();
    let bound = actor.bound();
    let site = Outlet::start(actor);
    let endpoint = bound.get()[0].to_string();
    let mut libzmq = Libzmq::start();
    libzmq.open("rep", "REP", json!({ "connect": endpoint }));
    // It takes the request, and says nothing.
    let error = site.ask("x").unwrap_err().to_string();
    assert!(error.contains("no peer has answered in time"), "{error}");
    assert_eq!(libzmq.recv("rep"), ["x"]);
    libzmq.send("rep", &["late"]);
    // The late answer is not taken for that of the next.
    let door = site.door.clone();
    let asked = site.runtime.spawn(async move { door.ask("y").await });
    assert_eq!(libzmq.recv("rep"), ["y"]);
    libzmq.send("rep", &["in time"]);
    let answer = site.runtime.block_on(asked).unwrap().unwrap();
    assert_eq!(answer.text().unwrap(), "in time");
    site.stop();
}

#[test]
fn pull_takes_no_more_than_the_flow_has_room_for() {
    let actor: ZmqPull = serde_json::from_value(json!({
        "bind": "tcp://127.0.0.1:*", "codec": "text", "limits": { "high_water_mark": 5 }
    }))
    .unwrap();
    let bound = actor.bound();
    let limits = Limits {
        roots: 3,
        ..Limits::default()
    };
    let mut site = Intake::limited(actor, false, limits);
    let mut libzmq = Libzmq::start();
    let endpoint = bound.get()[0].to_string();
    libzmq.open("push", "PUSH", json!({ "connect": endpoint }));
    for _ in 0..50 {
        libzmq.send("push", &["slow"]);
    }
    assert_eq!(site.text(), "slow");
    assert!(libzmq.hears_nothing("none", 300));
    assert_eq!(site.snapshot().open, 3);
    for _ in 1..50 {
        site.go_on.notify_one();
        assert_eq!(site.text(), "slow");
    }
    site.go_on.notify_one();
    site.stop();
}

#[test]
fn who_is_not_on_the_list_does_not_get_in() {
    let (ours, _) = keys(true);
    let (_, mut stranger) = keys(true);
    let public = ours["key"].as_str().unwrap().replace("key_secret", "key");
    let key = compysition_zeromq::socket::PublicKey::read(&public).unwrap();
    stranger["server"] = key.to_string().into();
    let actor: ZmqPull = serde_json::from_value(json!({
        "bind": "tcp://127.0.0.1:*", "curve": ours, "codec": "text"
    }))
    .unwrap();
    let bound = actor.bound();
    let site = Intake::start(actor, false);
    let endpoint = bound.get()[0].to_string();
    let mut libzmq = Libzmq::start();
    libzmq.open(
        "stranger",
        "PUSH",
        json!({ "connect": endpoint, "curve": stranger }),
    );
    libzmq.open("plain", "PUSH", json!({ "connect": endpoint }));
    for name in ["stranger", "plain"] {
        libzmq.send(name, &["let me in"]);
    }
    assert!(libzmq.hears_nothing("none", 500));
    assert_eq!(site.snapshot().admitted, 0);
    site.stop();
}

#[test]
fn errors_that_an_answer_tells_are_errors() {
    let actor: ZmqDealer = serde_json::from_value(json!({ "bind": "tcp://127.0.0.1:*" })).unwrap();
    let bound = actor.bound();
    let site = Outlet::start(actor);
    let endpoint = bound.get()[0].to_string();
    let mut libzmq = Libzmq::start();
    libzmq.open("rep", "REP", json!({ "connect": endpoint }));
    let door = site.door.clone();
    let asked = site.runtime.spawn(async move { door.ask("x").await });
    libzmq.recv("rep");
    libzmq.send("rep", &["compysition/error not_found: no such customer"]);
    let error = site.runtime.block_on(asked).unwrap().unwrap_err();
    let AskError::Unanswered(unanswered) = error else {
        panic!("{error}");
    };
    let failure = unanswered.failure.unwrap();
    assert_eq!(failure.error.kind(), ErrorKind::NotFound);
    site.stop();
}

#[test]
fn who_was_refused_gets_in_when_the_list_has_its_key() {
    let (mut server, _) = keys(true);
    let (mut client, _) = keys(false);
    let public = |side: &Value| side["key"].as_str().unwrap().replace("key_secret", "key");
    client["server"] = public(&server).into();
    let endpoint = ipc();
    let start = |server: &Value| {
        let settings = json!({ "bind": endpoint, "curve": server, "codec": "text" });
        Intake::start(serde_json::from_value::<ZmqPull>(settings).unwrap(), false)
    };
    let first = start(&server);
    let limits = json!({ "max_reconnect": "200ms" });
    let settings =
        json!({ "connect": endpoint, "curve": client, "limits": limits, "timeout": "1s" });
    let push = Outlet::start(serde_json::from_value::<ZmqPush>(settings).unwrap());
    push.ask("refused").unwrap_err();
    assert_eq!(first.snapshot().admitted, 0);
    first.stop();
    server["clients"] = json!([public(&client)]);
    let mut second = start(&server);
    while push.ask("let in").is_err() {}
    assert_eq!(second.text(), "let in");
    push.stop();
    second.stop();
}

#[test]
fn a_door_that_stops_finishes_what_it_has_begun_and_refuses_the_rest() {
    let settings = json!({ "bind": "tcp://127.0.0.1:*", "codec": "text" });
    let actor: ZmqRep = serde_json::from_value(settings).unwrap();
    let bound = actor.bound();
    let mut site = Intake::start(actor, true);
    let endpoint = bound.get()[0].to_string();
    let mut libzmq = Libzmq::start();
    for name in ["first", "second"] {
        libzmq.open(name, "REQ", json!({ "connect": endpoint }));
    }
    libzmq.send("first", &["later"]);
    assert_eq!(site.text(), "later");
    let go_on = site.go_on.clone();
    let stopping = std::thread::spawn(move || site.stop());
    // Whether it stops already nobody tells: until then it answers.
    let mut answer = String::new();
    while answer != "compysition/error unavailable: the flow stops" {
        libzmq.send("second", &["gone"]);
        answer = libzmq.recv("second").concat();
    }
    go_on.notify_one();
    assert_eq!(libzmq.recv("first"), ["later!"]);
    stopping.join().unwrap();
}
