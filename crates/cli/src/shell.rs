//! The commands `completions` and `man`: the command line, for shells and for `man`.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::args::Args;
use crate::{Program, output};

/// Prints the script of a shell. Those of bash and zsh know the kinds of actors, one's own among them.
pub(crate) fn completions(program: &Program, shell: Shell) -> ExitCode {
    let registry = &program.registry;
    let kinds = registry.kinds().map(compysition_core::Kind::name);
    let kinds: Vec<&'static str> = kinds
        .chain(registry.aliases().map(|(alias, _)| alias))
        .collect();
    let with_kinds = |actors: Command| {
        actors.mut_arg("words", |words| {
            words.value_parser(PossibleValuesParser::new(kinds))
        })
    };
    let mut command = named(Args::command()).mut_subcommand("actors", with_kinds);
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    output::say(String::from_utf8_lossy(&script));
    ExitCode::SUCCESS
}

/// Prints the page of the program and, below it, those of its commands.
pub(crate) fn man() -> ExitCode {
    let mut command = named(Args::command());
    command.build();
    let mut page = Vec::new();
    let rendered = render(&command, &mut page);
    if let Err(error) = rendered {
        output::complain(format_args!("error: cannot write the page: {error}\n"));
        return ExitCode::FAILURE;
    }
    output::say(String::from_utf8_lossy(&page));
    ExitCode::SUCCESS
}

fn render(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let whole = clap_mangen::Man::new(command.clone());
    whole.render_title(page)?;
    whole.render_name_section(page)?;
    whole.render_synopsis_section(page)?;
    whole.render_description_section(page)?;
    whole.render_options_section(page)?;
    for own in command.get_subcommands().filter(|own| !own.is_hide_set()) {
        page.extend_from_slice(format!(".SH \"COMMAND {}\"\n", own.get_name()).as_bytes());
        let own = clap_mangen::Man::new(own.clone());
        for part in [
            clap_mangen::Man::render_synopsis_section,
            clap_mangen::Man::render_description_section,
            clap_mangen::Man::render_options_section,
        ] {
            let mut section = Vec::new();
            part(&own, &mut section)?;
            let text = String::from_utf8_lossy(&section).replace(".SH ", ".SS ");
            page.extend_from_slice(text.as_bytes());
        }
    }
    Ok(())
}

/// Gives the command the name that this program was started by: one's own program has another one.
fn named(command: Command) -> Command {
    let program = std::env::args_os().next().map(std::path::PathBuf::from);
    let name = program
        .as_deref()
        .and_then(|path| path.file_stem()?.to_str());
    match name {
        Some(name) => command.name(name.to_owned()),
        None => command,
    }
}
