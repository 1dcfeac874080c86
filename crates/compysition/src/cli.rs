//! The commands of the `compysition` program, for programs with actors of their own.

use std::process::ExitCode;

pub use compysition_cli::Program;
use compysition_expression::Functions;

use crate::Registry;

#[cfg(feature = "zeromq")]
mod links;
#[cfg(feature = "http")]
mod requests;

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
    program(registry).main()
}

/// Returns the program with these actors, the functions of expressions, and what stands in for actors in tests of flows.
pub fn program(registry: Registry) -> Program {
    let program = Program::new(registry).with_functions(functions());
    #[cfg(feature = "http")]
    let program = program
        .with_stand_in(std::sync::Arc::new(requests::without_a_network))
        .with_status(|error| Some(compysition_http::status::status_of(error).as_u16()));
    #[cfg(feature = "zeromq")]
    let program = program.with_links(links()).with_keys(|directory, name| {
        let keys = compysition_zeromq::socket::KeyPair::generate();
        Ok(keys.write(directory, name)?.to_vec())
    });
    program
}

/// Returns what carries the links between the nodes of flows: ZeroMQ, with the keys that the files name.
#[cfg(feature = "zeromq")]
pub fn links() -> std::sync::Arc<dyn compysition_flow::Links> {
    std::sync::Arc::new(links::OverZeroMq)
}

/// Returns the functions that expressions of flow files can call, with those of the features that are
/// switched on.
pub fn functions() -> Functions {
    let functions = Functions::default();
    #[cfg(feature = "xml")]
    let functions = compysition_xml::add_functions(functions);
    functions
}
