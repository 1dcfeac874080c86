//! The command `explain`.

use std::process::ExitCode;

use compysition_core::{About, Wiring};
use compysition_flow::Loaded;
use compysition_proof::{Guarantees, Replies, Section, Stall};
use serde_json::{Value, json};

use crate::args::{ExplainOptions, Told};
use crate::{Program, files, output};

/// Tells what is known of flows before they run.
pub(crate) fn explain(program: &Program, options: &ExplainOptions) -> ExitCode {
    let Some(flows) = files::load(program, &options.files) else {
        return ExitCode::FAILURE;
    };
    let mut told = Vec::new();
    for flow in &flows {
        let wiring = flow.wiring();
        match &options.stall {
            None => told.push(guarantees(flow, &wiring, options.format)),
            Some(actor) => match stall(flow, &wiring, actor, options.format) {
                Ok(text) => told.extend(text),
                Err(message) => {
                    output::complain(format_args!("error: {message}\n"));
                    return ExitCode::FAILURE;
                }
            },
        }
    }
    if let (true, Some(actor)) = (told.is_empty(), &options.stall) {
        output::complain(format_args!("error: there is no actor `{actor}`\n"));
        return ExitCode::FAILURE;
    }
    let gap = match options.format {
        Told::Text => "\n",
        Told::Json => "",
    };
    output::say(told.join(gap));
    ExitCode::SUCCESS
}

fn guarantees(flow: &Loaded, wiring: &Wiring, format: Told) -> String {
    let guarantees = Guarantees::of(wiring);
    match format {
        Told::Text => text(&format!("flow `{}`", flow.name()), &guarantees.tell(wiring)),
        Told::Json => {
            let mut data = parts(flow, wiring);
            data["guarantees"] = json!(guarantees);
            data["replies"] = json!(Replies::of(wiring));
            line(&data)
        }
    }
}

/// Tells what a stall of an actor stops; nothing of a flow that has no such actor.
fn stall(
    flow: &Loaded,
    wiring: &Wiring,
    actor: &str,
    format: Told,
) -> Result<Option<String>, String> {
    let Some(number) = wiring.actors.iter().position(|own| own.name == actor) else {
        return Ok(None);
    };
    let stall = Stall::of(wiring, number)
        .ok_or_else(|| format!("`{actor}` takes answers, and cannot stall: name another actor"))?;
    let title = format!("flow `{}`, if `{actor}` takes no more events", flow.name());
    Ok(Some(match format {
        Told::Text => text(&title, &stall.tell(wiring)),
        Told::Json => {
            let mut data = parts(flow, wiring);
            data["stall"] = json!(stall);
            line(&data)
        }
    }))
}

/// Names the actors and links, whose numbers the rest of the data gives.
fn parts(flow: &Loaded, wiring: &Wiring) -> Value {
    let place = |about: About| flow.place(&about).map(|(_, line, _)| line);
    let actors = wiring.actors.iter().enumerate();
    let actors: Vec<Value> = actors
        .map(|(number, actor)| {
            json!({ "name": actor.name, "kind": flow.kind(number), "line": place(About::Actor(number)) })
        })
        .collect();
    let links = wiring.links.iter().enumerate();
    let links: Vec<Value> = links
        .map(|(number, link)| {
            json!({
                "from": link.from, "outbox": link.outbox.as_str(),
                "to": link.to, "inbox": link.inbox.as_str(),
                "line": place(About::Link(number)),
            })
        })
        .collect();
    json!({ "flow": flow.name(), "actors": actors, "links": links })
}

fn line(data: &Value) -> String {
    format!("{data}\n")
}

fn text(title: &str, sections: &[Section]) -> String {
    let mut text = format!("{title}\n");
    for section in sections {
        text += &format!("\n{}\n", section.title);
        for line in &section.lines {
            text += &format!("  - {line}\n");
        }
    }
    text
}
