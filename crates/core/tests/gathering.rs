//! What came of one event is gathered, wherever it was meanwhile.

mod common;

use std::time::Duration;

use common::{Collect, Count};
use compysition_core::{
    Actor, Context, Director, Event, Group, GroupOf, Held, Ports, Result, Tick,
};

/// Makes three of each.
struct Split;

impl Actor for Split {
    async fn consume(&mut self, _: Event, ctx: &Context) -> Result {
        ctx.send_all((0..3).map(|number| Event::new(number.to_string())))
    }
}

/// Holds each for a second.
#[derive(Default)]
struct Rest(Vec<Held>);

impl Actor for Rest {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.push(ctx.hold(event)?);
        ctx.wake_after(Duration::from_secs(1));
        Ok(())
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        let events = self.0.drain(..).filter_map(Held::release);
        events.into_iter().try_for_each(|event| ctx.send(event))
    }
}

/// Tells of each complete group how many arrived.
#[derive(Default)]
struct Gather(Vec<Group>);

impl Actor for Gather {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        for arrival in ctx.arrive(event, GroupOf::Event).unwrap_or_default() {
            if !self.0.contains(&arrival.group) {
                self.0.push(arrival.group);
            }
        }
        Ok(())
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        let complete = self.0.extract_if(.., |group| group.is_complete());
        complete.into_iter().try_for_each(|group| {
            let tally = group.tally();
            let told = format!("{} of {}", tally.arrived, tally.members);
            ctx.send(ctx.merge_group(&group, [], told))
        })
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop().single().gathers(GroupOf::Event)
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_was_held_still_belongs_to_its_group() {
    let mut director = Director::new("held");
    let collect = Collect::default();
    let source = director.register("source", Count(2));
    let split = director.register("split", Split);
    let rest = director.register("rest", Rest::default());
    let gather = director.register("gather", Gather::default());
    let sink = director.register("sink", Collect(collect.0.clone()));
    director.connect(source, split);
    director.connect(split, rest);
    director.connect(rest, gather);
    director.connect(gather, sink);
    let flow = director.start().await.unwrap();
    flow.block().await;
    let stopped = flow.stop().await;
    assert!(stopped.is_clean(), "{stopped:?}");
    assert_eq!(collect.texts(), ["3 of 3", "3 of 3"]);
}
