//! How a test's events enter the flow.

use std::sync::Arc;

use compysition_core::{Actor, Context, Event, Ports, Result, Settlement};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

/// An event, the outbox that it takes (all if none), and who wants to know how it ends.
type Command = (Option<String>, Event, oneshot::Sender<Settlement>);

/// Sends events by way of an [`Inlet`].
#[derive(Clone)]
pub(crate) struct Hand(mpsc::UnboundedSender<Command>);

/// Lets a test's events into the flow; it also stands in for sources.
pub(crate) struct Inlet {
    commands: Arc<Mutex<Option<mpsc::UnboundedReceiver<Command>>>>,
    ports: Ports,
}

/// Makes a way in with these ports, and a function that makes the actor at its end.
pub(crate) fn inlet(ports: Ports) -> (Hand, impl FnMut() -> Inlet + Send + 'static) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let commands = Arc::new(Mutex::new(Some(receiver)));
    let make = move || Inlet {
        commands: commands.clone(),
        ports: ports.clone(),
    };
    (Hand(sender), make)
}

impl Hand {
    /// Sends an event, and returns how it will settle once it is in the flow; none if it is not let in.
    pub(crate) async fn send(&self, outbox: Option<&str>, event: Event) -> Option<Settlement> {
        let (reply, settlement) = oneshot::channel();
        let outbox = outbox.map(str::to_owned);
        self.0.send((outbox, event, reply)).ok()?;
        settlement.await.ok()
    }
}

impl Actor for Inlet {
    async fn start(&mut self, ctx: &Context) -> Result {
        // Whoever is made again after a panic has nothing more to do.
        let Some(mut commands) = self.commands.lock().take() else {
            return Ok(());
        };
        ctx.produce(|source| async move {
            let mut stopping = std::pin::pin!(source.stopping());
            loop {
                let (outbox, event, reply) = tokio::select! {
                    command = commands.recv() => match command {
                        Some(command) => command,
                        None => return Ok(()),
                    },
                    () = &mut stopping => return Ok(()),
                };
                let settlement = match outbox {
                    Some(outbox) => source.emit_to(&outbox, event).await?,
                    None => source.emit(event).await?,
                };
                // The test may have given up.
                let _ = reply.send(settlement);
            }
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        self.ports.clone()
    }
}
