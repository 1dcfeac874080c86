//! Reading the flow files that a command names.

use compysition_flow::{Loaded, Loader};

use crate::args::Files;
use crate::{Program, output};

/// Loads the flows of all files, or writes to standard error all that is wrong with them.
pub(crate) fn load(program: &Program, files: &Files) -> Option<Vec<Loaded>> {
    let loader = Loader::new(program.registry.clone()).functions(program.functions.clone());
    let set = |loader: Loader, (name, value): &(String, String)| loader.set(name, value);
    let loader = files.set.iter().fold(loader, set);
    match loader.load_all(&files.files) {
        Ok(flows) => Some(flows),
        Err(diagnostics) => {
            output::complain(format_args!("{diagnostics}\n"));
            None
        }
    }
}
