//! Instances that hold events, and that are woken.

use std::time::Duration;

use compysition_core::{
    Actor, Context, Error, ErrorKind, Event, Held, Pool, Result, Tick, inspect,
};

use crate::support::{finish, flow, job};

/// Holds two events and sends them united, or one if nothing more comes.
#[derive(Default)]
struct Pairs {
    held: Vec<Held>,
    wakes: bool,
}

impl Pairs {
    fn flush(&mut self, ctx: &Context) -> Result {
        if self.held.is_empty() {
            return Ok(());
        }
        let texts: Vec<String> = self
            .held
            .iter()
            .map(|held| held.event().text().unwrap().to_owned())
            .collect();
        let text = format!("{}:{}", ctx.instance(), texts.join("+"));
        ctx.send(ctx.merge(self.held.drain(..), text))
    }
}

impl Actor for Pairs {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        // The others get a chance.
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.held.push(ctx.hold(event)?);
        if self.wakes {
            ctx.wake_after(Duration::from_secs(3));
        }
        match self.held.len() {
            2 => self.flush(ctx),
            _ => Ok(()),
        }
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        self.flush(ctx)
    }
}

#[tokio::test(start_paused = true)]
async fn each_instance_holds_its_own_and_flushes_it_at_the_end() {
    let events = (0..8).map(|n| job(n, 0, 0)).collect();
    let (director, _, out) = flow(events, Pairs::default, Pool::of(3));
    finish(director).await;
    let mut texts = out.texts();
    texts.sort_unstable();
    assert_eq!(texts, ["0:0+5", "0:6", "1:1+4", "1:7", "2:2+3"]);
}

#[tokio::test(start_paused = true)]
async fn each_instance_is_woken_by_itself() {
    let events = (0..3).map(|n| job(n, 0, 0)).collect();
    let pairs = || Pairs {
        wakes: true,
        ..Pairs::default()
    };
    let (director, _, out) = flow(events, pairs, Pool::of(3));
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert_eq!(flow.snapshot().actors[1].held, 3);
    tokio::time::sleep(Duration::from_secs(4)).await;
    let mut texts = out.texts();
    texts.sort_unstable();
    assert_eq!(texts, ["0:0", "1:1", "2:2"]);
    assert!(flow.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_where_the_order_of_what_comes_in_is_kept() {
    let events = (0..3).map(|n| job(n, 0, 0)).collect();
    let (director, _, out) = flow(events, Pairs::default, Pool::of(3).in_order());
    let snapshot = finish(director).await.snapshot();
    assert_eq!(out.texts(), ["0", "1", "2"]);
    assert_eq!(snapshot.actors[1].failed, 3);
}

/// Fails at the second event that it is to hold, for want of room.
struct Hoard(Vec<Held>);

impl Actor for Hoard {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.0.push(ctx.hold(event)?);
        Ok(())
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        if why == Tick::Stopping {
            let held = std::mem::take(&mut self.0).into_iter();
            return held
                .filter_map(Held::release)
                .try_for_each(|event| ctx.send(event));
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn instances_share_what_one_actor_may_hold() {
    for (size, held) in [(1, 4), (2, 4), (4, 4)] {
        let events: Vec<Event> = (0..9).map(|n| job(n, 0, 0)).collect();
        let (mut director, pooled, _) = flow(events, || Hoard(Vec::new()), Pool::of(size));
        director.set_limits(compysition_core::Limits {
            held_bytes: 4 * 600,
            ..compysition_core::Limits::default()
        });
        let seen = director.register("seen", inspect(|_: &Event| {}));
        director.connect_error_kind(pooled, ErrorKind::Exceeded, seen);
        let flow = director.start().await.unwrap();
        flow.block().await;
        assert!(flow.snapshot().actors[1].held <= held);
        assert!(flow.stop().await.is_clean());
        assert_eq!(flow.snapshot().open, 0);
    }
}

/// Panics when it is woken for the first time, and takes its time then.
struct Jumpy;

impl Actor for Jumpy {
    async fn start(&mut self, ctx: &Context) -> Result {
        ctx.wake_after(Duration::from_millis(5));
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        tokio::time::sleep(Duration::from_millis(3)).await;
        ctx.send(event)
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        ctx.wake_after(Duration::from_millis(5));
        tokio::time::sleep(Duration::from_millis(2)).await;
        match why {
            Tick::Timer => panic!("as wanted"),
            _ => Err(Error::internal("as wanted")),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ticks_and_events_take_turns_even_if_they_panic() {
    let pools = [Pool::of(1), Pool::of(3), Pool::of(3).in_order()];
    for pool in pools {
        let events = (0..50).map(|n| job(n, 0, 0)).collect();
        let (director, _, out) = flow(events, || Jumpy, pool);
        let snapshot = finish(director).await.snapshot();
        assert_eq!((out.texts().len(), snapshot.delivered), (50, 50));
        assert!(snapshot.actors[1].restarts > 3);
    }
}
