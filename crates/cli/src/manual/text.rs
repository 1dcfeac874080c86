//! A manual as the program prints it.

use compysition_core::Registry;

use crate::manual::wrap::{hang, wrap};
use crate::manual::{Manual, Setting, example};

/// Writes a manual in lines of a width.
pub(crate) fn text(manual: &Manual, registry: &Registry, width: usize) -> String {
    let mut text = format!("{}\n\n{}\n", manual.name, wrap(&manual.text, "  ", width));
    if !manual.aliases.is_empty() {
        text += &fact("Also named", &manual.aliases.join(", "), width);
    }
    if let Some(purpose) = &manual.purpose {
        text += &fact("Purpose", purpose, width);
    }
    if !manual.patterns.is_empty() {
        text += &fact("Patterns", &manual.patterns.join(", "), width);
    }
    if let Some(ports) = ports(manual) {
        text += &fact("Ports", &ports, width);
    }
    if !text.ends_with("\n\n") {
        text.push('\n');
    }
    match manual.settings.is_empty() {
        true => text += "There are no settings.\n\n",
        false => text += "Settings\n\n",
    }
    for setting in &manual.settings {
        write(setting, 2, width, &mut text);
    }
    text += &fact("Beside it may stand", &beside(manual), width).replacen("  ", "", 1);
    if let Some(flow) = example::flow(manual, registry) {
        text += "\nExample, as a whole flow file\n\n";
        text += &indented(&flow);
    } else if let Some(example) = &manual.example {
        text += &format!("\nExample\n\n  {example}\n");
    }
    text
}

fn fact(name: &str, value: &str, width: usize) -> String {
    hang(&format!("{name}: {value}"), "  ", "      ", width)
}

fn write(setting: &Setting, margin: usize, width: usize, text: &mut String) {
    let remark = match &setting.default {
        _ if setting.is_required => "; must be given".to_owned(),
        Some(default) => format!("; default: {default}"),
        None => String::new(),
    };
    let [own, below, further] = [0, 4, 8].map(|more| " ".repeat(margin + more));
    let head = format!("{}: {}{remark}", setting.name, setting.kind);
    *text += &hang(&head, &own, &below, width);
    *text += &wrap(&setting.text, &below, width);
    for choice in &setting.choices {
        let choice_text = format!("`{}`: {}", choice.name, choice.text);
        *text += &hang(&choice_text, &below, &further, width);
        for (index, own) in choice.settings.iter().enumerate() {
            if index == 0 {
                text.push('\n');
            }
            write(own, margin + 8, width, text);
        }
    }
    if !text.ends_with("\n\n") {
        text.push('\n');
    }
    for own in &setting.settings {
        write(own, margin + 4, width, text);
    }
}

/// Says what is special about the ports.
pub(crate) fn ports(manual: &Manual) -> Option<String> {
    let ports = manual.ports.as_ref()?;
    let names = |ports: &[compysition_core::Port]| {
        let names: Vec<_> = ports.iter().map(|port| format!("`{port}`")).collect();
        names.join(", ")
    };
    let mut says = Vec::new();
    if ports.is_door() {
        says.push("a door: makes events, and what reaches its inbox answers them".to_owned());
    } else if ports.is_source() {
        says.push("makes events by itself, so it needs no inbox".to_owned());
    } else if ports.is_sink() {
        says.push("may be the end of a flow, so it needs no outbox".to_owned());
    }
    if !ports.named_inboxes().is_empty() {
        let inboxes = names(ports.named_inboxes());
        says.push(format!(
            "takes events at the inboxes that it names, in the example {inboxes}"
        ));
    }
    if !ports.named_outboxes().is_empty() {
        let outboxes = names(ports.named_outboxes());
        says.push(format!(
            "sends to the outboxes that it names, in the example {outboxes}"
        ));
    }
    if ports.drops() {
        says.push("may end events without sending them on".to_owned());
    }
    (!says.is_empty()).then(|| says.join("; "))
}

/// Says which keys may stand beside the kind.
fn beside(manual: &Manual) -> String {
    let ports = manual.ports.clone().unwrap_or_default();
    let pool = match ports.is_single() {
        true => "",
        false => "`pool`, ",
    };
    if ports.is_source() {
        return "`description`".to_owned();
    }
    let name = manual.name;
    let all = "`retry`, `timeout`, `breaker`, `into` and `description`";
    format!("{pool}{all}, as in `it: {{ {name}: …, timeout: 2s }}`")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
