//! What its heir goes on with.

use std::time::Duration;

use compysition_core::Rest;

use super::*;

/// Hands each event over to the test.
struct HandOver(mpsc::UnboundedSender<Event>);

impl Actor for HandOver {
    const KEEP_INPUT: bool = false;

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.hand_over();
        self.0.send(event).unwrap();
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_with_all_that_is_left_is_not_told_of_its_end() {
    let (door, inbox) = door();
    let (sender, mut events) = mpsc::unbounded_channel();
    let mut director = Director::new("back");
    let door = director.register("door", door);
    let over = director.register("over", HandOver(sender));
    director.connect((door, "next"), over);
    let flow = director.start().await.unwrap();
    let failure = || Failure::new(Error::internal("it is broken"), "elsewhere".into());
    for (what, is_asked, told) in [
        ("alone", false, &[][..]),
        ("asked", true, &[]),
        ("copied", false, &["delivered"]),
        ("held", false, &["rests", "delivered"]),
        ("failed", false, &["failed elsewhere: it is broken"]),
    ] {
        let heir = Arc::<Told>::default();
        inbox.send((foreign("x", is_asked), heir.clone())).ok();
        let event = events.recv().await.unwrap();
        // The actor is done with it, too.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let copy = (what == "copied").then(|| event.clone());
        let rest = (what == "held").then(|| Rest::of(&event));
        if what == "failed" {
            event.clone().fail_elsewhere(&failure());
        }
        let call = event.sole_heir().map(|(_, call)| call);
        assert_eq!(call, told.is_empty().then_some(9), "{what}");
        match call {
            Some(_) => event.leave_to_heir(),
            None => drop(event),
        }
        drop((copy, rest));
        assert_eq!(heir.all(), told, "{what}");
    }
    drop(inbox);
    flow.block().await;
    let snapshot = flow.snapshot();
    assert_eq!(
        (snapshot.delivered, snapshot.failed, snapshot.open),
        (4, 1, 0)
    );
    assert!(flow.stop().await.is_clean());
}
