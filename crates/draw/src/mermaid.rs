//! A picture as Mermaid, which many viewers of Markdown draw.

use std::fmt::Write;

use crate::picture::{Picture, Role, Shape, Style};
use crate::tree::Tree;

impl Picture {
    /// Writes the picture as a flowchart of Mermaid.
    pub fn mermaid(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_mermaid(&mut text);
        text
    }

    fn write_mermaid(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "flowchart LR")?;
        writeln!(out, "  accTitle: {}", plain(&self.title))?;
        let mut frames = 0;
        write_tree(self, &Tree::of(self), 1, &mut frames, out)?;
        for line in &self.lines {
            let arrow = match line.style {
                Style::Plain => "-->",
                Style::Error | Style::BestEffort | Style::Unconnected => "-.->",
            };
            let label = line.label.as_deref();
            let label = label.map_or(String::new(), |label| format!("|{}|", quoted(label)));
            writeln!(out, "  n{} {arrow}{label} n{}", line.from, line.to)?;
        }
        for style in [Style::Error, Style::Unconnected] {
            let of_style = self
                .lines
                .iter()
                .enumerate()
                .filter(|(_, line)| line.style == style);
            let numbers: Vec<String> = of_style.map(|(number, _)| number.to_string()).collect();
            if !numbers.is_empty() {
                writeln!(
                    out,
                    "  linkStyle {} stroke:{}",
                    numbers.join(","),
                    style.colour()
                )?;
            }
        }
        for (index, shape) in self.shapes.iter().enumerate() {
            let (fill, stroke) = shape.role.colours();
            writeln!(
                out,
                "  style n{index} fill:{fill},stroke:{stroke},color:#1f2430"
            )?;
        }
        Ok(())
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
        writeln!(out, "{indent}n{index}{}", node(&picture.shapes[index]))?;
    }
    for (title, inner) in &tree.inner {
        writeln!(out, "{indent}subgraph f{frames}[{}]", quoted(title))?;
        *frames += 1;
        write_tree(picture, inner, depth + 1, frames, out)?;
        writeln!(out, "{indent}end")?;
    }
    Ok(())
}

fn node(shape: &Shape) -> String {
    let below = shape.below().map_or(String::new(), |below| {
        format!("<br/><small>{}</small>", coded(&below))
    });
    let text = format!("\"<b>{}</b>{below}\"", coded(&shape.title));
    match shape.role {
        Role::Door => format!("{{{{{text}}}}}"),
        Role::Source | Role::Sink | Role::Reply => format!("([{text}])"),
        Role::Join => format!("[/{text}/]"),
        Role::Step if shape.instances > 1 => format!("[[{text}]]"),
        Role::Step | Role::Note => format!("[{text}]"),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", coded(text))
}

/// Writes all that could mean something to Mermaid as the number of its character.
fn coded(text: &str) -> String {
    let mut coded = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | ',' | '×' | '→' | '…') {
            coded.push(c);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(coded, "#{};", u32::from(c));
        }
    }
    coded
}

/// Leaves of a text what may stand in a line without quotes.
fn plain(text: &str) -> String {
    let keep = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.');
    text.chars()
        .map(|c| if keep(c) { c } else { ' ' })
        .collect()
}
