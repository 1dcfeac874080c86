//! Who watches a root, in every order of threads.

use super::*;
use crate::settled::Settled;
use loom::sync::atomic::AtomicUsize;

/// Notes how often a watcher was told that its root was delivered, and that it was not.
fn watch(receipt: &Receipt, told: &Arc<[AtomicUsize; 2]>) {
    let told = told.clone();
    let note = move |settled: Settled| {
        let failed = usize::from(!settled.outcome.is_delivered());
        told[failed].fetch_add(1, SeqCst);
    };
    crate::settled::watch(receipt, note);
}

fn told(told: &[AtomicUsize; 2]) -> [usize; 2] {
    [told[0].load(SeqCst), told[1].load(SeqCst)]
}

#[test]
fn loom_a_watcher_that_holds_nothing_is_told_once() {
    in_every_order(|| {
        let gate = gate(1);
        let heard = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let first = Receipt::One(admit(&gate, false));
        let second = first.clone();
        let watching = {
            let heard = heard.clone();
            thread::spawn(move || {
                watch(&second, &heard);
                drop(second);
            })
        };
        drop(first);
        watching.join().unwrap();
        assert_eq!(told(&heard), [1, 0]);
        all_is_back(&gate, 1);
    });
}

#[test]
fn loom_a_watcher_of_two_roots_is_told_the_worst_end() {
    in_every_order(|| {
        let gate = gate(2);
        let heard = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let first = Receipt::One(admit(&gate, false));
        let second = Receipt::One(admit(&gate, false));
        let merged = Receipt::merge(vec![first.clone(), second.clone()]);
        watch(&merged, &heard);
        drop(merged);
        let failing = thread::spawn(move || {
            first.fail(&failure());
            drop(first);
        });
        drop(second);
        failing.join().unwrap();
        assert_eq!(told(&heard), [0, 1]);
        all_is_back(&gate, 2);
    });
}

#[test]
fn loom_a_watcher_sees_the_answer() {
    in_every_order(|| {
        let gate = gate(1);
        let root = admit(&gate, true);
        let receipt = Receipt::One(root.clone());
        let seen = Arc::new(AtomicUsize::new(0));
        let note = {
            let seen = seen.clone();
            move |settled: Settled| seen.store(usize::from(settled.answer.is_some()), SeqCst)
        };
        crate::settled::watch(&receipt, note);
        let answering = {
            let root = root.clone();
            thread::spawn(move || {
                assert!(root.answer(|| Event::new("1")));
                drop(receipt);
            })
        };
        assert!(block_on(poll_fn(|cx| root.poll_answer(cx.waker()))).is_ok());
        answering.join().unwrap();
        assert_eq!(seen.load(SeqCst), 1);
        all_is_back(&gate, 1);
    });
}
