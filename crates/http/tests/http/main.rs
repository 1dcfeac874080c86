//! Tests over real connections, on ports that the system chooses.
#![allow(clippy::unwrap_used)]

mod access_log;
mod answers;
mod bounds;
mod circle;
mod compression;
mod cors;
mod crowd;
mod curl;
mod endings;
mod file_streams;
mod files;
mod hostile;
mod large;
mod leaving;
mod misused;
mod mounted;
mod protocols;
mod settings;
mod support;
