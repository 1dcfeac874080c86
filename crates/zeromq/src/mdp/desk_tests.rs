//! What a broker decides.

use super::*;
use proptest::prelude::*;
use std::time::Duration;

fn rules(retries: bool) -> Rules {
    Rules {
        heartbeat: Duration::from_secs(2),
        liveness: 3,
        patience: Duration::from_secs(10),
        most_waiting: 3,
        most_bytes: 100,
        retries,
    }
}

struct Site {
    desk: Desk,
    now: Instant,
}

/// A deed as tests write it.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Asked(&'static str, String),
    Answered(&'static str, String),
    Beat(&'static str),
    Sent(&'static str),
    Lost(&'static str, &'static str),
    Dropped,
}

use Seen::*;

const NAMES: &[&str] = &["ann", "ben", "one", "two", "three", "old"];

fn name(peer: &Bytes) -> &'static str {
    NAMES.iter().find(|name| peer == name.as_bytes()).unwrap()
}

fn text(body: &[Bytes]) -> String {
    String::from_utf8(body.concat()).unwrap()
}

impl Site {
    fn new(retries: bool) -> Site {
        Site {
            desk: Desk::new(rules(retries)),
            now: Instant::now(),
        }
    }

    fn version(peer: &str) -> Version {
        match peer {
            "old" => Version::V02,
            _ => Version::V01,
        }
    }

    fn told(&mut self, peer: &'static str, told: ToBroker) -> Vec<Seen> {
        let wire = told.write(Self::version(peer));
        self.desk.take(peer.into(), &wire, self.now).unwrap();
        self.seen()
    }

    fn ask(&mut self, client: &'static str, body: &'static str) -> Vec<Seen> {
        self.told(
            client,
            ToBroker::Request {
                service: "s".into(),
                body: vec![body.into()],
            },
        )
    }

    fn ready(&mut self, worker: &'static str) -> Vec<Seen> {
        let service = "s".into();
        self.told(worker, ToBroker::Ready { service })
    }

    fn reply(&mut self, worker: &'static str, client: &'static str) -> Vec<Seen> {
        self.told(
            worker,
            ToBroker::Reply {
                client: client.into(),
                body: vec![worker.into()],
                is_final: true,
            },
        )
    }

    fn after(&mut self, seconds: u64) -> Vec<Seen> {
        self.now += Duration::from_secs(seconds);
        self.desk.tick(self.now);
        self.seen()
    }

    fn seen(&mut self) -> Vec<Seen> {
        let deeds = std::mem::take(&mut self.desk.deeds);
        let seen = deeds.into_iter().map(|deed| match deed {
            Deed::Send(peer, frames) | Deed::Ask(peer, frames) => {
                let peer = name(&peer);
                match ToWorker::read(Self::version(peer), &frames).unwrap() {
                    ToWorker::Request { body, .. } => Asked(peer, text(&body)),
                    ToWorker::Heartbeat => Beat(peer),
                    ToWorker::Disconnect => Sent(peer),
                }
            }
            Deed::Answer(answer) => Answered(name(&answer.client), text(&answer.said.body)),
            Deed::Lose(request, error) => Lost(name(&request.client), error.kind().as_str()),
            Deed::Drop(_) => Dropped,
        });
        seen.collect()
    }
}

#[test]
fn workers_take_turns() {
    let mut site = Site::new(true);
    assert_eq!(site.ready("one"), []);
    assert_eq!(site.ready("two"), []);
    assert_eq!(site.ask("ann", "a"), [Asked("one", "a".into())]);
    assert_eq!(site.ask("ben", "b"), [Asked("two", "b".into())]);
    assert_eq!(site.reply("two", "ben"), [Answered("ben", "two".into())]);
    assert_eq!(site.reply("one", "ann"), [Answered("ann", "one".into())]);
    assert_eq!(site.ask("ann", "c"), [Asked("two", "c".into())]);
}

#[test]
fn requests_wait_for_a_worker_but_not_for_ever() {
    let mut site = Site::new(true);
    assert_eq!(site.ask("ann", "a"), []);
    assert_eq!(site.after(5), []);
    assert_eq!(site.ask("ben", "b"), []);
    assert_eq!(site.after(5), [Lost("ann", "timeout")]);
    assert_eq!(site.ready("one"), [Asked("one", "b".into())]);
    assert_eq!((site.desk.waiting, site.desk.bytes), (0, 0));
}

#[test]
fn only_so_many_wait() {
    let mut site = Site::new(true);
    for body in ["a", "b", "c"] {
        assert_eq!(site.ask("ann", body), []);
    }
    assert_eq!(site.ask("ben", "d"), [Lost("ben", "unavailable")]);
    let mut site = Site::new(true);
    let large: &'static str = Box::leak("x".repeat(101).into_boxed_str());
    assert_eq!(site.ask("ann", large), [Lost("ann", "unavailable")]);
    // With a worker that is free nothing has to wait.
    site.ready("one");
    assert_eq!(site.ask("ann", large), [Asked("one", large.into())]);
}

#[test]
fn the_request_of_a_dead_worker_goes_to_another_once() {
    let mut site = Site::new(true);
    site.ready("one");
    site.ask("ann", "a");
    site.ready("two");
    site.after(3);
    site.told("two", ToBroker::Heartbeat);
    assert_eq!(site.after(3), [Asked("two", "a".into())]);
    // The first comes back: it is told to begin anew, and its answer is not wanted.
    assert_eq!(site.reply("one", "ann"), [Sent("one")]);
    site.ready("three");
    assert_eq!(
        site.told("two", ToBroker::Disconnect),
        [Lost("ann", "unavailable")]
    );
    let mut site = Site::new(false);
    site.ready("one");
    site.ready("two");
    site.ask("ann", "a");
    let lost = site.told("one", ToBroker::Disconnect);
    assert_eq!(lost, [Lost("ann", "unavailable")]);
}

#[test]
fn the_request_of_a_dead_worker_does_not_go_to_another_dead_one() {
    // Which of the dead is found first is left to chance.
    for _ in 0..50 {
        let mut site = Site::new(true);
        site.ready("one");
        site.ask("ann", "a");
        site.ready("two");
        site.ready("old");
        assert_eq!(site.after(6), []);
        assert_eq!(site.ready("three"), [Asked("three", "a".into())]);
    }
}

#[test]
fn a_worker_that_was_not_reached_has_not_had_the_request() {
    for retries in [true, false] {
        let mut site = Site::new(retries);
        for worker in ["one", "two", "three"] {
            site.ready(worker);
        }
        assert_eq!(site.ask("ann", "a"), [Asked("one", "a".into())]);
        for (gone, next) in [("one", "two"), ("two", "three")] {
            site.desk.unasked(&gone.into(), site.now);
            assert_eq!(site.seen(), [Asked(next, "a".into())]);
        }
        assert_eq!(
            site.reply("three", "ann"),
            [Answered("ann", "three".into())]
        );
    }
}

#[test]
fn heartbeats_go_to_all_workers() {
    let mut site = Site::new(true);
    site.ready("one");
    assert_eq!(site.after(1), []);
    assert_eq!(site.after(1), [Beat("one")]);
    site.told("one", ToBroker::Heartbeat);
    site.ask("ann", "a");
    assert_eq!(site.after(2), [Beat("one")]);
    // A busy worker is alive as long as it says so.
    for _ in 0..9 {
        site.told("one", ToBroker::Heartbeat);
        assert_eq!(site.after(2), [Beat("one")]);
    }
    assert_eq!(site.reply("one", "ann"), [Answered("ann", "one".into())]);
    site.after(6);
    assert!(site.desk.workers.is_empty() && site.desk.services.is_empty());
}

#[test]
fn what_is_not_expected_ends_in_a_disconnect() {
    let mut site = Site::new(true);
    assert_eq!(site.told("one", ToBroker::Heartbeat), [Sent("one")]);
    site.ready("one");
    assert_eq!(site.ready("one"), [Sent("one")]);
    site.ready("one");
    assert_eq!(site.reply("one", "ann"), [Sent("one")]);
    site.ready("one");
    site.ask("ann", "a");
    // For somebody else: the worker is confused, and the request needs another.
    assert_eq!(site.reply("one", "ben"), [Sent("one")]);
    assert_eq!(site.ready("two"), [Asked("two", "a".into())]);
    let service = "mmi.service".into();
    let ready = ToBroker::Ready { service };
    assert_eq!(site.told("three", ready), [Sent("three")]);
}

#[test]
fn tells_which_services_there_are() {
    let mut site = Site::new(true);
    let mmi = |site: &mut Site, service: &'static str, asked: &'static str| {
        let told = ToBroker::Request {
            service: service.into(),
            body: vec![asked.into()],
        };
        site.told("ann", told)
    };
    assert_eq!(
        mmi(&mut site, "mmi.service", "s"),
        [Answered("ann", "404".into())]
    );
    site.ask("ben", "waits");
    assert_eq!(
        mmi(&mut site, "mmi.service", "s"),
        [Answered("ann", "404".into())]
    );
    site.ready("one");
    assert_eq!(
        mmi(&mut site, "mmi.service", "s"),
        [Answered("ann", "200".into())]
    );
    assert_eq!(
        mmi(&mut site, "mmi.echo", "s"),
        [Answered("ann", "501".into())]
    );
}

#[test]
fn parts_go_to_clients_that_know_them() {
    let mut site = Site::new(true);
    site.ready("old");
    let part = |client: &'static str, is_final| ToBroker::Reply {
        client: client.into(),
        body: vec!["x".into()],
        is_final,
    };
    site.ask("ann", "a");
    assert_eq!(site.told("old", part("ann", false)), [Dropped]);
    assert_eq!(
        site.told("old", part("ann", true)),
        [Answered("ann", "x".into())]
    );
    // One that is client and worker at once, here.
    site.ready("one");
    site.ask("old", "b");
}

#[derive(Clone, Debug)]
enum Step {
    Told(usize, u8),
    After(u64),
    Gone(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let peers = 0..NAMES.len();
    let step = prop_oneof![
        8 => (peers.clone(), 0..6_u8).prop_map(|(peer, what)| Step::Told(peer, what)),
        1 => (0..4_u64).prop_map(Step::After),
        1 => peers.prop_map(Step::Gone),
    ];
    proptest::collection::vec(step, 0..200)
}

proptest! {
    #[test]
    fn each_request_ends_once(steps in steps(), retries: bool) {
        let mut site = Site::new(retries);
        let (mut asked, mut ended) = (0, 0);
        let mut count = |seen: Vec<Seen>| {
            ended += seen.iter().filter(|seen| matches!(seen, Answered(..) | Lost(..))).count();
        };
        for step in steps {
            match step {
                Step::Told(peer, what) => {
                    let peer = NAMES[peer];
                    count(match what {
                        0 | 1 => {
                            asked += 1;
                            site.ask(peer, "x")
                        }
                        2 => site.ready(peer),
                        3 => site.told(peer, ToBroker::Heartbeat),
                        4 => site.told(peer, ToBroker::Disconnect),
                        _ => {
                            let worker = site.desk.workers.get(peer.as_bytes());
                            let request = worker.and_then(|worker| worker.request.as_ref());
                            let client = request.map_or("ann", |request| name(&request.client));
                            site.reply(peer, client)
                        }
                    });
                }
                Step::After(seconds) => count(site.after(seconds)),
                Step::Gone(peer) => {
                    site.desk.gone(&NAMES[peer].into(), site.now);
                    count(site.seen());
                }
            }
            let services = || site.desk.services.values();
            let waiting: usize = services().map(|service| service.waiting.len()).sum();
            prop_assert_eq!(waiting, site.desk.waiting);
            let bytes: usize = services().flat_map(|service| &service.waiting).map(|request| size(&request.body)).sum();
            prop_assert_eq!(bytes, site.desk.bytes);
            prop_assert_eq!(services().map(|service| service.workers).sum::<usize>(), site.desk.workers.len());
            let idle: usize = services().map(|service| service.idle.len()).sum();
            let free = site.desk.workers.values().filter(|worker| worker.request.is_none()).count();
            prop_assert_eq!(idle, free);
        }
        site.desk.end();
        count(site.seen());
        prop_assert_eq!(asked, ended);
    }
}
