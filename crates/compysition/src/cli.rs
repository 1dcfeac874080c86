//! The commands of the `compysition` program, for programs with actors of their own.

use std::process::ExitCode;

use compysition_cli::Program;
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
    let program = Program::new(registry).with_functions(functions());
    #[cfg(feature = "zeromq")]
    let program = program.with_keys(|directory, name| {
        let keys = compysition_zeromq::socket::KeyPair::generate();
        Ok(keys.write(directory, name)?.to_vec())
    });
    program.main()
}

/// Returns the functions that expressions of flow files can call, with those of the features that are
/// switched on.
pub fn functions() -> Functions {
    let functions = Functions::default();
    #[cfg(feature = "xml")]
    let functions = compysition_xml::add_functions(functions);
    functions
}
