//! The command `actors`.

use std::process::ExitCode;

use crate::args::{ActorsOptions, Page};
use crate::manual::{self, Manual, by_purpose, hang, of_engine};
use crate::output;
use crate::program::Program;

/// Lists the actors, or those that say something about a word, or shows the manual of one.
pub(crate) fn actors(program: &Program, options: &ActorsOptions) -> ExitCode {
    let manuals = match of_purpose(program.manuals(), options.purpose.as_deref()) {
        Ok(manuals) => manuals,
        Err(hint) => return refused("unknown purpose", &options.purpose, &hint),
    };
    let words = options.words.join(" ");
    let named = |manual: &&Manual| manual.name == words || manual.aliases.contains(&&*words);
    if let Some(manual) = manuals.iter().find(named) {
        output::say(match options.format {
            Page::Text => manual::text(manual, &program.registry, output::width()),
            Page::Markdown => manual::section(manual),
        });
        return ExitCode::SUCCESS;
    }
    let mut found = manuals;
    found.retain(|manual| manual.is_about(&options.words));
    if found.is_empty() && of_engine(&words).next().is_none() {
        let hint = match closest(program, &words) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "the command `actors` lists all kinds".to_owned(),
        };
        return refused("unknown kind of actor", &Some(words), &hint);
    }
    output::say(match options.format {
        Page::Text => list(&found, &words),
        Page::Markdown => manual::catalogue(&found),
    });
    ExitCode::SUCCESS
}

/// Keeps the actors of a purpose, which may be given in part.
fn of_purpose(manuals: Vec<Manual>, purpose: Option<&str>) -> Result<Vec<Manual>, String> {
    let Some(purpose) = purpose else {
        return Ok(manuals);
    };
    let asked = purpose.to_lowercase();
    let groups = by_purpose(&manuals);
    let names: Vec<&str> = groups.iter().map(|(name, _)| *name).collect();
    let exact = names.iter().find(|name| **name == asked);
    let near = names.iter().find(|name| name.contains(&asked));
    let Some(meant) = exact.or(near) else {
        return Err(format!("there are {}", names.join(", ")));
    };
    let own = groups.iter().filter(|(name, _)| name == meant);
    Ok(own
        .flat_map(|(_, own)| own)
        .map(|manual| (*manual).clone())
        .collect())
}

/// Says that there is nothing of a name.
fn refused(what: &str, name: &Option<String>, hint: &str) -> ExitCode {
    let name = name.as_deref().unwrap_or_default();
    output::complain(format_args!("error: {what} `{name}`\n  = help: {hint}\n"));
    ExitCode::FAILURE
}

/// Returns the name that was meant, if one is near enough.
fn closest(program: &Program, name: &str) -> Option<&'static str> {
    let kinds = program.registry.kinds().map(compysition_core::Kind::name);
    let known = kinds.chain(program.registry.aliases().map(|(alias, _)| alias));
    let near = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    let (distance, known) = near.min()?;
    (distance <= 1 + name.chars().count() / 4).then_some(known)
}

/// Writes a line for each actor, by purpose. Whoever sends the list to another program gets one line each.
fn list(manuals: &[Manual], words: &str) -> String {
    let width = output::is_read_by_people().then(output::width);
    let column = manuals.iter().map(|manual| manual.name.len()).max();
    let column = column.unwrap_or(0) + 2;
    let mut list = String::new();
    for (purpose, manuals) in by_purpose(manuals) {
        if !list.is_empty() {
            list.push('\n');
        }
        list += &format!("{purpose}\n");
        for manual in manuals {
            let aliases = match manual.aliases.is_empty() {
                true => String::new(),
                false => format!(" Also: {}.", manual.aliases.join(", ")),
            };
            let text = format!("{}{aliases}", manual.summary);
            let first = format!("  {:column$}", manual.name);
            let margin = " ".repeat(column + 2);
            list += &hang(&text, &first, &margin, width.unwrap_or(usize::MAX));
        }
    }
    for (pattern, how) in of_engine(words) {
        list += &format!("\nThe engine does {pattern}: {how}\n");
    }
    list
}
