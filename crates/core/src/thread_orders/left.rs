//! Who has all that is left of a root, in every order of threads.

use super::*;

#[test]
fn loom_nobody_has_all_of_what_another_holds_for_a_moment_and_then_fails() {
    in_every_order(|| {
        let gate = gate(1);
        let root = admit(&gate, false);
        let first = Receipt::One(root.clone());
        let second = first.clone();
        let holding = thread::spawn(move || {
            let custody = Custody::of(&second);
            drop(second);
            let again = custody.release();
            drop(custody);
            again.fail(&failure());
        });
        assert!(!root.is_all_with_one());
        drop(first);
        holding.join().unwrap();
        assert!(matches!(outcome(&root), Outcome::Failed(_)));
        all_is_back(&gate, 1);
    });
}
