//! The disruptor: a ring buffer that a thread for each step follows; events stay where they are.

use std::cell::UnsafeCell;
use std::hint::black_box;
use std::thread::yield_now;

use compysition_core::Event;
use disruptor::wait_strategies::WaitStrategy;
use disruptor::{Producer, Sequence, build_multi_producer, build_single_producer};

use super::Entrance;
use crate::case::{Case, End, Shape, Work};

/// More than twice the permits, so that a producer never finds the ring full, and never spins.
const RING: usize = 4096;

/// Gives the core to others; spinning, which the crate offers, would starve a machine with fewer cores
/// than steps.
#[derive(Clone, Copy)]
struct Yield;

impl WaitStrategy for Yield {
    fn wait_for(&self, _: Sequence) {
        yield_now();
    }
}

#[derive(Default)]
struct Slot(UnsafeCell<Option<Event>>);

// SAFETY: a slot is changed by one thread at a time: its producer before it is published, then each step
// of a chain after the one before it, and the last one empties it. The sinks of a fan-out only read it.
#[allow(unsafe_code)]
unsafe impl Sync for Slot {}

impl Slot {
    /// Gives the event to change. Only for who comes alone by the order of the ring.
    #[allow(unsafe_code, clippy::mut_from_ref)]
    fn alone(&self) -> &mut Option<Event> {
        // SAFETY: see above.
        unsafe { &mut *self.0.get() }
    }

    /// Gives the event to read.
    #[allow(unsafe_code)]
    fn shared(&self) -> &Option<Event> {
        // SAFETY: see above.
        unsafe { &*self.0.get() }
    }
}

pub(super) fn build(case: &Case, end: &End) -> Vec<Entrance> {
    match case.shape {
        Shape::Chain(_) => vec![chain(case, end.clone())],
        Shape::FanOut => vec![fan_out(case, end)],
        Shape::FanIn => fan_in(case, end.clone()),
    }
}

fn chain(case: &Case, end: End) -> Entrance {
    let work = case.work;
    let step = move |slot: &Slot, _: Sequence, _: bool| {
        if let (Work::Mutate, Some(event)) = (work, slot.alone()) {
            work.apply(event);
        } else {
            black_box(slot.shared());
        }
    };
    let mut ring = build_single_producer(RING, Slot::default, Yield)
        .handle_events_with(step)
        .and_then();
    for _ in 1..case.steps() {
        ring = ring.handle_events_with(step).and_then();
    }
    entrance(ring.handle_events_with(sink(end)).build())
}

fn fan_out(case: &Case, end: &End) -> Entrance {
    let mut ring = build_single_producer(RING, Slot::default, Yield).with_multi_consumer();
    for _ in 0..case.sinks() {
        let end = end.clone();
        ring = ring.handle_events_with(move |slot: &Slot, _, _| {
            if let Some(event) = slot.shared() {
                end.arrived(event.clone());
            }
        });
    }
    let empty = |slot: &Slot, _: Sequence, _: bool| drop(slot.alone().take());
    entrance(ring.and_then().handle_events_with(empty).build())
}

fn fan_in(case: &Case, end: End) -> Vec<Entrance> {
    let producer = build_multi_producer(RING, Slot::default, Yield)
        .handle_events_with(sink(end))
        .build();
    (0..case.sources())
        .map(|_| entrance(producer.clone()))
        .collect()
}

fn sink(end: End) -> impl FnMut(&Slot, Sequence, bool) + Send + 'static {
    move |slot, _, _| {
        if let Some(event) = slot.alone().take() {
            end.arrived(event);
        }
    }
}

fn entrance(mut producer: impl Producer<Slot> + Send + 'static) -> Entrance {
    Box::new(move |event| producer.publish(|slot| *slot.0.get_mut() = Some(event)))
}
