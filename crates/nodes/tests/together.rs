//! What belongs together stays together over several processes: groups, keys, cycles.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Collect, Count, start, stop};
use compysition_core::{
    Actor, Context, Director, Event, Group, GroupOf, Outcome, Ports, Result, Tick,
};
use compysition_nodes::memory::Memory;
use compysition_nodes::{Here, Nodes, Process};

/// Makes three of each.
struct Split;

impl Actor for Split {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let of = event.text()?.to_owned();
        ctx.send_all((0..3).map(move |part| Event::new(format!("{of}.{part}"))))
    }
}

/// Refuses the second part of what ends in 5, passes all else on.
struct Work;

impl Actor for Work {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match event.text()?.ends_with("5.1") {
            true => Err(compysition_core::Error::malformed("it is the second of 5")),
            false => ctx.send(event),
        }
    }
}

/// Tells of each complete group how many arrived, of how many.
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
async fn what_was_split_is_gathered_though_its_parts_went_elsewhere() {
    let memory = Memory::default();
    let (outcomes, sink) = (Arc::<Mutex<Vec<Outcome>>>::default(), Collect::default());
    let make = || {
        let mut director = Director::new("groups");
        let source = director.register("source", Count(10, outcomes.clone()));
        let split = director.register("split", Split);
        let work = director.register("work", Work);
        let gather = director.register("gather", Gather::default());
        let end = director.register("end", sink.clone());
        director.connect(source, split);
        director.connect(split, work);
        director.connect(work, gather);
        director.connect(gather, end);
        for node in [source, split, gather, end] {
            director.place(node, "front");
        }
        director.place(work, "work");
        director
    };
    let flows = start(&["front", "work"], &memory, make).await;
    flows[0].block().await;
    let texts = sink.texts();
    assert_eq!(texts.len(), 10, "{texts:?}");
    assert_eq!(
        texts.iter().filter(|text| *text == "3 of 3").count(),
        9,
        "{texts:?}"
    );
    assert!(texts.contains(&"2 of 3".to_owned()), "{texts:?}");
    stop(flows).await;
}

/// Counts down to nothing.
struct Down;

impl Actor for Down {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let number: u64 = event.text()?.parse()?;
        match number {
            0 => ctx.send_to("end", event),
            _ => ctx.send_to("again", event.with((number - 1).to_string())),
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().outboxes(["again", "end"])
    }
}

/// Passes on.
struct Pass;

impl Actor for Pass {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }
}

#[tokio::test(start_paused = true)]
async fn a_cycle_over_two_processes_does_not_lock() {
    let memory = Memory::default();
    let (outcomes, sink) = (Arc::<Mutex<Vec<Outcome>>>::default(), Collect::default());
    let make = || {
        let mut director = Director::new("cycle");
        // As many as are let in at once, and more, of which the last goes round a hundred times.
        let source = director.register("source", Count(1_500, outcomes.clone()));
        let less = compysition_core::map(|event: Event| {
            let number: u64 = event.text()?.parse()?;
            Ok(event.with((number % 20).to_string()))
        });
        let less = director.register("less", less);
        let down = director.register("down", Down);
        let pass = director.register("pass", Pass);
        let end = director.register("end", sink.clone());
        director.connect(source, less);
        director.connect(less, down);
        director.connect((down, "again"), pass);
        director.connect(pass, down);
        director.connect((down, "end"), end);
        for node in [source, less, down, end] {
            director.place(node, "front");
        }
        director.place(pass, "work");
        director
    };
    let flows = start(&["front", "work"], &memory, make).await;
    flows[0].block().await;
    assert_eq!(sink.texts().len(), 1_500);
    assert!(outcomes.lock().unwrap().iter().all(Outcome::is_delivered));
    stop(flows).await;
}

/// Emits numbered events after ten seconds, when all replicas are there: else those of a key might move.
struct Late(u64);

impl Actor for Late {
    async fn start(&mut self, ctx: &Context) -> Result {
        let count = self.0;
        ctx.produce(move |source| async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            for number in 0..count {
                drop(source.emit(number.to_string()).await?);
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Keeps the texts under the number of the replica.
struct Keep(usize, Arc<Mutex<Vec<(usize, String)>>>);

impl Actor for Keep {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        let text = event.text()?.to_owned();
        self.1.lock().unwrap().push((self.0, text));
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

#[tokio::test(start_paused = true)]
async fn replicas_share_the_work_and_events_of_a_key_stay_in_order() {
    let memory = Memory::default();
    let kept: Arc<Mutex<Vec<(usize, String)>>> = Arc::default();
    let by_rest = |event: &Event| Ok((event.text()?.parse::<u64>()? % 50).to_string());
    let nodes = || {
        let work = Process::new("work")
            .with_replicas(3)
            .keyed(Arc::new(by_rest));
        Nodes::of([Process::new("front").at("front:1"), work])
    };
    let mut flows = Vec::new();
    for (process, replica) in [("work", 1), ("work", 2), ("work", 3), ("front", 1)] {
        let mut director = Director::new("keys");
        let source = director.register("source", Late(2_000));
        let keep = director.register("keep", Keep(replica, kept.clone()));
        director.connect(source, keep);
        director.place(source, "front");
        director.place(keep, "work");
        let here = Here { process, replica };
        let part = nodes().part(director, here, Arc::new(memory.clone()));
        flows.push(part.director.start().await.unwrap());
    }
    flows[3].block().await;
    let kept = kept.lock().unwrap().clone();
    assert_eq!(kept.len(), 2_000);
    for rest in 0..50 {
        let numbered = kept
            .iter()
            .map(|(replica, text)| (*replica, text.parse::<u64>().unwrap()));
        let of_key: Vec<_> = numbered.filter(|(_, number)| number % 50 == rest).collect();
        assert!(
            of_key.is_sorted_by_key(|(_, number)| *number),
            "{rest}: {of_key:?}"
        );
        assert!(
            of_key.iter().all(|(replica, _)| *replica == of_key[0].0),
            "{rest}: {of_key:?}"
        );
    }
    let used = |replica: usize| kept.iter().any(|(own, _)| *own == replica);
    let used = [1, 2, 3].map(used);
    assert_eq!(used, [true; 3], "which replicas had work");
    stop(flows).await;
}

/// Who ends without having said that the last frame of the other one came leaves that one waiting until it takes it for lost.
#[tokio::test(start_paused = true)]
async fn a_line_that_breaks_at_any_moment_of_the_end_holds_nobody_up() {
    for moment in 0..40 {
        let memory = Memory::default();
        let (outcomes, sink) = (Arc::<Mutex<Vec<Outcome>>>::default(), Collect::default());
        let make = || {
            let mut director = Director::new("brief");
            let source = director.register("source", Count(1, outcomes.clone()));
            let end = director.register("end", sink.clone());
            director.connect(source, end);
            director.place(source, "front");
            director.place(end, "work");
            director
        };
        let flows = start(&["front", "work"], &memory, make).await;
        let began = tokio::time::Instant::now();
        for _ in 0..moment {
            tokio::task::yield_now().await;
        }
        memory.cut();
        tokio::join!(flows[0].block(), flows[1].block());
        let took = began.elapsed();
        assert!(took < Duration::from_secs(5), "{moment}: {took:?}");
        stop(flows).await;
    }
}
