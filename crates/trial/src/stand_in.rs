//! What a program puts in the place of actors that reach outside.

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;

use compysition_core::Registry;
use parking_lot::Mutex;

/// Replaces kinds of actors for one test: it is given the registry of the test, and what the test plays with.
pub type StandIn = Arc<dyn Fn(&mut Registry, &Props) + Send + Sync>;

/// A request to a door, as a test sends it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The path and the query.
    pub path: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What a door answers.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A door that can be asked without a network.
pub trait Door: Send + Sync {
    /// Asks with a request; an error says why it is none.
    fn ask(&self, request: Asked)
    -> Pin<Box<dyn Future<Output = Result<Response, String>> + Send>>;
}

/// What stand-ins leave with a test: the doors that it asks, and what is printed.
#[derive(Clone, Default)]
pub struct Props {
    /// The door of the actor that was made last, whose name comes later.
    nameless: Arc<Mutex<Option<Arc<dyn Door>>>>,
    doors: Arc<Mutex<Vec<Named>>>,
    printed: Printed,
}

/// A door, and the name of its actor.
type Named = (String, Arc<dyn Door>);

/// What is printed in a test.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Props {
    /// Takes the door of the actor that is being made.
    pub fn door(&self, door: impl Door + 'static) {
        *self.nameless.lock() = Some(Arc::new(door));
    }

    /// Returns where to print instead of to the standard output.
    pub fn output(&self) -> impl Write + Send + 'static {
        self.printed.clone()
    }

    /// Gives the door that was made last the name of its actor.
    pub(crate) fn name(&self, actor: &str) {
        if let Some(door) = self.nameless.lock().take() {
            self.doors.lock().push((actor.to_owned(), door));
        }
    }

    pub(crate) fn doors(&self) -> Vec<Named> {
        self.doors.lock().clone()
    }

    pub(crate) fn printed(&self) -> Vec<u8> {
        self.printed.0.lock().clone()
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
