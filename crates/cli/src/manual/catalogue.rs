//! All manuals as one page in Markdown.

use crate::manual::wrap::{hang, wrap};
use crate::manual::{Manual, Setting, by_purpose, patterns, text};

/// How wide a line of the page is.
const WIDTH: usize = 120;

/// Writes the page.
pub(crate) fn catalogue(manuals: &[Manual]) -> String {
    let mut page = INTRODUCTION.to_owned();
    page += "\n## By purpose\n\n| purpose | actors |\n|---|---|\n";
    for (purpose, manuals) in by_purpose(manuals) {
        let links: Vec<_> = manuals.iter().map(|manual| link(manual.name)).collect();
        page += &format!(
            "| [{purpose}](#{}) | {} |\n",
            anchor(purpose),
            links.join(", ")
        );
    }
    page += "\n## By pattern\n\n";
    page += &wrap(PATTERNS, "", WIDTH);
    page += &format!("\n{}", patterns::table(manuals));
    for (purpose, manuals) in by_purpose(manuals) {
        page += &format!("\n## {}\n", heading(purpose));
        for manual in manuals {
            page += &format!("\n{}", section(manual));
        }
    }
    page
}

const INTRODUCTION: &str = "\
<!-- `make catalogue` writes this page, from the doc comments of the actors. -->

# Actors

What each actor does, and what it can be told. The program prints the same: `compysition actors` lists them,
`compysition actors NAME` shows one, `compysition actors WORD` those that say something about it.

An actor of a flow file is one kind with its settings; other names of a kind work as well as its own. Beside the kind may stand
`pool`, `retry`, `timeout`, `breaker`, `into` and `description` ([the guide](README.md#actors) tells what they do). Where nothing is
said about its ports, an actor takes events at any inbox and sends them to every outbox, and what fails to its error outbox
(`x.error`). A *template* is a text in which `{{ … }}` is evaluated for each event, an *expression* stands without braces
([values](README.md#values)).
";

const PATTERNS: &str = "\
The names are those of Gregor Hohpe and Bobby Woolf, [Enterprise Integration Patterns](https://www.enterpriseintegrationpatterns.com).
Some need no actor: the engine does them.";

/// Writes the section of one actor.
pub(crate) fn section(manual: &Manual) -> String {
    let mut section = format!(
        "### `{}`\n\n{}\n",
        manual.name,
        wrap(&manual.text, "", WIDTH)
    );
    let mut fact = |name: &str, value: &str| {
        section += &hang(&format!("*{name}:* {value}"), "- ", "  ", WIDTH);
    };
    if !manual.aliases.is_empty() {
        let aliases: Vec<_> = manual
            .aliases
            .iter()
            .map(|alias| format!("`{alias}`"))
            .collect();
        fact("also named", &aliases.join(", "));
    }
    if !manual.patterns.is_empty() {
        fact("patterns", &manual.patterns.join(", "));
    }
    if let Some(ports) = text::ports(manual) {
        fact("ports", &ports);
    }
    if !section.ends_with("\n\n") {
        section.push('\n');
    }
    if let Some(example) = &manual.example {
        let connection = manual.connection.as_ref();
        let connection = connection.map_or(String::new(), |line| format!("# {line}\n"));
        section += &format!("```yaml\n{example}\n{connection}```\n\n");
    }
    match manual.settings.is_empty() {
        true => section += "There are no settings.\n",
        false => section += "Settings:\n\n",
    }
    for setting in &manual.settings {
        write(setting, "", &mut section);
    }
    section
}

fn write(setting: &Setting, margin: &str, to: &mut String) {
    let remark = match &setting.default {
        _ if setting.is_required => ", must be given".to_owned(),
        Some(default) => format!(", default `{default}`"),
        None => String::new(),
    };
    let below = format!("{margin}  ");
    let text = format!(
        "**`{}`** ({}{remark}): {}",
        setting.name, setting.kind, setting.text
    );
    *to += &hang(&text, &format!("{margin}- "), &below, WIDTH);
    for choice in &setting.choices {
        let text = format!("`{}`: {}", choice.name, choice.text);
        *to += &hang(&text, &format!("{below}- "), &format!("{below}  "), WIDTH);
        for own in &choice.settings {
            write(own, &format!("{below}  "), to);
        }
    }
    for own in &setting.settings {
        write(own, &below, to);
    }
}

/// Returns a link to the section of an actor.
pub(crate) fn link(name: &str) -> String {
    format!("[{name}](#{name})")
}

fn anchor(purpose: &str) -> String {
    purpose.replace(' ', "-")
}

fn heading(purpose: &str) -> String {
    let mut letters = purpose.chars();
    let first = letters.next().map(|first| first.to_uppercase());
    first.into_iter().flatten().chain(letters).collect()
}
