//! The `compysition` program: runs and checks flow files.

use std::process::ExitCode;

/// Events are made by one thread and freed by another, which glibc's allocator makes wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    compysition::cli::main(compysition::registry())
}
