//! A picture as DOT, the language of Graphviz.

use std::fmt::Write;

use crate::picture::{Picture, Role, Style};
use crate::tree::Tree;

impl Picture {
    /// Writes the picture as a graph in DOT.
    pub fn dot(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_dot(&mut text);
        text
    }

    fn write_dot(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "digraph {} {{", quoted(&self.title))?;
        writeln!(out, "  rankdir=LR;")?;
        writeln!(out, "  node [style=filled, fontname=\"sans-serif\"];")?;
        writeln!(out, "  edge [fontname=\"sans-serif\", fontsize=10];")?;
        let mut frames = 0;
        write_tree(self, &Tree::of(self), 1, &mut frames, out)?;
        for line in &self.lines {
            let dashes = match line.style {
                Style::Plain => "solid",
                Style::Error => "dashed",
                Style::BestEffort | Style::Unconnected => "dotted",
            };
            let label = line
                .label
                .as_deref()
                .map_or(String::new(), |label| format!(", label={}", quoted(label)));
            writeln!(
                out,
                "  n{} -> n{} [style={dashes}, color=\"{}\", tooltip={}{label}];",
                line.from,
                line.to,
                line.style.colour(),
                quoted(&line.hint)
            )?;
        }
        writeln!(out, "}}")
    }
}

fn write_tree(
    picture: &Picture,
    tree: &Tree,
    depth: usize,
    frames: &mut usize,
    out: &mut String,
) -> std::fmt::Result {
    let indent = "  ".repeat(depth);
    for &index in &tree.shapes {
        let shape = &picture.shapes[index];
        let form = match shape.role {
            Role::Door => "hexagon",
            Role::Source | Role::Sink | Role::Reply => "ellipse",
            Role::Join => "trapezium",
            Role::Step => "box",
            Role::Note => "plaintext",
        };
        let (fill, stroke) = shape.role.colours();
        let below = shape
            .below()
            .map_or(String::new(), |below| format!("\n{below}"));
        let label = quoted(&format!("{}{below}", shape.title));
        let cards = if shape.instances > 1 {
            ", peripheries=2"
        } else {
            ""
        };
        let hint = quoted(&shape.hint);
        writeln!(
            out,
            "{indent}n{index} [label={label}, shape={form}, fillcolor=\"{fill}\", color=\"{stroke}\", tooltip={hint}{cards}];"
        )?;
    }
    for (title, inner) in &tree.inner {
        writeln!(out, "{indent}subgraph cluster_{frames} {{")?;
        writeln!(out, "{indent}  label={};", quoted(title))?;
        *frames += 1;
        write_tree(picture, inner, depth + 1, frames, out)?;
        writeln!(out, "{indent}}}")?;
    }
    Ok(())
}

/// Writes a text in quotes, with what means something in them escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            // Graphviz reads labels as HTML does: `&lt;` would be shown as `<`.
            '&' => quoted.push_str("&amp;"),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
