//! What is measured: the shape of a flow and the work of its steps.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use compysition_core::Event;

/// How many sinks a fan-out has, and sources a fan-in.
pub(crate) const FAN: usize = 10;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// One source, some steps, one sink.
    Chain(usize),
    /// One source, a copy to each of [`FAN`] sinks.
    FanOut,
    /// [`FAN`] sources, one sink.
    FanIn,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    Forward,
    Mutate,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Case {
    pub(crate) shape: Shape,
    pub(crate) work: Work,
    pub(crate) events: u64,
    pub(crate) cores: usize,
}

impl Case {
    pub(crate) fn steps(&self) -> usize {
        match self.shape {
            Shape::Chain(steps) => steps,
            Shape::FanOut | Shape::FanIn => 0,
        }
    }

    pub(crate) fn sources(&self) -> usize {
        if self.shape == Shape::FanIn { FAN } else { 1 }
    }

    pub(crate) fn sinks(&self) -> usize {
        if self.shape == Shape::FanOut { FAN } else { 1 }
    }

    /// Returns how many events each source makes.
    pub(crate) fn events_per_source(&self) -> u64 {
        self.events / self.sources() as u64
    }

    /// Returns how many events reach the sinks.
    pub(crate) fn arrivals(&self) -> u64 {
        self.events_per_source() * (self.sources() * self.sinks()) as u64
    }
}

impl Work {
    /// Does the work of one step.
    pub(crate) fn apply(self, event: &mut Event) {
        // Made once: an actor that sets an attribute per event keeps its name.
        static NAME: LazyLock<Arc<str>> = LazyLock::new(|| "step".into());
        if self == Work::Mutate {
            event.set_attribute(NAME.clone(), 1);
        }
    }
}

/// The end of all events: the sinks of all contenders count here.
#[derive(Clone)]
pub(crate) struct End {
    missing: Arc<AtomicU64>,
    done: SyncSender<()>,
}

impl End {
    pub(crate) fn of(case: &Case) -> (End, Receiver<()>) {
        let (done, all) = sync_channel(1);
        let missing = Arc::new(AtomicU64::new(case.arrivals()));
        (End { missing, done }, all)
    }

    /// Takes an event from a sink.
    pub(crate) fn arrived(&self, event: Event) {
        drop(event);
        if self.missing.fetch_sub(1, Relaxed) == 1 {
            let _ = self.done.send(());
        }
    }
}
