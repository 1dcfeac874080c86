//! The commands of the `compysition` program, for programs with actors of their own.

#[cfg(feature = "zeromq")]
use std::collections::BTreeMap;
#[cfg(feature = "zeromq")]
use std::path::{Path, PathBuf};
use std::process::ExitCode;
#[cfg(feature = "zeromq")]
use std::sync::Arc;

pub use compysition_cli::Program;
use compysition_expression::Functions;
#[cfg(feature = "zeromq")]
use compysition_flow::{PlacedNode, Placement};
#[cfg(feature = "zeromq")]
use compysition_nodes::Transport;
#[cfg(feature = "zeromq")]
use compysition_zeromq::{Keys, ZeroMq};

use crate::Registry;

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
    let program = program.with_links(links).with_keys(|directory, name| {
        let keys = compysition_zeromq::socket::KeyPair::generate();
        Ok(keys.write(directory, name)?.to_vec())
    });
    program
}

/// Makes what carries the links of one node of a flow to the others: ZeroMQ, with the keys that the file names.
#[cfg(feature = "zeromq")]
fn links(placement: &Placement, node: &PlacedNode) -> Result<Arc<dyn Transport>, String> {
    let mut links = ZeroMq::default();
    if node.is_insecure {
        links = links.insecure();
    }
    let Some(keys) = &node.keys else {
        return Ok(Arc::new(links));
    };
    let others = placement
        .nodes()
        .iter()
        .filter(|other| other.name != node.name);
    let mut known = BTreeMap::new();
    for other in others {
        let Some(keys) = &other.keys else {
            return Err(format!(
                "node `{}` has `keys` and node `{}` has none; give them to all or to none",
                node.name, other.name
            ));
        };
        let public = key_file(keys, "key").display().to_string();
        known.insert(other.name.to_string(), public);
    }
    Ok(Arc::new(links.with_keys(Keys {
        own: key_file(keys, "key_secret"),
        others: known,
    })))
}

#[cfg(feature = "zeromq")]
fn key_file(keys: &Path, ending: &str) -> PathBuf {
    let mut name = keys.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Returns the functions that expressions of flow files can call, with those of the features that are
/// switched on.
pub fn functions() -> Functions {
    let functions = Functions::default();
    #[cfg(feature = "xml")]
    let functions = compysition_xml::add_functions(functions);
    functions
}
