//! What was made of one event, or of one thing that a source read, comes together: nobody counts, nobody waits for a time.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::time::Duration;

use common::build;
use compysition_actors::{Door, DoorHandle, Split};
use compysition_core::{
    Actor, Context, Director, Error, Event, Flow, Limits, Node, Ports, Result, inspect, map,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Fails for the payload 13, drops 7, and passes all else on.
struct Work;

impl Actor for Work {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        match event.json()?.as_u64() {
            Some(13) => Err(Error::unprocessable("thirteen")),
            Some(7) => Ok(()),
            _ => ctx.send(event),
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop()
    }
}

/// Makes `door -> split -> work -> join -> door`, with or without `work.error -> join`.
async fn circle(join: Value, with_errors: bool) -> (Flow, DoorHandle) {
    let mut director = Director::new("circle");
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let split = director.register("split", Split::new());
    let work = director.register("work", Work);
    let join = director.register("join", build("join", join));
    director.connect(door, split);
    director.connect(split, work);
    director.connect(work, join);
    director.connect(join, door);
    director.connect((split, "empty"), door);
    if with_errors {
        director.connect_error(work, join);
    }
    (director.start().await.unwrap(), handle)
}

async fn ask(flow: Flow, handle: DoorHandle, payload: Value) -> Result<Event, String> {
    let answer = handle.ask(payload).await.map_err(|error| error.to_string());
    let stopped = flow.stop().await;
    assert!(stopped.is_clean(), "{stopped:?}");
    answer
}

#[tokio::test(start_paused = true)]
async fn the_parts_of_an_event_become_a_list_in_their_order() {
    let (flow, handle) = circle(json!({ "by": "split" }), false).await;
    let answer = ask(flow, handle, json!([3, 1, 2])).await.unwrap();
    assert_eq!(answer.text().unwrap(), "[3,1,2]");
    let told = answer.attribute("join").unwrap().into_owned();
    assert_eq!((&told["parts"], &told["delivered"]), (&json!(3), &json!(3)));
}

#[tokio::test(start_paused = true)]
async fn a_large_event_comes_together_that_was_never_in_memory_as_events() {
    let (flow, handle) = circle(json!({ "by": "split", "merge": "count" }), false).await;
    let numbers: Vec<u64> = (100..100_100).collect();
    let answer = ask(flow, handle, json!(numbers)).await.unwrap();
    let count = answer.json().unwrap().into_owned();
    let expected = json!({ "parts": 100_000, "delivered": 100_000, "failed": 0 });
    assert_eq!(count, expected);
}

#[tokio::test(start_paused = true)]
async fn an_event_without_parts_is_empty() {
    let (flow, handle) = circle(json!({ "by": "split" }), false).await;
    let answer = ask(flow, handle, json!([])).await.unwrap();
    assert_eq!(answer.text().unwrap(), "[]");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_was_filtered_out_is_not_there() {
    let (flow, handle) = circle(json!({ "by": "split" }), false).await;
    let answer = ask(flow, handle, json!([1, 7, 2])).await.unwrap();
    assert_eq!(answer.text().unwrap(), "[1,2]");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_failed_elsewhere_is_known() {
    let (flow, handle) = circle(json!({ "by": "split", "at_least": 1 }), false).await;
    let answer = ask(flow, handle, json!([1, 13])).await.unwrap();
    assert_eq!(answer.text().unwrap(), "[1]");
    assert_eq!(answer.lookup("attributes.join.failed").unwrap(), json!(1));

    let (flow, handle) = circle(json!({ "by": "split" }), false).await;
    let refused = ask(flow, handle, json!([1, 13])).await.unwrap_err();
    assert!(refused.contains("thirteen"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn failed_parts_are_counted() {
    let count = json!({ "by": "split", "merge": "count" });
    let (flow, handle) = circle(count, true).await;
    let answer = ask(flow, handle, json!([1, 13, 13, 2, 7])).await.unwrap();
    let count = answer.json().unwrap().into_owned();
    let expected = json!({ "parts": 5, "delivered": 2, "failed": 2 });
    assert_eq!(count, expected);
}

#[tokio::test(start_paused = true)]
async fn parts_become_xml_or_the_text_of_a_template() {
    let (flow, handle) = circle(json!({ "by": "split", "merge": { "xml": "all" } }), false).await;
    let answer = ask(flow, handle, json!([{ "x": 1 }, 2])).await.unwrap();
    let expected = "<all><item><x>1</x></item><item>2</item></all>";
    assert_eq!(answer.text().unwrap(), expected);

    let template = "{{ payload | join('+') }} of {{ attributes.join.parts }}";
    let settings = json!({ "by": "split", "merge": { "template": template } });
    let (flow, handle) = circle(settings, false).await;
    let answer = ask(flow, handle, json!([1, 2])).await.unwrap();
    assert_eq!(answer.text().unwrap(), "1+2 of 2");
}

#[tokio::test(start_paused = true)]
async fn what_was_split_twice_comes_together_twice() {
    let mut director = Director::new("nested");
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let outer = director.register("outer", Split::new());
    let inner = director.register("inner", Split::new());
    let inner_join = director.register("inner_join", build("join", json!({ "by": "split" })));
    let outer_join = director.register("outer_join", build("join", json!({ "by": "split" })));
    director.connect(door, outer);
    director.connect(outer, inner);
    director.connect(inner, inner_join);
    director.connect(inner_join, outer_join);
    director.connect(outer_join, door);
    let flow = director.start().await.unwrap();
    let answer = ask(flow, handle, json!([[1, 2], [3], [4, 5, 6]])).await;
    assert_eq!(answer.unwrap().text().unwrap(), "[[1,2],[3],[4,5,6]]");
}

#[tokio::test(start_paused = true)]
async fn a_batch_on_the_way_holds_nothing_up() {
    let mut director = Director::new("batched");
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let split = director.register("split", Split::new());
    let batch = director.register("batch", build("batch", json!({ "count": 2, "age": "1s" })));
    let join = director.register(
        "join",
        build("join", json!({ "by": "split", "merge": "count" })),
    );
    director.connect(door, split);
    director.connect(split, batch);
    director.connect(batch, join);
    director.connect(join, door);
    let flow = director.start().await.unwrap();
    let answer = ask(flow, handle, json!([1, 2, 3, 4, 5])).await.unwrap();
    let expected = json!({ "parts": 5, "delivered": 5, "failed": 0 });
    assert_eq!(answer.json().unwrap().into_owned(), expected);
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_an_error_or_goes_on_in_part() {
    let slow = |on_timeout: &str| {
        let mut director = Director::new("slow");
        let (door, handle) = Door::new();
        let door = director.register("door", door);
        let split = director.register("split", Split::new());
        let work = director.register("work", Slow);
        let settings = json!({
            "by": "split", "timeout": "1s", "at_least": 1, "on_timeout": on_timeout,
        });
        let join = director.register("join", build("join", settings));
        director.connect(door, split);
        director.connect(split, work);
        director.connect(work, join);
        director.connect(join, door);
        director.connect_error(join, door);
        (director, handle)
    };
    for (on_timeout, expected) in [("error", "of 2 there are 1"), ("emit", "[1]")] {
        let (director, handle) = slow(on_timeout);
        let flow = director.start().await.unwrap();
        let answer = ask(flow, handle, json!([1, 20])).await.unwrap();
        let text = match answer.error() {
            Some(failure) => failure.error.message().to_owned(),
            None => answer.text().unwrap().to_owned(),
        };
        assert!(text.contains(expected), "{text}");
    }
}

/// Waits for as many seconds as the payload says.
struct Slow;

impl Actor for Slow {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let seconds = event.json()?.as_u64().unwrap_or_default();
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        ctx.send(event.with(json!(seconds)))
    }
}

/// Makes the numbers up to the given ones, a group of each; of the last one only the half if it is `torn`.
struct Files {
    sizes: Vec<u64>,
    is_torn: bool,
}

impl Actor for Files {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (sizes, is_torn) = (self.sizes.clone(), self.is_torn);
        ctx.produce(move |source| async move {
            let last = sizes.len() - 1;
            for (index, size) in sizes.into_iter().enumerate() {
                let about = Event::new(()).with_attribute("file", index as u64);
                let mut group = source.group(about).await?;
                for number in 0..size {
                    if is_torn && index == last && number == size / 2 {
                        return Ok(());
                    }
                    drop(source.emit_in(&mut group, json!(number)).await?);
                }
                let settlement = group.close().unwrap();
                settlement.await;
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

async fn gathered(files: Files, join: Value) -> Vec<(Value, Value)> {
    let mut director = Director::new("files");
    let files = director.register("files", files);
    let work = director.register("work", Work);
    let join = director.register("join", build("join", join));
    let (seen, mut sees) = mpsc::unbounded_channel();
    let sink = director.register("sink", build("discard", json!({})));
    let look: Node = director.register(
        "look",
        inspect(move |event: &Event| {
            let file = event.attribute("file").unwrap().into_owned();
            _ = seen.send((file, event.json().unwrap().into_owned()));
        }),
    );
    director.connect(files, work);
    director.connect(work, join);
    director.connect_error(work, join);
    director.connect(join, look);
    director.connect(look, sink);
    let flow = director.start().await.unwrap();
    flow.block().await;
    let stopped = flow.stop().await;
    assert!(stopped.is_clean(), "{stopped:?}");
    let mut events = Vec::new();
    while let Ok(event) = sees.try_recv() {
        events.push(event);
    }
    events
}

#[tokio::test(start_paused = true)]
async fn what_a_source_made_of_one_thing_comes_together() {
    let files = Files {
        sizes: vec![3, 2000, 20],
        is_torn: false,
    };
    let count = json!({ "by": "source", "merge": "count" });
    let totals = gathered(files, count).await;
    let expected = [
        json!({ "parts": 3, "delivered": 3, "failed": 0 }),
        json!({ "parts": 2000, "delivered": 1998, "failed": 1 }),
        json!({ "parts": 20, "delivered": 18, "failed": 1 }),
    ];
    let expected: Vec<_> = expected.into_iter().enumerate().collect();
    let totals: Vec<_> = totals
        .into_iter()
        .map(|(file, total)| (file.as_u64().unwrap() as usize, total))
        .collect();
    assert_eq!(totals, expected);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_not_read_to_its_end_is_told_to_be_partial() {
    let files = Files {
        sizes: vec![8],
        is_torn: true,
    };
    let totals = gathered(files, json!({ "by": "source", "merge": "count" })).await;
    let expected = json!({ "parts": 4, "delivered": 4, "failed": 0, "partial": true });
    assert_eq!(totals, [(json!(0), expected)]);
}

#[tokio::test(start_paused = true)]
async fn what_came_of_no_split_is_an_error() {
    let mut director = Director::new("unsplit");
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let pass = director.register("pass", map(|event: Event| Ok(event)));
    let join = director.register("join", build("join", json!({ "by": "split" })));
    director.connect(door, pass);
    director.connect(pass, join);
    director.connect(join, door);
    let flow = director.start().await.unwrap();
    let refused = ask(flow, handle, json!(1)).await.unwrap_err();
    assert!(refused.contains("came of no split"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_part_for_which_there_is_no_room_fails_once_and_the_whole_with_it() {
    let mut director = Director::new("full");
    director.set_limits(Limits {
        held_bytes: 2 * 600,
        ..Limits::default()
    });
    let (door, handle) = Door::new();
    let door = director.register("door", door);
    let split = director.register("split", Split::new());
    let join = director.register("join", build("join", json!({ "by": "split" })));
    let sink = director.register("sink", build("discard", json!({})));
    director.connect(door, split);
    director.connect(split, join);
    director.connect(join, door);
    director.connect_error(join, sink);
    let flow = director.start().await.unwrap();
    let refused = handle.ask(json!([1, 2, 3])).await.unwrap_err().to_string();
    assert!(refused.contains("holds as much as it may"), "{refused}");
    assert!(
        refused.contains("`limits: { held_bytes: … }` allows more"),
        "{refused}"
    );
    let snapshot = flow.snapshot();
    let join = snapshot.actors.iter().find(|actor| actor.name == "join");
    // The third part, and the whole.
    assert_eq!(join.unwrap().failed, 2, "{snapshot:?}");
    assert!(flow.stop().await.is_clean());
}
