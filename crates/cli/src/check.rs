//! The command `check`.

use std::process::ExitCode;

use crate::args::Files;
use crate::{Program, files, output};

/// Says of each flow that it is fine, or all that is wrong with any of them.
pub(crate) fn check(program: &Program, files: &Files) -> ExitCode {
    let Some(flows) = files::load(program, files) else {
        return ExitCode::FAILURE;
    };
    for flow in flows {
        output::say(format_args!("flow `{}` is ok\n", flow.name()));
    }
    ExitCode::SUCCESS
}
