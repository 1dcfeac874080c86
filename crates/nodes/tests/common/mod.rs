//! A flow in several processes, all of them in this one, over lines in memory.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "a test may panic, and uses some of these"
)]

use std::sync::{Arc, Mutex};

use compysition_core::{
    Actor, Context, Director, Error, ErrorKind, Event, Flow, Held, Outcome, Ports, Result, Tick,
    Unanswered,
};
use compysition_nodes::memory::Memory;
use compysition_nodes::{Here, Nodes, Process};
use tokio::sync::{mpsc, oneshot};

/// A client's question, how it hears of the answer, and how it says that it has gone.
pub(crate) struct Question(
    Event,
    oneshot::Sender<Result<Event, Unanswered>>,
    oneshot::Receiver<()>,
);

/// A door that takes questions from the test.
pub(crate) struct Door(Option<mpsc::UnboundedReceiver<Question>>);

/// The side of the clients.
#[derive(Clone)]
pub(crate) struct Clients(mpsc::UnboundedSender<Question>);

pub(crate) fn door() -> (Door, Clients) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Door(Some(receiver)), Clients(sender))
}

impl Clients {
    pub(crate) async fn ask(&self, text: impl Into<String>) -> Result<Event, Unanswered> {
        let (told, _stays) = self.put(text);
        told.await.unwrap()
    }

    /// Asks; who sends by the second value has gone.
    pub(crate) fn put(
        &self,
        text: impl Into<String>,
    ) -> (
        oneshot::Receiver<Result<Event, Unanswered>>,
        oneshot::Sender<()>,
    ) {
        self.put_event(Event::new(text.into()))
    }

    pub(crate) fn put_event(
        &self,
        event: Event,
    ) -> (
        oneshot::Receiver<Result<Event, Unanswered>>,
        oneshot::Sender<()>,
    ) {
        let (tell, told) = oneshot::channel();
        let (leave, leaves) = oneshot::channel();
        let question = Question(event, tell, leaves);
        self.0
            .send(question)
            .unwrap_or_else(|_| panic!("the door is shut"));
        (told, leave)
    }

    pub(crate) async fn text(&self, text: impl Into<String>) -> String {
        match self.ask(text).await {
            Ok(event) => event.text().unwrap().to_owned(),
            Err(unanswered) => format!("unanswered: {unanswered}"),
        }
    }
}

impl Actor for Door {
    async fn start(&mut self, ctx: &Context) -> Result {
        let Some(mut questions) = self.0.take() else {
            return Ok(());
        };
        ctx.produce(move |source| async move {
            // It goes on to the end, as doors do that refuse what comes while the flow stops.
            loop {
                let Some(Question(event, tell, leaves)) = questions.recv().await else {
                    return std::future::pending().await;
                };
                let admission = source.admit(event.payload().size()).await?;
                let request = admission.ask(None, event);
                source.context().spawner().spawn(async move {
                    tokio::pin!(request);
                    let answer = tokio::select! {
                        answer = &mut request => answer,
                        Ok(()) = leaves => {
                            request.cancel();
                            request.await
                        }
                    };
                    let _ = tell.send(answer);
                });
            }
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door()
    }
}

/// Passes each event on, with its name at the end of the text; refuses "bad NAME", and `b` sets an attribute of "mark".
pub(crate) struct Step(pub(crate) &'static str);

impl Actor for Step {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        if event.text()?.contains(&format!("bad {}", self.0)) {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("{} will not", self.0),
            ));
        }
        let text = format!("{} {}", event.text()?, self.0);
        let is_marked = text.starts_with("mark ") && self.0 == "b";
        let event = event.with(text);
        ctx.send(match is_marked {
            true => event.with_attribute("marked", true),
            false => event,
        })
    }
}

/// Emits numbered events, and keeps how each of them settled.
pub(crate) struct Count(pub(crate) u64, pub(crate) Arc<Mutex<Vec<Outcome>>>);

impl Actor for Count {
    async fn start(&mut self, ctx: &Context) -> Result {
        let (count, outcomes) = (self.0, self.1.clone());
        ctx.produce(move |source| async move {
            let mut settlements = Vec::new();
            for number in 0..count {
                settlements.push(source.emit(number.to_string()).await?);
            }
            for settlement in settlements {
                let outcome = settlement.await;
                outcomes.lock().unwrap().push(outcome);
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

/// Keeps the text of each event.
#[derive(Clone, Default)]
pub(crate) struct Collect(pub(crate) Arc<Mutex<Vec<String>>>);

impl Actor for Collect {
    async fn consume(&mut self, event: Event, _: &Context) -> Result {
        self.0.lock().unwrap().push(event.text()?.to_owned());
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

impl Collect {
    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Makes one event of so many.
pub(crate) struct Batch(usize, Vec<Held>);

impl Batch {
    pub(crate) fn of(count: usize) -> Batch {
        Batch(count, Vec::new())
    }

    fn flush(&mut self, ctx: &Context) -> Result {
        let count = self.1.len();
        ctx.send(ctx.merge(self.1.drain(..), count.to_string()))
    }
}

impl Actor for Batch {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        self.1.push(ctx.hold(event)?);
        match self.1.len() == self.0 {
            true => self.flush(ctx),
            false => Ok(()),
        }
    }

    async fn tick(&mut self, why: Tick, ctx: &Context) -> Result {
        match why {
            Tick::Stopping if !self.1.is_empty() => self.flush(ctx),
            _ => Ok(()),
        }
    }

    fn ports(&self) -> Ports {
        Ports::any().may_drop().single()
    }
}

/// Starts the part of each node of a flow, which `make` makes anew for each, as each process reads the same file.
pub(crate) async fn start(
    nodes: &[&'static str],
    memory: &Memory,
    make: impl Fn() -> Director,
) -> Vec<Flow> {
    let mut flows = Vec::new();
    for node in nodes {
        flows.push(start_one(nodes, node, memory, make()).await);
    }
    flows
}

pub(crate) async fn start_one(
    nodes: &[&'static str],
    node: &'static str,
    memory: &Memory,
    whole: Director,
) -> Flow {
    whole.check().unwrap();
    let list = Nodes::of(
        nodes
            .iter()
            .map(|name| Process::new(*name).at(format!("{name}:1"))),
    );
    let here = Here {
        process: node,
        replica: 1,
    };
    let part = list.part(whole, here, Arc::new(memory.clone()));
    part.director.start().await.unwrap()
}

/// Stops all parts as one signal does.
pub(crate) async fn stop(flows: Vec<Flow>) {
    let began = tokio::time::Instant::now();
    let stops = flows.into_iter().map(|flow| {
        tokio::spawn(async move {
            let stopped = flow.stop().await;
            assert!(stopped.is_clean(), "{}: {stopped:?}", flow.name());
        })
    });
    for stop in stops.collect::<Vec<_>>() {
        stop.await.unwrap();
    }
    assert!(
        began.elapsed().as_secs() < 20,
        "a part waited for its deadline"
    );
}
