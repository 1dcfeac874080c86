//! Who waits for a permit is not overtaken by who comes later, and nobody has all turns.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use compysition_core::testing::quiet;
use compysition_core::{
    Actor, Admission, Context, Director, Error, Event, Limits, Ports, Refusal, Result, Source, Tick,
};
use tokio::sync::oneshot;

/// Hands its source to the test.
struct Inlet(Option<oneshot::Sender<Source>>);

impl Actor for Inlet {
    async fn start(&mut self, ctx: &Context) -> Result {
        let test = self.0.take();
        ctx.produce(|source| async move {
            let stopping = source.stopping();
            if let Some(test) = test {
                let _ = test.send(source);
            }
            stopping.await;
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

struct End;

impl Actor for End {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

type Admitted = Poll<std::result::Result<Admission, Refusal>>;

async fn poll(
    admit: Pin<&mut impl Future<Output = std::result::Result<Admission, Refusal>>>,
) -> Admitted {
    let mut admit = admit;
    poll_fn(|cx| Poll::Ready(admit.as_mut().poll(cx))).await
}

#[tokio::test]
async fn permits_go_to_who_asked_first() {
    let (test, source) = oneshot::channel();
    let mut director = Director::new("fairness");
    director.set_limits(Limits {
        roots: 1,
        ..Limits::default()
    });
    let inlet = director.register("inlet", Inlet(Some(test)));
    let end = director.register("end", End);
    director.connect(inlet, end);
    let flow = director.start().await.unwrap();
    let source = source.await.unwrap();

    let first = source.admit(0).await.unwrap();
    let mut second = pin!(source.admit(0));
    let mut third = pin!(source.admit(0));
    assert!(poll(second.as_mut()).await.is_pending());
    assert!(poll(third.as_mut()).await.is_pending());
    drop(first);
    let mut fourth = pin!(source.admit(0));
    assert!(
        poll(fourth.as_mut()).await.is_pending(),
        "overtaken by a newcomer"
    );
    assert!(
        poll(third.as_mut()).await.is_pending(),
        "overtaken in the line"
    );
    let Poll::Ready(Ok(second)) = poll(second.as_mut()).await else {
        panic!("room, but not for who asked first");
    };
    drop(second);
    assert!(poll(third.as_mut()).await.is_ready());
    assert!(poll(fourth.as_mut()).await.is_ready());
    flow.stop().await;
}

#[tokio::test]
async fn who_cannot_wait_gets_a_permit_at_once_or_is_counted() {
    let (test, source) = oneshot::channel();
    let mut director = Director::new("fairness");
    director.set_limits(Limits {
        roots: 1,
        ..Limits::default()
    });
    let inlet = director.register("inlet", Inlet(Some(test)));
    let end = director.register("end", End);
    director.connect(inlet, end);
    let flow = director.start().await.unwrap();
    let source = source.await.unwrap();
    let dropped = || flow.snapshot().actors[0].dropped;

    let first = source.try_admit(0).unwrap();
    assert!(source.try_admit(0).is_none());
    assert_eq!(dropped(), 1);
    let mut second = pin!(source.admit(0));
    assert!(poll(second.as_mut()).await.is_pending());
    drop(first);
    assert!(
        source.try_admit(0).is_none(),
        "overtaken by who cannot wait"
    );
    assert!(poll(second.as_mut()).await.is_ready());
    let third = source.try_admit(0).unwrap();
    let outcome = third.emit(None, Event::new("x")).await;
    assert!(outcome.is_delivered());
    let fourth = source.try_admit(0).unwrap();
    let outcome = fourth
        .emit_failed(Event::new("x"), Error::malformed("no"))
        .await;
    assert!(!outcome.is_delivered());
    assert_eq!(dropped(), 2);
    flow.stop().await;
    assert!(source.try_admit(0).is_none());
    assert_eq!(dropped(), 3);
    assert_eq!(flow.snapshot().imbalance(), None);
}

#[tokio::test]
async fn a_permit_for_what_has_not_come_yet_keeps_nobody_who_waits_for_quiet() {
    let (test, source) = oneshot::channel();
    let mut director = Director::new("ahead");
    let inlet = director.register("inlet", Inlet(Some(test)));
    let end = director.register("end", End);
    director.connect(inlet, end);
    let flow = director.start().await.unwrap();
    let source = source.await.unwrap();

    let mut ahead = source.admit_ahead(0).await.unwrap();
    quiet(&flow).await;
    let other = source.admit(0).await.unwrap();
    let mut waiting = pin!(quiet(&flow));
    assert!(
        poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx)))
            .await
            .is_pending()
    );
    drop(other);
    waiting.await;
    ahead.has_come();
    let mut waiting = pin!(quiet(&flow));
    assert!(
        poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx)))
            .await
            .is_pending()
    );
    let outcome = ahead.emit(None, Event::new("x")).await;
    assert!(outcome.is_delivered());
    waiting.await;
    // One that is dropped unused leaves nothing behind.
    drop(source.admit_ahead(0).await.unwrap());
    assert!(flow.stop().await.is_clean());
    assert_eq!(flow.snapshot().imbalance(), None);
}

/// Has itself called again and again, as often as it may.
#[derive(Default)]
struct Restless(Arc<AtomicU64>);

const TICKS: u64 = 100_000;

impl Actor for Restless {
    async fn start(&mut self, ctx: &Context) -> Result {
        ctx.wake_after(Duration::ZERO);
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    async fn tick(&mut self, _: Tick, ctx: &Context) -> Result {
        if self.0.fetch_add(1, Relaxed) < TICKS {
            ctx.wake_after(Duration::ZERO);
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_always_has_something_to_do_leaves_others_their_turn() {
    let ticks = Arc::new(AtomicU64::new(0));
    let (test, source) = oneshot::channel();
    let mut director = Director::new("fairness");
    let inlet = director.register("inlet", Inlet(Some(test)));
    let restless = director.register("restless", Restless(ticks.clone()));
    let end = director.register("end", End);
    director.connect(inlet, restless);
    director.connect(restless, end);
    let flow = director.start().await.unwrap();
    source.await.unwrap();
    // The clock stands still, so no time tells that a turn is over.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(ticks.load(Relaxed) < TICKS, "it had all turns");
    flow.stop().await;
}

/// Notes how many events there were each time when there was nothing else to do.
#[derive(Default)]
struct Gatherer {
    waiting: usize,
    together: Arc<Mutex<Vec<usize>>>,
}

impl Actor for Gatherer {
    async fn consume(&mut self, _: Event, ctx: &Context) -> Result {
        self.waiting += 1;
        ctx.wake_after(Duration::ZERO);
        Ok(())
    }

    async fn tick(&mut self, _: Tick, _: &Context) -> Result {
        let waiting = std::mem::take(&mut self.waiting);
        self.together.lock().unwrap().push(waiting);
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink().single()
    }
}

#[tokio::test]
async fn what_others_are_about_to_send_is_waited_for_once() {
    let together = Arc::<Mutex<Vec<usize>>>::default();
    let (test, source) = oneshot::channel();
    let mut director = Director::new("together");
    let inlet = director.register("inlet", Inlet(Some(test)));
    let gatherer = Gatherer {
        together: together.clone(),
        ..Gatherer::default()
    };
    let gatherer = director.register("gatherer", gatherer);
    director.connect(inlet, gatherer);
    let flow = director.start().await.unwrap();
    let source = source.await.unwrap();
    // The actor is woken by the first, and has its turn before the next one.
    for _ in 0..2 {
        drop(source.emit("x").await.unwrap());
        tokio::task::yield_now().await;
    }
    quiet(&flow).await;
    flow.stop().await;
    let together = together.lock().unwrap();
    assert_eq!(
        together
            .iter()
            .filter(|events| **events > 0)
            .collect::<Vec<_>>(),
        [&2]
    );
}
