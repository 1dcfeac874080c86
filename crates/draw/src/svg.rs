//! A picture as SVG, which needs nothing else to be shown.

use std::fmt::Write;

use crate::geometry::{Path, Piece, Rect, at, number};
use crate::layout::{CARDS, Layout, SMALL, TITLE, shown};
use crate::picture::{Picture, Role, Shape, Style};

const BACKGROUND: &str = "#ffffff";
const INK: &str = "#1f2430";
const FAINT: &str = "#5d6675";

impl Picture {
    /// Draws the picture as SVG.
    pub fn svg(&self) -> String {
        self.layout().svg(self)
    }
}

impl Layout {
    /// Draws a picture as SVG, with everything in its place.
    pub fn svg(&self, picture: &Picture) -> String {
        let mut svg = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(picture, &mut svg);
        svg
    }

    fn write(&self, picture: &Picture, out: &mut String) -> std::fmt::Result {
        let (width, height) = (number(self.width.ceil()), number(self.height.ceil()));
        writeln!(
            out,
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" font-family="'DejaVu Sans', Verdana, 'Helvetica Neue', Arial, sans-serif">"#
        )?;
        writeln!(out, "<title>{}</title>", escaped(&picture.title))?;
        out.push_str("<defs>\n");
        for style in [
            Style::Plain,
            Style::Error,
            Style::BestEffort,
            Style::Unconnected,
        ] {
            let (name, colour) = (style.name(), style.colour());
            writeln!(
                out,
                r#"<marker id="{name}" viewBox="0 0 9 8" refX="8.5" refY="4" markerWidth="9" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0L9 4L0 8L2 4Z" fill="{colour}"/></marker>"#
            )?;
        }
        out.push_str("</defs>\n");
        writeln!(
            out,
            r##"<rect x="0.5" y="0.5" width="{}" height="{}" rx="8" fill="{BACKGROUND}" stroke="#d9dee7"/>"##,
            number(self.width.ceil() - 1.0),
            number(self.height.ceil() - 1.0)
        )?;
        for frame in &self.frames {
            let place = frame.place;
            let title = escaped(&shown(&frame.title));
            writeln!(
                out,
                r##"<g><title>{}</title>{}<text x="{}" y="{}" font-size="12" font-weight="bold" fill="{FAINT}">{title}</text></g>"##,
                escaped(&frame.title),
                rect(&place, 10.0, "#7d8aa5\" fill-opacity=\"0.07", "#b4bdcc"),
                number(place.x + 12.0),
                number(place.y + 17.0),
            )?;
        }
        // What is grave lies on top.
        let mut order: Vec<usize> = (0..picture.lines.len()).collect();
        order.sort_by_key(|line| (picture.lines[*line].style == Style::Plain, *line));
        for index in order {
            let line = &picture.lines[index];
            let arrow = match self.arrows[index] {
                true => format!(r#" marker-end="url(#{})""#, line.style.name()),
                false => String::new(),
            };
            writeln!(
                out,
                r#"<path d="{}" fill="none" stroke="{}" stroke-width="{}"{}{arrow}><title>{}</title></path>"#,
                match picture.shapes[line.from].role {
                    Role::Note => self.lines[index].data(),
                    _ => from_inside(&self.lines[index]).data(),
                },
                line.style.colour(),
                line.style.width(),
                line.style.dashes(),
                escaped(&line.hint),
            )?;
        }
        for label in &self.labels {
            let place = label.place;
            let colour = match picture.lines[label.line].style {
                Style::Plain => INK,
                style => style.colour(),
            };
            writeln!(
                out,
                r#"{}<text x="{}" y="{}" font-size="{SMALL}" text-anchor="middle" fill="{colour}">{}</text>"#,
                rect(&place, 3.0, BACKGROUND, "none"),
                number(place.x + place.width / 2.0),
                number(place.middle() + 4.0),
                escaped(&label.text),
            )?;
        }
        for (shape, place) in picture.shapes.iter().zip(&self.shapes) {
            write_shape(shape, place, out)?;
        }
        out.push_str("</svg>\n");
        Ok(())
    }
}

/// Lets a line begin a little inside of its node, which hides that, as not all sides are straight.
fn from_inside(line: &Path) -> Path {
    let mut line = line.clone();
    if let (Some(start), Some(Piece::Line(next))) = (&mut line.start, line.pieces.first())
        && start.y == next.y
    {
        start.x -= 10.0;
    }
    line
}

fn write_shape(shape: &Shape, whole: &Rect, out: &mut String) -> std::fmt::Result {
    let (fill, stroke) = shape.role.colours();
    write!(out, "<g><title>{}</title>", escaped(&shape.hint))?;
    let mut place = *whole;
    if shape.instances > 1 {
        let card = Rect {
            width: whole.width - CARDS,
            height: whole.height - CARDS,
            ..*whole
        };
        for (right, down) in [(CARDS, 0.0), (CARDS / 2.0, CARDS / 2.0)] {
            out.push_str(&outline(
                shape.role,
                &card.moved(at(right, down)),
                fill,
                stroke,
            ));
        }
        place = card.moved(at(0.0, CARDS));
    }
    out.push_str(&outline(shape.role, &place, fill, stroke));
    let middle = number(place.x + place.width / 2.0);
    let title = escaped(&shown(&shape.title));
    let y = place.middle();
    if shape.role == Role::Note {
        write!(
            out,
            r#"<text x="{middle}" y="{}" font-size="{SMALL}" font-style="italic" text-anchor="middle" fill="{FAINT}">{title}</text>"#,
            number(y + 4.0)
        )?;
    } else {
        let below = shape.below();
        let up = if below.is_some() { 3.0 } else { -5.0 };
        write!(
            out,
            r#"<text x="{middle}" y="{}" font-size="{TITLE}" font-weight="bold" text-anchor="middle" fill="{INK}">{title}</text>"#,
            number(y - up)
        )?;
        if let Some(below) = below {
            write!(
                out,
                r#"<text x="{middle}" y="{}" font-size="{SMALL}" text-anchor="middle" fill="{FAINT}">{}</text>"#,
                number(y + 14.0),
                escaped(&below)
            )?;
        }
    }
    out.push_str("</g>\n");
    Ok(())
}

/// Draws the outline of a node: a point where events come in from outside, a round end where they leave.
fn outline(role: Role, place: &Rect, fill: &str, stroke: &str) -> String {
    let (x, y, right, bottom) = (place.x, place.y, place.right(), place.bottom());
    let point = 12.0_f64.min(place.height / 4.0);
    let corners: Vec<(f64, f64)> = match role {
        Role::Note => return String::new(),
        Role::Step => return rect(place, 7.0, fill, stroke),
        Role::Sink | Role::Source | Role::Reply => {
            return rect(place, 24.0_f64.min(place.height / 2.0), fill, stroke);
        }
        Role::Door => vec![
            (x + point, y),
            (right - point, y),
            (right, place.middle()),
            (right - point, bottom),
            (x + point, bottom),
            (x, place.middle()),
        ],
        Role::Join => vec![
            (x + point, y),
            (right, y),
            (right, bottom),
            (x + point, bottom),
            (x, bottom - point),
            (x, y + point),
        ],
    };
    let corners: Vec<String> = corners
        .iter()
        .map(|(x, y)| format!("{},{}", number(*x), number(*y)))
        .collect();
    format!(
        r#"<polygon points="{}" fill="{fill}" stroke="{stroke}" stroke-width="1.5" stroke-linejoin="round"/>"#,
        corners.join(" ")
    )
}

fn rect(place: &Rect, radius: f64, fill: &str, stroke: &str) -> String {
    format!(
        r#"<rect x="{}" y="{}" width="{}" height="{}" rx="{radius}" fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>"#,
        number(place.x),
        number(place.y),
        number(place.width),
        number(place.height)
    )
}

impl Role {
    /// Returns the colours of the inside and of the outline.
    pub(crate) fn colours(self) -> (&'static str, &'static str) {
        match self {
            Role::Door => ("#dbe9ff", "#2f6bd8"),
            Role::Source => ("#dcf5e6", "#2b9158"),
            Role::Step => ("#f5f7fa", "#8b96a8"),
            Role::Join => ("#ece6fb", "#7a5bc7"),
            Role::Sink => ("#fdf0d9", "#c08a2a"),
            Role::Reply => ("#dbe9ff", "#2f6bd8"),
            Role::Note => (BACKGROUND, BACKGROUND),
        }
    }
}

impl Style {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Style::Plain => "plain",
            Style::Error => "error",
            Style::BestEffort => "best-effort",
            Style::Unconnected => "unconnected",
        }
    }

    pub(crate) fn colour(self) -> &'static str {
        match self {
            Style::Plain => "#4a5568",
            Style::Error => "#c8372d",
            Style::BestEffort => "#4a5568",
            Style::Unconnected => "#9aa3b2",
        }
    }

    fn width(self) -> &'static str {
        match self {
            Style::Plain | Style::BestEffort => "1.8",
            Style::Error => "1.5",
            Style::Unconnected => "1.2",
        }
    }

    fn dashes(self) -> &'static str {
        match self {
            Style::Plain => "",
            Style::Error => r#" stroke-dasharray="6 4""#,
            Style::BestEffort => r#" stroke-dasharray="0.1 5" stroke-linecap="round""#,
            Style::Unconnected => r#" stroke-dasharray="3 3""#,
        }
    }
}

/// Escapes what XML would read as markup, and leaves out what it cannot hold.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push('\u{fffd}')
            }
            c => escaped.push(c),
        }
    }
    escaped
}
