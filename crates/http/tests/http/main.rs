//! Tests over real connections, on ports that the system chooses.

mod bounds;
mod circle;
mod crowd;
mod curl;
mod endings;
mod large;
mod leaving;
mod mounted;
mod protocols;
mod support;
