//! `compysition keys`: makes a pair of keys.

use std::process::ExitCode;

use crate::args::KeysOptions;
use crate::output;
use crate::program::Program;

pub(crate) fn keys(program: &Program, options: &KeysOptions) -> ExitCode {
    let Some(make_keys) = program.make_keys else {
        output::complain(
            "this program has no actors that need keys (it is built without `zeromq`)\n",
        );
        return ExitCode::FAILURE;
    };
    match make_keys(&options.directory, &options.name) {
        Ok(paths) => {
            for path in paths {
                output::say(format_args!("{}\n", path.display()));
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            output::complain(format_args!("{}\n", error.message()));
            ExitCode::FAILURE
        }
    }
}
