//! What keeps flows from running: written for people, or as records of the log where that is read by machines.

use std::fmt::Display;

use compysition_flow::Diagnostics;
use tracing::field::display;

use crate::args::Form;
use crate::output;

/// Says a reason that stands in no file.
pub(crate) fn say(form: Form, reason: impl Display) {
    match form {
        Form::Human => output::complain(format_args!("error: {reason}\n")),
        Form::Json => tracing::error!("{reason}"),
    }
}

/// Shows what was found in files.
pub(crate) fn show(form: Form, found: &Diagnostics) {
    if form == Form::Human {
        return output::complain(format_args!("{found}\n"));
    }
    for one in found.iter() {
        let path = one.path().map(|path| display(path.display()));
        let (line, column, help) = (one.line(), one.column(), one.help());
        tracing::error!(path, line, column, help, "{}", one.message());
    }
}
