//! Work that nobody waits for any more hears of it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use compysition_core::{Actor, Context, Director, Error, ErrorKind, Event, Ports, Result};
use tokio::sync::Semaphore;

const WORK: usize = 100;

/// Asks once, and goes away when all the work has begun.
struct Leave(Arc<Semaphore>);

impl Actor for Leave {
    async fn start(&mut self, ctx: &Context) -> Result {
        let begun = self.0.clone();
        ctx.produce(move |source| async move {
            let request = source.admit(10).await?.ask(None, "question".into());
            begun.acquire_many(WORK as u32).await?.forget();
            request.cancel();
            // It is told once more; nobody listens.
            request.expire();
            request.settlement().await;
            source.context().stop_flow();
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

/// Works on many things at once, of which none ends by itself.
struct Work(Arc<Semaphore>, Arc<AtomicUsize>);

impl Actor for Work {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        for _ in 0..WORK {
            let (begun, heard) = (self.0.clone(), self.1.clone());
            ctx.spawn(event.clone(), move |_, ctx| async move {
                // Who has listened and gone leaves nothing behind.
                drop(ctx.cancelled());
                let cancelled = ctx.cancelled();
                begun.add_permits(1);
                cancelled.await;
                heard.fetch_add(1, Relaxed);
                Err(Error::new(ErrorKind::Cancelled, "nobody waits"))
            });
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn all_work_under_way_for_a_client_that_leaves_hears_of_it() {
    let (begun, heard) = (Arc::new(Semaphore::new(0)), Arc::default());
    let mut director = Director::new("flow");
    let leave = director.register("leave", Leave(begun.clone()));
    let work = director.register("work", Work(begun, Arc::clone(&heard)));
    director.connect(leave, work);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(heard.load(Relaxed), WORK);
    assert_eq!(flow.snapshot().imbalance(), None);
}

/// Listens for as long as the event is held here, or longer.
struct Listen(Arc<Semaphore>, Arc<AtomicUsize>);

impl Actor for Listen {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        for _ in 0..WORK {
            let heard = self.1.clone();
            drop(event.on_cancelled(|| panic!("who was dropped is not told")));
            let listening = event.on_cancelled(move || _ = heard.fetch_add(1, Relaxed));
            ctx.spawn(event.clone(), move |_, ctx| async move {
                ctx.cancelled().await;
                // Before it was dropped, it was called.
                drop(listening);
                Err(Error::new(ErrorKind::Cancelled, "nobody waits"))
            });
            self.0.add_permits(1);
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn who_listens_is_told_once_that_a_client_has_gone() {
    let (begun, heard) = (Arc::new(Semaphore::new(0)), Arc::default());
    let mut director = Director::new("flow");
    let leave = director.register("leave", Leave(begun.clone()));
    let listen = director.register("listen", Listen(begun, Arc::clone(&heard)));
    director.connect(leave, listen);
    let flow = director.start().await.unwrap();
    flow.block().await;
    assert!(flow.stop().await.is_clean());
    assert_eq!(heard.load(Relaxed), WORK);
}
