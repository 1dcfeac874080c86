//! Roots that count as opened before they are made.

use loom::thread;

use super::{flow, in_every_order};

#[test]
fn loom_what_began_here_is_not_taken_for_what_is_let_in_ahead() {
    in_every_order(|| {
        let flow = flow();
        flow.root_opened();
        let other = {
            let flow = flow.clone();
            thread::spawn(move || {
                // Room for two, one of which comes and settles.
                flow.open_ahead(2, true);
                flow.foreign_settled(1);
                flow.roots_delivered(1);
                flow.close_ahead(1, 1, true);
                // Room for one that never comes.
                flow.open_ahead(1, true);
                flow.close_ahead(0, 1, true);
            })
        };
        assert!(!flow.has_only_foreign());
        assert!(flow.open_roots() >= 1);
        other.join().unwrap();
        assert_eq!((flow.admitted(), flow.open_roots()), (2, 1));
        assert_eq!(flow.open_foreign(), 0);
        assert!(!flow.has_only_foreign());
        flow.roots_delivered(1);
        assert!(flow.has_only_foreign());
    });
}
