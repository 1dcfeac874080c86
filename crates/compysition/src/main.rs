//! The `compysition` program: runs and checks flow files.

use std::process::ExitCode;

fn main() -> ExitCode {
    compysition::cli::main(compysition::registry())
}
