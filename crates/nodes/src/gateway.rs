//! The actor that speaks with the other processes.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use compysition_core::{Actor, Context, Error, Event, Ports, Result, Spawner};

use crate::conversation;
use crate::exchange::{Exchange, new_epoch};
use crate::link_log::LinkLog;
use crate::transport::{LASTING, LinkError, Listener, Transport};

/// Where a process listens, and whom it calls.
pub(crate) struct Gateway {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) transport: Arc<dyn Transport>,
    /// The address that others call.
    pub(crate) listen: Option<String>,
    /// The processes to call, and the addresses of their replicas.
    pub(crate) calls: Vec<(Arc<str>, String)>,
    pub(crate) outboxes: Vec<usize>,
    /// Told where it listens, which may be a port that was free.
    pub(crate) listening: Option<tokio::sync::oneshot::Sender<String>>,
}

/// How long a process waits before it calls again, at first and at most.
const FIRST_DELAY: Duration = Duration::from_millis(50);
const LONGEST_DELAY: Duration = Duration::from_secs(2);

impl Actor for Gateway {
    async fn start(&mut self, ctx: &Context) -> Result {
        if self.exchange.intake().is_some() {
            return Ok(());
        }
        let listener = match &self.listen {
            Some(address) => Some(listen(&*self.transport, address, ctx).await?),
            None => None,
        };
        self.exchange.open(ctx.intake()?, ctx.spawner());
        let spawner = ctx.spawner();
        let log = Arc::new(LinkLog::new(&self.exchange.flow));
        if let Some(listener) = listener {
            if let Some(tell) = self.listening.take() {
                // Nobody need ask.
                let _ = tell.send(listener.address());
            }
            spawner.spawn(accept(
                self.exchange.clone(),
                listener,
                spawner.clone(),
                log.clone(),
            ));
        }
        for (process, address) in self.calls.drain(..) {
            let (exchange, transport) = (self.exchange.clone(), self.transport.clone());
            let jitter = Duration::from_millis(ctx.random() % 50);
            let (calling, log) = (ctx.clone(), log.clone());
            spawner.spawn(async move {
                let to = (&*process, &*address);
                dial(exchange, &*transport, to, calling, jitter, &log).await;
            });
        }
        let (exchange, ending) = (self.exchange.clone(), ctx.clone());
        spawner.spawn(async move {
            exchange.clone().until_all_are_done(ending).await;
            exchange.say_goodbye().await;
        });
        Ok(())
    }

    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        ctx.send(event)
    }

    fn ports(&self) -> Ports {
        let names: Vec<String> = self.outboxes.iter().map(usize::to_string).collect();
        let processes = self.exchange.processes.len();
        Ports::any().takes_in(processes).single().outboxes(names)
    }
}

async fn listen(
    transport: &dyn Transport,
    address: &str,
    ctx: &Context,
) -> Result<Box<dyn Listener>> {
    let listener = transport.listen(address, ctx).await;
    listener.map_err(|error| {
        Error::unavailable(format!("the process cannot listen at `{address}`: {error}"))
    })
}

async fn accept(
    exchange: Arc<Exchange>,
    mut listener: Box<dyn Listener>,
    spawner: Spawner,
    log: Arc<LinkLog>,
) {
    loop {
        match listener.accept().await {
            Ok(line) => {
                let (exchange, log) = (exchange.clone(), log.clone());
                spawner.spawn(async move {
                    let ended = conversation::answer(&exchange, line).await;
                    log.tell("a line from another process", ended);
                });
            }
            Err(error) => {
                let reason = format!("no more lines are taken: {error}");
                return stop(&exchange, Error::unavailable(reason));
            }
        }
    }
}

/// Calls a process again and again.
async fn dial(
    exchange: Arc<Exchange>,
    transport: &dyn Transport,
    (process, address): (&str, &str),
    ctx: Context,
    jitter: Duration,
    log: &LinkLog,
) {
    let (mut known, mut session) = (None, new_epoch());
    let mut delay = FIRST_DELAY;
    loop {
        let began = tokio::time::Instant::now();
        let ended = match transport.dial(process, address, &ctx).await {
            Ok(line) => {
                conversation::call(&exchange, line, process, &mut known, &mut session).await
            }
            Err(error) => Err(error),
        };
        if exchange.is_closing.load(SeqCst) {
            return;
        }
        let line = format!("the line to process `{process}` at {address}");
        // Once there was a line it can be again; what keeps it now, such as a key that is being replaced, may pass.
        if let (Err(LinkError::Fatal(reason)), None) = (&ended, &known) {
            let reason = format!("{line} cannot be: {reason}");
            return stop(
                &exchange,
                Error::internal(reason).with_detail(LASTING, true),
            );
        }
        log.tell(&line, ended);
        // A line that held for a while was a good one.
        delay = match began.elapsed() > LONGEST_DELAY {
            true => FIRST_DELAY,
            false => (delay * 2).min(LONGEST_DELAY),
        };
        tokio::time::sleep(delay + jitter).await;
    }
}

/// Stops the flow: it would wait for ever for what the others do.
fn stop(exchange: &Exchange, error: Error) {
    tracing::error!(flow = %exchange.flow, "the flow is stopped: {}", error.message());
    if let Some(intake) = exchange.intake() {
        intake.fail(error);
    }
}
