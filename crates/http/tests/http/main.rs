//! Tests over real connections, on ports that the system chooses.

mod bounds;
mod circle;
mod endings;
mod mounted;
mod protocols;
mod support;
