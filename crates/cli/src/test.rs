//! The command `test`.

use std::process::ExitCode;

use compysition_actors::Stdout;
use compysition_core::{Built, Registry};
use compysition_trial::{Props, Report, Suite, Trial, Watch, accept, junit};

use crate::args::TestOptions;
use crate::{Program, output};

/// Runs tests, once or whenever something changes.
pub(crate) fn test(program: &Program, options: &TestOptions) -> ExitCode {
    let mut trial = Trial::new(program.registry.clone(), program.functions.clone())
        .stand_in(std::sync::Arc::new(print_to_the_test));
    for stand_in in &program.stand_ins {
        trial = trial.stand_in(stand_in.clone());
    }
    if !options.watch {
        return run(&trial, options);
    }
    let mut watch = Watch::new(&options.paths);
    loop {
        run(&trial, options);
        output::say("waiting for a change\n");
        watch.wait();
    }
}

/// Has actors print where the test looks.
fn print_to_the_test(registry: &mut Registry, props: &Props) {
    let props = props.clone();
    registry.stand_in("stdout", move |settings| {
        let stdout: Stdout = erased_serde::deserialize(settings)?;
        Ok(Built::value(stdout.to(props.output()).at_once()))
    });
}

fn run(trial: &Trial, options: &TestOptions) -> ExitCode {
    let suite = match Suite::find(&options.paths) {
        Ok(suite) => suite,
        Err(mistakes) => {
            output::complain(format_args!("{mistakes}\n"));
            return ExitCode::FAILURE;
        }
    };
    let report = trial.run(&suite, options.filter.as_deref());
    if report.verdicts.is_empty() {
        let told = match &options.filter {
            Some(word) => format!("error: no test, and no file of tests, has `{word}` in its name\n"),
            None => {
                "error: there are no tests: write `tests:` in a flow file, or `NAME.test.yaml` beside it\n"
                    .to_owned()
            }
        };
        output::complain(told);
        return ExitCode::FAILURE;
    }
    output::say(report.text(output::is_read_by_people()));
    if options.coverage {
        output::say(format_args!("\n{}", report.coverage.text()));
    }
    if let Some(path) = &options.junit
        && let Err(error) = std::fs::write(path, junit(&report))
    {
        output::complain(format_args!(
            "error: `{}` cannot be written: {error}\n",
            path.display()
        ));
        return ExitCode::FAILURE;
    }
    match report.failed() {
        0 => ExitCode::SUCCESS,
        _ if options.accept => write_what_came(&suite, &report),
        _ => ExitCode::FAILURE,
    }
}

/// Writes what came into the files; what cannot be written still is a failure.
fn write_what_came(suite: &Suite, report: &Report) -> ExitCode {
    match accept(suite, report) {
        Ok((files, left)) => {
            for file in files {
                output::say(format_args!("wrote what came into `{}`\n", file.display()));
            }
            if left == 0 {
                return ExitCode::SUCCESS;
            }
            output::complain(format_args!(
                "{left} expectations can only be changed by hand\n"
            ));
        }
        Err(error) => output::complain(format_args!(
            "error: what came cannot be written: {error}\n"
        )),
    }
    ExitCode::FAILURE
}
