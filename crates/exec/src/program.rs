//! The program that is run, and where.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use compysition_core::{Context, Error, Event, FilePath, Result, Surroundings};
use compysition_expression::Template;
use tokio::process::Command;

use crate::child::Child;

/// A program that was found, and its arguments.
#[derive(Debug)]
pub(crate) struct Program {
    /// As the settings name it.
    pub(crate) name: String,
    path: PathBuf,
    arguments: Vec<Template>,
    place: Place,
    stderr_lines: usize,
}

/// Where a program runs.
#[derive(Debug)]
pub(crate) struct Place {
    directory: PathBuf,
    environment: BTreeMap<String, String>,
    is_cleared: bool,
}

impl Place {
    /// # Errors
    /// Why a program cannot run there.
    pub(crate) fn new(
        directory: Option<FilePath>,
        environment: BTreeMap<String, String>,
        is_cleared: bool,
    ) -> Result<Place, String> {
        let directory = match directory {
            Some(path) => path.as_path().to_owned(),
            None => Surroundings::current().base,
        };
        let here = std::env::current_dir().map_err(|error| error.to_string())?;
        let directory = here.join(directory);
        if !directory.is_dir() {
            return Err(format!("there is no directory `{}`", directory.display()));
        }
        let is_wrong = |name: &&String| name.is_empty() || name.contains(['=', '\0']);
        if let Some(name) = environment.keys().find(is_wrong) {
            return Err(format!("`{name}` is no name of a variable"));
        }
        if let Some((name, _)) = environment.iter().find(|(_, value)| value.contains('\0')) {
            return Err(format!("the variable `{name}` has a zero byte in it"));
        }
        Ok(Place {
            directory,
            environment,
            is_cleared,
        })
    }

    /// Returns where programs are looked for.
    fn search_path(&self) -> OsString {
        match self.environment.get("PATH") {
            Some(path) => path.into(),
            None => std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into()),
        }
    }
}

impl Program {
    /// Looks for a program.
    ///
    /// # Errors
    /// That it is not there, or cannot be run.
    pub(crate) fn find(
        name: &str,
        arguments: Vec<Template>,
        place: Place,
        stderr_lines: usize,
    ) -> Result<Program, String> {
        let path = match name.contains('/') {
            true => Some(place.directory.join(name)).filter(|path| path.exists()),
            false => std::env::split_paths(&place.search_path())
                .map(|directory| place.directory.join(directory).join(name))
                .find(|path| is_executable(path)),
        };
        let Some(path) = path.filter(|_| !name.is_empty()) else {
            return Err(match name.contains('/') {
                true => format!(
                    "there is no program `{}`",
                    place.directory.join(name).display()
                ),
                false => format!(
                    "there is no program `{name}` in the directories of `PATH`; install it, or give its path"
                ),
            });
        };
        if !is_executable(&path) {
            let path = path.display();
            return Err(format!("`{path}` is no program, or may not be executed"));
        }
        Ok(Program {
            name: name.to_owned(),
            path,
            arguments,
            place,
            stderr_lines,
        })
    }

    /// Starts a process, whose arguments are made for an event if there is one.
    ///
    /// # Errors
    /// Those of the templates; unavailable, if the process cannot be started.
    pub(crate) fn start(&self, event: Option<&Event>, ctx: &Context) -> Result<Child> {
        let mut command = Command::new(&self.path);
        for argument in &self.arguments {
            command.arg(match event {
                Some(event) => argument.render((event, ctx))?,
                None => argument.source().to_owned(),
            });
        }
        if self.place.is_cleared {
            command.env_clear();
        }
        command
            .envs(&self.place.environment)
            .current_dir(&self.place.directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            // A group of its own: signals reach all that it starts, and Ctrl-C at the terminal does not reach it.
            .process_group(0);
        let started = command.spawn();
        let process = started.map_err(|error| {
            Error::unavailable(format!("cannot start `{}`: {error}", self.name))
        })?;
        Child::new(process, self.stderr_lines, ctx)
    }
}

fn is_executable(path: &Path) -> bool {
    let metadata = path.metadata();
    metadata.is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}
