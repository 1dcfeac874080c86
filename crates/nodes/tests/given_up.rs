//! What one process gives up when it stops is done by its next run, or made again where it came from.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{start_one, stop};
use compysition_core::{
    Actor, Context, Director, Error, Event, Flow, Outcome, Ports, Result, Retry, Settlement,
    TimeSpan,
};
use compysition_nodes::memory::Memory;
use tokio::time::Instant;

const NODES: [&str; 2] = ["front", "work"];
const EVENTS: usize = 3;

/// Emits some events, and leaves their settlements to the test.
struct Emit(Arc<Mutex<Vec<Settlement>>>);

impl Actor for Emit {
    async fn start(&mut self, ctx: &Context) -> Result {
        let settlements = self.0.clone();
        ctx.produce(move |source| async move {
            for number in 0..EVENTS {
                let settlement = source.emit(number.to_string()).await?;
                settlements.lock().unwrap().push(settlement);
            }
            std::future::pending().await
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

/// Stands for a peer that can be reached or not.
#[derive(Clone, Default)]
struct Peer {
    is_there: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    done: Arc<Mutex<Vec<String>>>,
}

impl Actor for Peer {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        self.asked.fetch_add(1, SeqCst);
        if !self.is_there.load(SeqCst) {
            return Err(Error::unavailable("nobody is there"));
        }
        self.done.lock().unwrap().push(event.text()?.to_owned());
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

#[derive(Clone, Default)]
struct Outage {
    memory: Memory,
    peer: Peer,
    settlements: Arc<Mutex<Vec<Settlement>>>,
}

impl Outage {
    async fn start(&self, node: &'static str) -> Flow {
        let mut director = Director::new("outage");
        let emit = director.register("emit", Emit(self.settlements.clone()));
        let peer = director.register("peer", self.peer.clone());
        director.connect(emit, peer);
        let retry = Retry {
            delay: TimeSpan::seconds(20),
            ..Retry::default()
        };
        director.set_retry(peer, retry);
        director.place(emit, "front");
        director.place(peer, "work");
        start_one(&NODES, node, &self.memory, director).await
    }

    async fn until_asked(&self, times: usize) {
        while self.peer.asked.load(SeqCst) < times {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    fn outcomes(&self) -> Vec<Option<Outcome>> {
        let settlements = self.settlements.lock().unwrap();
        settlements.iter().map(Settlement::outcome).collect()
    }

    fn are_cut_short(&self) -> bool {
        let outcomes = self.outcomes();
        let is_cut_short = |outcome: &Option<Outcome>| match outcome {
            Some(Outcome::Failed(failure)) => failure.error.is_cut_short(),
            _ => false,
        };
        outcomes.len() == EVENTS && outcomes.iter().all(is_cut_short)
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_process_that_stops_alone_would_have_tried_again_is_done_by_its_next_run() {
    let outage = Outage::default();
    let (front, work) = (outage.start("front").await, outage.start("work").await);
    outage.until_asked(EVENTS).await;
    assert!(work.stop().await.is_clean());
    assert_eq!(outage.peer.asked.load(SeqCst), 2 * EVENTS);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(outage.outcomes().iter().all(Option::is_none));
    outage.peer.is_there.store(true, SeqCst);
    let next = outage.start("work").await;
    outage.until_asked(3 * EVENTS).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let outcomes = outage.outcomes().into_iter().flatten();
    assert_eq!(outcomes.filter(Outcome::is_delivered).count(), EVENTS);
    assert_eq!(*outage.peer.done.lock().unwrap(), ["0", "1", "2"]);
    stop(vec![front, next]).await;
}

#[tokio::test(start_paused = true)]
async fn what_would_have_been_tried_again_is_cut_short_where_it_began_if_all_stop() {
    let outage = Outage::default();
    let flows = vec![outage.start("front").await, outage.start("work").await];
    outage.until_asked(EVENTS).await;
    let began = Instant::now();
    stop(flows).await;
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(outage.are_cut_short(), "{:?}", outage.outcomes());
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_process_that_is_not_there_is_cut_short_by_a_stop() {
    let outage = Outage::default();
    let front = outage.start("front").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop(vec![front]).await;
    assert!(outage.are_cut_short(), "{:?}", outage.outcomes());
}
