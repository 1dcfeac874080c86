//! What every transport must pass: one suite for all, which its tests call with a [`Bench`].
//!
//! The suite runs flows of two processes, `front` and `work`, in one test; it takes real time where the transport does.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "the suite is a test: a panic is its message"
)]

mod actors;
mod breaks;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use bytes::Bytes;
use compysition_core::{Director, Event, Flow, Limits, Outcome};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use actors::{Ask, Count, Echo, Keep, Raw};
pub use breaks::killed_processes;

use crate::transport::{Doing, Transport};
use crate::wire::{Frame, Hello, Record, Records};
use crate::{Here, Nodes, Part, Patience, Process};

/// What a transport brings to be tried.
pub trait Bench: Send + Sync {
    /// Returns the transport as a process has it.
    fn transport(&self, process: &str) -> Arc<dyn Transport>;

    /// Returns the address where the process `work` is to listen.
    fn address(&self) -> String;

    /// Returns the address by which the process `front` calls, when it is known where the other listens: that, or one of
    /// something in between that can break lines.
    fn reach<'a>(&'a self, listening: String) -> Doing<'a, String>;

    /// Breaks all lines, and returns whether it can.
    fn cut(&self) -> bool;

    /// Returns whether frames are lost on lines that hold, so that nothing goes on without heartbeats.
    fn loses(&self) -> bool {
        false
    }
}

/// Tries all of it.
pub async fn all(bench: &dyn Bench) {
    order_and_outcomes(bench).await;
    every_kind_of_payload(bench).await;
    broken_lines(bench).await;
    killed_processes(bench).await;
    credit(bench).await;
    another_flow(bench).await;
    bad_frames(bench).await;
    a_clean_stop(bench).await;
}

/// A stream from `front` to `work`.
struct Stream {
    events: u64,
    pause: Duration,
    outcomes: Arc<Mutex<Vec<Outcome>>>,
    keep: Keep,
}

impl Stream {
    fn of(events: u64) -> Stream {
        Stream {
            events,
            pause: Duration::ZERO,
            outcomes: Arc::default(),
            keep: Keep::new(),
        }
    }

    fn whole(&self, name: &str) -> Director {
        let mut director = Director::new(name);
        let count = Count {
            events: self.events,
            pause: self.pause,
            outcomes: self.outcomes.clone(),
        };
        let source = director.register("source", count);
        let keep = director.register("keep", self.keep.clone());
        director.connect(source, keep);
        director.place(source, "front");
        director.place(keep, "work");
        director
    }

    fn expected(&self) -> Vec<String> {
        (0..self.events).map(|number| number.to_string()).collect()
    }
}

fn patience() -> Patience {
    Patience {
        heartbeat: Duration::from_millis(200),
        lost_after: Duration::from_secs(20),
    }
}

/// Starts `work`, and returns where it is to be called.
async fn start_work(bench: &dyn Bench, whole: Director) -> (Flow, String) {
    start_patient_work(bench, whole, patience()).await
}

async fn start_patient_work(
    bench: &dyn Bench,
    whole: Director,
    patience: Patience,
) -> (Flow, String) {
    let nodes = Nodes::of([
        Process::new("front"),
        Process::new("work").at(bench.address()),
    ]);
    let part = part(bench, "work", nodes.with_patience(patience), whole);
    let flow = part.director.start().await.unwrap();
    let listening = part.listening.await.unwrap();
    let address = bench.reach(listening).await.unwrap();
    (flow, address)
}

async fn start_front(bench: &dyn Bench, address: &str, whole: Director) -> Flow {
    start_patient_front(bench, address, whole, patience()).await
}

async fn start_patient_front(
    bench: &dyn Bench,
    address: &str,
    whole: Director,
    patience: Patience,
) -> Flow {
    let nodes = Nodes::of([Process::new("front"), Process::new("work").at(address)]);
    let part = part(bench, "front", nodes.with_patience(patience), whole);
    part.director.start().await.unwrap()
}

fn part(bench: &dyn Bench, process: &str, nodes: Nodes, whole: Director) -> Part {
    let here = Here {
        process,
        replica: 1,
    };
    nodes.part(whole, here, bench.transport(process))
}

async fn start(bench: &dyn Bench, stream: &Stream) -> (Flow, Flow, String) {
    let (work, address) = start_work(bench, stream.whole("stream")).await;
    let front = start_front(bench, &address, stream.whole("stream")).await;
    (front, work, address)
}

async fn stop(flows: impl IntoIterator<Item = Flow>) {
    let began = Instant::now();
    let stops = flows
        .into_iter()
        .map(|flow| tokio::spawn(async move { flow.stop().await }));
    for stop in stops.collect::<Vec<_>>() {
        let stopped = stop.await.unwrap();
        assert!(stopped.is_clean(), "{stopped:?}");
    }
    assert!(began.elapsed().as_secs() < 15, "it waited for its deadline");
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let looks = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let looked = tokio::time::timeout(Duration::from_secs(60), looks).await;
    assert!(looked.is_ok(), "{what} did not happen in a minute");
}

/// Events of a link arrive in order and once, and their source hears how each ended.
pub async fn order_and_outcomes(bench: &dyn Bench) {
    let mut stream = Stream::of(5_000);
    stream.keep.refuses = true;
    let (front, work, _) = start(bench, &stream).await;
    front.block().await;
    let is_good = |text: &String| !text.ends_with('7');
    let expected: Vec<String> = stream.expected().into_iter().filter(is_good).collect();
    assert_eq!(*stream.keep.events.lock(), expected);
    {
        let outcomes = stream.outcomes.lock();
        let failed = outcomes.iter().filter(|outcome| !outcome.is_delivered());
        let told: Vec<String> = failed
            .map(|outcome| match outcome {
                Outcome::Failed(failure) => failure.to_string(),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(told.len(), 500);
        assert!(
            told.iter().all(|told| told == "keep: it ends in 7"),
            "{told:?}"
        );
    }
    stop([front, work]).await;
}

/// A circle from `front` to `work` and back.
fn circle(events: Vec<Event>, answers: Arc<Mutex<Vec<Event>>>) -> Director {
    let mut director = Director::new("circle");
    let ask = director.register("ask", Ask { events, answers });
    let echo = director.register("echo", Echo);
    let reply = director.reply();
    director.connect(ask, echo);
    director.connect(echo, reply);
    director.place(ask, "front");
    director.place(echo, "work");
    director
}

/// What an event carries comes back as it went, also what is large.
pub async fn every_kind_of_payload(bench: &dyn Bench) {
    use compysition_core::{Json, Payload, Xml};
    let large: String = "0123456789".repeat(300_000);
    let payloads = || {
        [
            Payload::Empty,
            Payload::from("text, also of others: čeština"),
            Payload::from(&[0u8, 255, 7][..]),
            Payload::Json(Json::from_text(r#"{"a": [1, 2.5e300]}"#)),
            Payload::Xml(Xml::from_text("<a b='c'>d</a>")),
            Payload::from(&*large),
        ]
    };
    let events = || {
        let all = payloads().into_iter().map(|payload| {
            let mut event =
                Event::new(payload).with_attribute("n", serde_json::json!({"x": [null]}));
            event.set_meta_id("trace me");
            event.set_service("orders");
            event.set_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
            event
        });
        all.collect::<Vec<_>>()
    };
    let answers: Arc<Mutex<Vec<Event>>> = Arc::default();
    let (work, address) = start_work(bench, circle(Vec::new(), Arc::default())).await;
    let front = start_front(bench, &address, circle(events(), answers.clone())).await;
    until("all answers", || answers.lock().len() == 6).await;
    for (answer, asked) in answers.lock().iter().zip(events()) {
        assert_eq!(answer.payload().kind(), asked.payload().kind());
        assert_eq!(answer.bytes().unwrap(), asked.bytes().unwrap());
        assert_eq!(answer.attribute("n"), asked.attribute("n"));
        let told = |event: &Event| (event.meta_id().into_owned(), event.service().to_owned());
        assert_eq!(told(answer), told(&asked));
        assert_eq!(answer.traceparent(), asked.traceparent());
    }
    stop([front, work]).await;
}

/// Lines that break are opened again; nothing is lost, and nothing comes twice.
pub async fn broken_lines(bench: &dyn Bench) {
    let mut stream = Stream::of(800);
    stream.pause = Duration::from_millis(1);
    let (front, work, _) = start(bench, &stream).await;
    for part in 1..=5 {
        let some = (stream.events * part / 8) as usize;
        until("a part of the events", || {
            stream.keep.events.lock().len() > some
        })
        .await;
        if !bench.cut() {
            break;
        }
    }
    front.block().await;
    assert_eq!(*stream.keep.events.lock(), stream.expected());
    stop([front, work]).await;
}

/// Where nothing is consumed, the source stops at its permits, and goes on later.
pub async fn credit(bench: &dyn Bench) {
    let mut stream = Stream::of(5_000);
    stream.keep.go = Arc::new(Semaphore::new(0));
    let (front, work, _) = start(bench, &stream).await;
    let admitted = || front.snapshot().admitted;
    let permits = Limits::default().roots as u64;
    until("the source stops", || admitted() >= permits).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(admitted(), permits);
    stream.keep.go.add_permits(Semaphore::MAX_PERMITS / 2);
    front.block().await;
    assert_eq!(*stream.keep.events.lock(), stream.expected());
    stop([front, work]).await;
}

/// A process of another flow, or of another version of this one, is refused, and the right one served all the same.
pub async fn another_flow(bench: &dyn Bench) {
    let stream = Stream::of(100);
    let (work, address) = start_work(bench, stream.whole("stream")).await;
    let stranger = Stream::of(100);
    let other = start_front(bench, &address, stranger.whole("other")).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(stream.keep.events.lock().is_empty());
    other.abort().await;
    let front = start_front(bench, &address, stream.whole("stream")).await;
    front.block().await;
    assert_eq!(*stream.keep.events.lock(), stream.expected());
    stop([front, work]).await;
}

/// Frames that are none, or that nobody sent so, harm nobody else.
pub async fn bad_frames(bench: &dyn Bench) {
    let stream = Stream::of(100);
    let whole = stream.whole("stream");
    let hello = Frame::Hello(Hello {
        flow: "stream".to_owned(),
        fingerprint: whole.fingerprint(),
        process: "front".to_owned(),
        replica: "9".to_owned(),
        epoch: 9,
        session: 5,
        peer: 77,
        received: u64::MAX,
    });
    let mut records = Records::default();
    records.add(&Record::Delivered {
        first: 0,
        count: u64::MAX,
    });
    let mut frames: Vec<Bytes> = vec![
        Bytes::new(),
        Bytes::from_static(b"GET / HTTP/1.1\r\n\r\n"),
        Bytes::from_static(b"cy\x02\x01"),
        Bytes::from_static(b"cy\x01\x04\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        hello.write(),
        Frame::batch(0, 0, &records),
        Frame::batch(u64::MAX, u64::MAX, &records),
    ];
    let good = hello.write();
    frames.extend(
        (0..good.len())
            .step_by(7)
            .map(|length| good.slice(..length)),
    );
    let count = frames.len();
    let (work, address) = start_work(bench, stream.whole("stream")).await;
    let done = Arc::new(AtomicUsize::new(0));
    let mut stranger = Director::new("stranger");
    stranger.register(
        "raw",
        Raw {
            transport: bench.transport("front"),
            address: address.clone(),
            frames,
            done: done.clone(),
        },
    );
    let stranger = stranger.start().await.unwrap();
    until("all frames", || done.load(SeqCst) == count).await;
    stranger.abort().await;
    let front = start_front(bench, &address, stream.whole("stream")).await;
    front.block().await;
    assert_eq!(*stream.keep.events.lock(), stream.expected());
    // What said hello and went is not waited for.
    stop([front]).await;
    work.abort().await;
}

/// A stop of both ends what is under way, and neither waits for the other for ever.
pub async fn a_clean_stop(bench: &dyn Bench) {
    let mut stream = Stream::of(1_000_000);
    stream.pause = Duration::from_micros(100);
    let (front, work, _) = start(bench, &stream).await;
    until("some events", || stream.keep.events.lock().len() > 50).await;
    stop([work, front]).await;
    let kept = stream.keep.events.lock();
    let expected: Vec<String> = (0..kept.len()).map(|number| number.to_string()).collect();
    assert_eq!(*kept, expected);
}
