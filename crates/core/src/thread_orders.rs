//! Links, receipts and permits in every order of threads (up to a number of preemptions): `make orders`.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod left;
mod purses;
mod watchers;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;

use loom::future::block_on;
use loom::model::Builder;
use loom::sync::atomic::Ordering::SeqCst;
use loom::thread;

use crate::flow_state::FlowState;
use crate::group::{GroupOf, Opener};
use crate::inbox::Inbox;
use crate::launch::Tuning;
use crate::limits::Limits;
use crate::permits::Gate;
use crate::receipt::{Custody, Receipt};
use crate::root::Root;
use crate::spawner::{Executor, Spawner, Task};
use crate::supervision::Supervision;
use crate::sync::Counted;
use crate::{Error, Event, Failure, Id, Outcome};

/// Tries all orders in which threads are preempted at most so often; more takes minutes and finds no more.
const PREEMPTIONS: usize = 3;

fn in_every_order(test: impl Fn() + Send + Sync + 'static) {
    let mut model = Builder::new();
    model.preemption_bound = Some(PREEMPTIONS);
    model.check(test);
}

/// Runs no tasks: there are none here.
struct Idle;

impl Executor for Idle {
    fn execute(&self, _: Task) {}
}

fn flow() -> Arc<FlowState> {
    let tuning = Tuning {
        chunk: 2,
        seed: Some(1),
        trouble: None,
    };
    let spawner = Spawner::new(Arc::new(Idle));
    let (limits, supervision) = (Limits::default(), Supervision::default());
    let flow = FlowState::new("flow".into(), limits, supervision, spawner, tuning);
    Arc::new(flow)
}

fn gate(roots: usize) -> Arc<Gate> {
    let share = Limits {
        roots,
        bytes: 1000,
        ..Limits::default()
    };
    Arc::new(Gate::new(flow(), share))
}

fn failure() -> Failure {
    Failure::new(Error::internal("lost"), "actor".into())
}

/// Admits a root of 10 bytes, which a source waits for an answer of if it `asked`.
fn admit(gate: &Arc<Gate>, asked: bool) -> Counted<Root> {
    let permit = gate.try_take(10).unwrap();
    let (room, origin) = (permit.leave(), Default::default());
    gate.flow().root_opened();
    Counted::new(Root::new(Id::from_u128(1), room, 0, asked, origin))
}

fn outcome(root: &Counted<Root>) -> Outcome {
    block_on(poll_fn(|cx| root.poll_outcome(cx.waker())))
}

/// Sees that all permits are back, and that each root has settled once.
fn all_is_back(gate: &Gate, roots: u64) {
    assert_eq!(gate.in_use(), (0, 0));
    let flow = gate.flow();
    assert_eq!((flow.admitted(), flow.open_roots()), (roots, 0));
}

fn failed(gate: &Gate) -> u64 {
    gate.flow().settled.failed.load(SeqCst)
}

fn text(event: &Event) -> u8 {
    event.text().unwrap().parse().unwrap()
}

/// Takes events from an inbox until there are so many.
async fn take(inbox: &Inbox, count: usize) -> Vec<u8> {
    let (mut chunks, mut spares) = (VecDeque::new(), Vec::new());
    let mut taken = Vec::new();
    loop {
        inbox.take(&mut chunks, &mut spares, || {}).await;
        for mut chunk in chunks.drain(..) {
            taken.extend(chunk.events.drain(..).map(|event| text(&event)));
            spares.push(chunk.events);
        }
        if taken.len() >= count {
            return taken;
        }
    }
}

#[test]
fn loom_a_link_loses_nothing_doubles_nothing_and_keeps_its_order() {
    in_every_order(|| {
        let inbox = Arc::new(Inbox::of(2));
        let senders: Vec<_> = [10, 20]
            .into_iter()
            .map(|first| {
                let inbox = inbox.clone();
                thread::spawn(move || {
                    for number in [first, first + 1] {
                        let mut events = vec![Event::new(number.to_string())];
                        assert!(inbox.push(first as u16, false, &mut events));
                        assert!(events.is_empty());
                    }
                })
            })
            .collect();
        let runner = {
            let inbox = inbox.clone();
            thread::spawn(move || block_on(take(&inbox, 4)))
        };
        for sender in senders {
            sender.join().unwrap();
        }
        let taken = runner.join().unwrap();
        for first in [10, 20] {
            let own: Vec<u8> = taken
                .iter()
                .copied()
                .filter(|n| n / 10 == first / 10)
                .collect();
            assert_eq!(own, [first, first + 1]);
        }
    });
}

#[test]
fn loom_what_a_closing_link_does_not_take_its_sender_still_has() {
    in_every_order(|| {
        let inbox = Arc::new(Inbox::of(2));
        let sender = {
            let inbox = inbox.clone();
            thread::spawn(move || {
                let send = |number: u8| {
                    let mut events = vec![Event::new(number.to_string())];
                    let taken = inbox.push(0, false, &mut events);
                    assert_eq!(taken, events.is_empty());
                    usize::from(taken)
                };
                send(1) + send(2)
            })
        };
        let waiting: usize = inbox.close().iter().map(|chunk| chunk.events.len()).sum();
        let taken = sender.join().unwrap();
        assert_eq!(taken, waiting);
        assert_eq!(inbox.depth(), 0);
    });
}

#[test]
fn loom_the_last_receipt_settles_its_root_once_with_the_worst_end() {
    in_every_order(|| {
        let gate = gate(2);
        let root = admit(&gate, false);
        let first = Receipt::One(root.clone());
        let second = first.clone();
        let failing = thread::spawn(move || second.fail(&failure()));
        let other = thread::spawn(move || drop(first));
        assert!(matches!(outcome(&root), Outcome::Failed(_)));
        failing.join().unwrap();
        other.join().unwrap();
        drop(root);
        all_is_back(&gate, 1);
        assert_eq!(failed(&gate), 1);
    });
}

#[test]
fn loom_who_waits_hears_of_a_good_end() {
    in_every_order(|| {
        let gate = gate(1);
        let root = admit(&gate, false);
        let first = Receipt::One(root.clone());
        let second = first.clone();
        let others = [first, second].map(|receipt| thread::spawn(move || drop(receipt)));
        assert!(outcome(&root).is_delivered());
        for other in others {
            other.join().unwrap();
        }
        all_is_back(&gate, 1);
    });
}

#[test]
fn loom_a_root_that_nobody_watches_settles_too() {
    in_every_order(|| {
        let gate = gate(2);
        let first = Receipt::One(admit(&gate, false));
        let second = first.clone();
        let failing = thread::spawn(move || second.fail(&failure()));
        let other = thread::spawn(move || {
            let copy = first.clone();
            drop(first);
            drop(copy);
        });
        failing.join().unwrap();
        other.join().unwrap();
        all_is_back(&gate, 1);
        assert_eq!(failed(&gate), 1);
    });
}

#[test]
fn loom_a_runner_hears_what_it_is_told() {
    in_every_order(|| {
        let inbox = Arc::new(Inbox::of(2));
        let runner = {
            let inbox = inbox.clone();
            let (mut chunks, mut spares) = (VecDeque::new(), Vec::new());
            thread::spawn(move || {
                let mut heard = (false, false);
                while heard != (true, true) {
                    let told = inbox.take(&mut chunks, &mut spares, || {});
                    let (signals, _) = block_on(told);
                    heard = (heard.0 | signals.stopping, heard.1 | signals.end);
                }
            })
        };
        inbox.signal(|signals| signals.stopping = true);
        inbox.signal(|signals| signals.end = true);
        runner.join().unwrap();
        assert!(inbox.depth() == 0);
    });
}

#[test]
fn loom_a_held_root_gives_its_permit_back_and_overdraws_one_when_it_goes_on() {
    in_every_order(|| {
        let gate = gate(1);
        let receipt = Receipt::One(admit(&gate, false));
        let copy = receipt.clone();
        let custody = Custody::of(&receipt);
        let other = thread::spawn(move || drop(copy));
        drop(receipt);
        let released = custody.release();
        drop(custody);
        assert_eq!(gate.flow().open_roots(), 1);
        drop(released);
        other.join().unwrap();
        all_is_back(&gate, 1);
    });
}

#[test]
fn loom_what_is_held_while_another_copy_ends_keeps_its_root_open() {
    in_every_order(|| {
        let gate = gate(1);
        let receipt = Receipt::One(admit(&gate, false));
        let copy = receipt.clone();
        let other = thread::spawn(move || drop(copy));
        let custody = Custody::of(&receipt);
        drop(receipt);
        assert_eq!(gate.flow().open_roots(), 1);
        other.join().unwrap();
        assert_eq!(gate.flow().open_roots(), 1);
        assert_eq!(gate.in_use(), (0, 0));
        let released = custody.release();
        drop(custody);
        assert_eq!(gate.in_use().0, 1);
        drop(released);
        all_is_back(&gate, 1);
    });
}

#[test]
fn loom_a_group_is_complete_when_the_last_place_is_free_and_its_root_settles_once() {
    in_every_order(|| {
        let gate = gate(1);
        let receipt = Receipt::One(admit(&gate, false));
        let opener = Opener::of(GroupOf::Event, gate.flow(), Event::new(()), &receipt);
        let group = opener.group().clone();
        let [one, other] = [(); 2].map(|()| Receipt::member(receipt.clone(), opener.place()));
        drop(receipt);
        let custody = Custody::of(&one);
        drop(one);
        let others = [
            thread::spawn(move || drop(other)),
            thread::spawn(move || drop(custody.release())),
        ];
        drop(opener);
        for other in others {
            other.join().unwrap();
        }
        assert!(group.is_complete());
        assert_eq!(gate.flow().open_roots(), 1);
        drop(group);
        all_is_back(&gate, 1);
    });
}

#[test]
fn loom_what_fails_after_it_was_held_is_not_overlooked() {
    in_every_order(|| {
        let gate = gate(1);
        let receipt = Receipt::One(admit(&gate, false));
        let custody = Custody::of(&receipt);
        let other = thread::spawn(move || drop(receipt));
        let released = custody.release();
        released.fail(&failure());
        drop(released);
        drop(custody);
        other.join().unwrap();
        all_is_back(&gate, 1);
        assert_eq!(failed(&gate), 1);
    });
}

#[test]
fn loom_an_answer_is_heard_and_only_one() {
    in_every_order(|| {
        let gate = gate(1);
        let root = admit(&gate, true);
        let first = Receipt::One(root.clone());
        let second = first.clone();
        let others = [("1", first), ("2", second)].map(|(answer, receipt)| {
            let root = root.clone();
            thread::spawn(move || {
                let wanted = root.answer(|| Event::new(answer));
                drop(receipt);
                usize::from(wanted)
            })
        });
        let answer = block_on(poll_fn(|cx| root.poll_answer(cx.waker())));
        assert!(answer.is_ok());
        let wanted: usize = others.into_iter().map(|other| other.join().unwrap()).sum();
        assert_eq!(wanted, 1);
        all_is_back(&gate, 1);
    });
}

#[test]
fn loom_who_asks_hears_that_there_is_no_answer() {
    in_every_order(|| {
        let gate = gate(1);
        let root = admit(&gate, true);
        let receipt = Receipt::One(root.clone());
        let other = thread::spawn(move || drop(receipt));
        assert!(block_on(poll_fn(|cx| root.poll_answer(cx.waker()))).is_err());
        other.join().unwrap();
        all_is_back(&gate, 1);
    });
}

#[test]
fn loom_a_permit_that_comes_back_is_given_to_who_waits() {
    in_every_order(|| {
        let gate = gate(1);
        let receipt = Receipt::One(admit(&gate, false));
        let waiting = {
            let gate = gate.clone();
            thread::spawn(move || drop(block_on(gate.admit(10)).unwrap()))
        };
        drop(receipt);
        waiting.join().unwrap();
        all_is_back(&gate, 1);
    });
}

#[test]
fn loom_who_is_admitted_while_the_flow_begins_to_stop_is_seen() {
    in_every_order(|| {
        let gate = gate(1);
        let source = {
            let gate = gate.clone();
            thread::spawn(move || gate.try_admit(10).ok().flatten())
        };
        gate.flow().stop();
        let (seen, _) = gate.in_use();
        let permit = source.join().unwrap();
        assert!(permit.is_none() || seen == 1);
        drop(permit);
        assert_eq!(gate.in_use(), (0, 0));
    });
}
