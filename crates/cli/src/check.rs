//! The command `check`.

use std::process::ExitCode;

use compysition_flow::Severity;

use crate::args::Files;
use crate::{Program, files, output};

/// Says of each flow that it is fine and what else is known of it, or all that is wrong with any of them.
pub(crate) fn check(program: &Program, files: &Files, strict: bool) -> ExitCode {
    let Some(flows) = files::load(program, files) else {
        return ExitCode::FAILURE;
    };
    let mut warned = false;
    for flow in flows {
        let findings = flow.findings();
        if !findings.is_empty() {
            output::complain(format_args!("{findings}\n\n"));
        }
        warned |= findings.gravest() >= Some(Severity::Warning);
        output::say(format_args!("flow `{}` is ok\n", flow.name()));
    }
    match strict && warned {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
