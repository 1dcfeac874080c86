//! Reading the flow files that a command names.

use compysition_flow::{Diagnostics, Loaded, Loader};

use crate::args::Files;
use crate::{Program, output};

/// Loads the flows of all files, or writes to standard error all that is wrong with them.
pub(crate) fn load(program: &Program, files: &Files) -> Option<Vec<Loaded>> {
    load_with(program, files, false)
}

/// Loads the flows of all files to run their nodes, or writes to standard error all that is wrong with them, and what keeps
/// the nodes from being linked.
pub(crate) fn load_linked(program: &Program, files: &Files) -> Option<Vec<Loaded>> {
    load_with(program, files, true)
}

fn load_with(program: &Program, files: &Files, with_links: bool) -> Option<Vec<Loaded>> {
    match try_load(program, files, with_links) {
        Ok(flows) => Some(flows),
        Err(diagnostics) => {
            output::complain(format_args!("{diagnostics}\n"));
            None
        }
    }
}

/// Loads the flows of all files.
pub(crate) fn try_load(
    program: &Program,
    files: &Files,
    with_links: bool,
) -> Result<Vec<Loaded>, Diagnostics> {
    let loader = Loader::new(program.registry.clone()).functions(program.functions.clone());
    let loader = match program.links.clone().filter(|_| with_links) {
        Some(links) => loader.links(links),
        None => loader,
    };
    let set = |loader: Loader, (name, value): &(String, String)| loader.set(name, value);
    let loader = files.set.iter().fold(loader, set);
    loader.load_all(&files.files)
}
