//! Tests over real connections, on ports that the system chooses.
#![allow(clippy::unwrap_used)]

mod answers;
mod bounds;
mod circle;
mod crowd;
mod curl;
mod endings;
mod hostile;
mod large;
mod leaving;
mod mounted;
mod protocols;
mod settings;
mod support;
