//! Lines in memory pass the suite of all transports.

use std::sync::Arc;

use compysition_nodes::conformance::{self, Bench};
use compysition_nodes::memory::Memory;
use compysition_nodes::{Doing, Transport};

/// Lines in memory; one of so many frames is lost on them, or none.
struct InMemory(Memory, u64);

impl InMemory {
    fn losing_one_of(frames: u64) -> InMemory {
        let memory = Memory::default();
        memory.lose_one_of(frames);
        InMemory(memory, frames)
    }
}

impl Bench for InMemory {
    fn transport(&self, _: &str) -> Arc<dyn Transport> {
        Arc::new(self.0.clone())
    }

    fn address(&self) -> String {
        "work".to_owned()
    }

    fn reach<'a>(&'a self, listening: String) -> Doing<'a, String> {
        Box::pin(async move { Ok(listening) })
    }

    fn cut(&self) -> bool {
        self.0.cut();
        true
    }

    fn loses(&self) -> bool {
        self.1 > 0
    }
}

#[tokio::test]
async fn lines_in_memory_conform() {
    conformance::all(&InMemory::losing_one_of(0)).await;
}

#[tokio::test]
async fn lines_in_memory_that_lose_frames_conform() {
    conformance::all(&InMemory::losing_one_of(50)).await;
}
