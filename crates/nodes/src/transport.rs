//! What carries frames between processes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use compysition_core::{Context, Error};

/// A future of a [`Transport`]'s.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = Result<T, LinkError>> + Send + 'a>>;

/// Carries frames between the processes of a flow.
///
/// It need carry them only as far as it can: the session above numbers the frames, sends again what did not arrive, and
/// passes over what arrives twice. What it does promise stands in [`Promises`], and the conformance suite
/// ([`conformance`](crate::conformance)) holds it to that. Tasks of its own belong to the context that it is given.
pub trait Transport: Send + Sync + 'static {
    /// Says what holds for the lines of this transport.
    fn promises(&self) -> Promises;

    /// Listens at an address; lines come from there until the listener is dropped.
    ///
    /// # Errors
    /// Fatal, if that will never be possible there.
    fn listen<'a>(&'a self, address: &'a str, ctx: &'a Context) -> Doing<'a, Box<dyn Listener>>;

    /// Opens a line to a process that listens at an address. It may return before that does.
    ///
    /// # Errors
    /// Passing, if it may work later.
    fn dial<'a>(&'a self, process: &'a str, address: &'a str, ctx: &'a Context) -> Doing<'a, Line>;
}

/// Where lines of other processes arrive.
pub trait Listener: Send {
    /// Waits for the next line. Cancel safe.
    fn accept(&mut self) -> Doing<'_, Line>;

    /// Returns the address that others dial, which has a port also where none was asked for.
    fn address(&self) -> String;
}

/// A way to one other process and back. Dropping both halves closes it.
pub struct Line {
    /// Whence frames go.
    pub sender: Box<dyn Sender>,
    /// Where they come in.
    pub receiver: Box<dyn Receiver>,
}

/// The half of a line that frames go out by.
pub trait Sender: Send {
    /// Hands a frame over; waits while the other side does not keep up.
    fn send(&mut self, frame: Bytes) -> Doing<'_, ()>;
}

/// The half of a line that frames come in by.
pub trait Receiver: Send {
    /// Waits for the next frame. Cancel safe.
    ///
    /// # Errors
    /// Passing, if the line is broken or the other side has closed it.
    fn receive(&mut self) -> Doing<'_, Bytes>;
}

/// What a transport promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises {
    /// Frames of one line arrive in the order in which they were sent.
    pub is_ordered: bool,
    /// A line that breaks says so on both sides; else only silence tells.
    pub tells_of_breaks: bool,
    /// The largest frame, in bytes.
    pub largest_frame: usize,
}

/// Says what the runtime should do about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// To open another, after a while.
    Passing(String),
    /// To open another, after a while, and to say so: the other side does not want this one, as it is now.
    Refused(String),
    /// To give up, and to stop the flow of this process: its own settings are wrong.
    Fatal(String),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::Passing(reason) | LinkError::Refused(reason) | LinkError::Fatal(reason) => {
                f.write_str(reason)
            }
        }
    }
}

impl std::error::Error for LinkError {}

/// The detail of an error that is so again whenever the process is started anew.
pub(crate) const LASTING: &str = "lasting";

/// Returns whether what ended a flow is so again whenever its process is started anew, such as an address where nobody can be.
pub fn is_lasting(error: &Error) -> bool {
    error.details().contains_key(LASTING)
}
