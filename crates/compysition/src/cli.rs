//! The commands of the `compysition` program, for programs with actors of their own.

use std::process::ExitCode;

pub use compysition_cli::Program;
use compysition_expression::Functions;

use crate::Registry;

/// Runs the program with these actors, on the command line that it was called with.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// fn main() -> ExitCode {
///     let registry = compysition::registry();
///     // registry.add::<Upper>("upper");
///     compysition::cli::main(registry)
/// }
/// ```
pub fn main(registry: Registry) -> ExitCode {
    Program::new(registry).with_functions(functions()).main()
}

/// Returns the functions that expressions of flow files can call, with those of the features that are
/// switched on.
pub fn functions() -> Functions {
    let functions = Functions::default();
    #[cfg(feature = "xml")]
    let functions = compysition_xml::add_functions(functions);
    functions
}
