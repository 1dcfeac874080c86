//! Lines in memory pass the suite of all transports.

use std::sync::Arc;

use compysition_nodes::conformance::{self, Bench};
use compysition_nodes::memory::Memory;
use compysition_nodes::{Doing, Transport};

struct InMemory(Memory);

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
}

#[tokio::test]
async fn lines_in_memory_conform() {
    conformance::all(&InMemory(Memory::default())).await;
}

#[tokio::test]
async fn lines_in_memory_that_lose_frames_conform() {
    let memory = Memory::default();
    memory.lose_one_of(50);
    conformance::all(&InMemory(memory)).await;
}
