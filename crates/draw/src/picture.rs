//! What there is to draw.

use compysition_core::{WiredActor, WiredErrors, WiredLink, Wiring};

use crate::layout::{self, Layout};
use crate::reply;

/// Describes what is drawn of a flow: shapes and lines, without their places.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// The flow's name.
    pub title: String,
    /// The actors, and the little texts that tell where unconnected errors come from.
    pub shapes: Vec<Shape>,
    /// The links, in the flow's order.
    pub lines: Vec<Line>,
}

/// One node.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The name that is shown, without those of its frames.
    pub title: String,
    /// The kind of the actor, if it is known.
    pub kind: Option<String>,
    /// What it is for.
    pub role: Role,
    /// How many instances there are.
    pub instances: usize,
    /// What a viewer shows of it on demand.
    pub hint: String,
    /// The frames that it stands in, the outermost first.
    pub frames: Vec<String>,
}

/// What a node is for, which gives it shape and colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Lets events in and waits for their answers.
    Door,
    /// Makes events.
    Source,
    /// Takes events and sends them on.
    Step,
    /// Gathers what came of one event.
    Join,
    /// Is an end of events.
    Sink,
    /// Stands for the doors, where there are many.
    Reply,
    /// Is no actor but a text: where what nobody connected comes from.
    Note,
}

/// One link.
#[derive(Clone, Debug)]
pub struct Line {
    /// The number of the shape that it leads from.
    pub from: usize,
    /// The number of the shape that it leads to.
    pub to: usize,
    /// What stands at its beginning.
    pub label: Option<String>,
    /// How it looks.
    pub style: Style,
    /// What a viewer shows of it on demand.
    pub hint: String,
    /// Whether it brings an answer back to its door.
    pub answers: bool,
}

/// What passes a link, which gives it colour and dashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// Events.
    Plain,
    /// Events that failed.
    Error,
    /// Events as long as there is room for them.
    BestEffort,
    /// What nobody connected: errors, dead letters, the log.
    Unconnected,
}

/// Frames around actors beside those that names with `/` make, as for the processes that a flow is placed on.
#[derive(Clone, Debug, Default)]
pub struct Frames {
    /// The frame around each actor, by its number; actors beyond the end stand in none.
    pub around: Vec<Option<String>>,
    /// What each link between frames travels by, by its number.
    pub transports: Vec<Option<String>>,
}

impl Picture {
    /// Makes the picture of a flow from its wiring and the kinds of its actors.
    pub fn new(wiring: &Wiring, kinds: &[Option<&str>]) -> Picture {
        Picture::framed(wiring, kinds, &Frames::default())
    }

    /// Makes the picture of a flow with frames around some of its actors.
    pub fn framed(wiring: &Wiring, kinds: &[Option<&str>], frames: &Frames) -> Picture {
        let shape = |(index, actor)| {
            let kind = kinds.get(index).copied().flatten();
            let around = frames.around.get(index).cloned().flatten();
            Shape::of(actor, kind, around)
        };
        let line = |(index, link): (usize, &WiredLink)| {
            let transport = frames.transports.get(index).cloned().flatten();
            Line::of(link, wiring, transport)
        };
        let mut picture = Picture {
            title: wiring.flow.clone(),
            shapes: wiring.actors.iter().enumerate().map(shape).collect(),
            lines: wiring.links.iter().enumerate().map(line).collect(),
        };
        picture.note_unconnected(wiring);
        reply::lead_to_doors(&mut picture);
        picture
    }

    /// Gives everything its place.
    pub fn layout(&self) -> Layout {
        layout::layout(self)
    }

    /// Shows where the flow's errors, dead letters and log lead that nobody connected.
    fn note_unconnected(&mut self, wiring: &Wiring) {
        let ends = [
            ("other errors", wiring.errors),
            ("dead letters", wiring.dead_letters),
            ("log", wiring.log),
        ];
        for (what, to) in ends {
            let Some(to) = to.filter(|to| *to < self.shapes.len()) else {
                continue;
            };
            let hint = format!("{what} of the flow");
            self.lines.push(Line {
                from: self.shapes.len(),
                to,
                label: None,
                style: Style::Unconnected,
                hint: format!("{hint} → {}", wiring.actors[to].name),
                answers: false,
            });
            self.shapes.push(Shape {
                title: what.to_owned(),
                kind: None,
                role: Role::Note,
                instances: 1,
                hint,
                frames: self.shapes[to].frames.clone(),
            });
        }
    }
}

impl Shape {
    /// Returns the small text below the name: the kind, and how many there are.
    pub(crate) fn below(&self) -> Option<String> {
        let many = (self.instances > 1).then(|| format!("×{}", self.instances));
        let kind = self.kind.clone().filter(|kind| *kind != self.title);
        let parts: Vec<String> = kind.into_iter().chain(many).collect();
        Some(crate::text::shortened(&parts.join("  "), 40)).filter(|text| !text.is_empty())
    }

    fn of(actor: &WiredActor, kind: Option<&str>, around: Option<String>) -> Shape {
        let mut frames: Vec<String> = actor.name.split('/').map(str::to_owned).collect();
        let title = frames.pop().unwrap_or_default();
        if frames.iter().chain([&title]).any(String::is_empty) {
            // A slash at an end or a double one parts nothing.
            return Shape::named(
                actor,
                kind,
                actor.name.clone(),
                around.into_iter().collect(),
            );
        }
        let frames = around.into_iter().chain(frames).collect();
        Shape::named(actor, kind, title, frames)
    }

    fn named(actor: &WiredActor, kind: Option<&str>, title: String, frames: Vec<String>) -> Shape {
        let ports = &actor.ports;
        let role = match () {
            () if actor.is_reply => Role::Reply,
            () if ports.is_door() => Role::Door,
            () if ports.is_source() => Role::Source,
            () if ports.is_gatherer() => Role::Join,
            () if ports.is_sink() => Role::Sink,
            () => Role::Step,
        };
        Shape {
            title,
            kind: kind.map(str::to_owned),
            role,
            instances: actor.instances,
            hint: hint(actor, kind),
            frames,
        }
    }
}

fn hint(actor: &WiredActor, kind: Option<&str>) -> String {
    let mut parts = vec![match kind {
        Some(kind) => format!("{} ({kind})", actor.name),
        None => actor.name.clone(),
    }];
    if actor.instances > 1 {
        parts.push(format!("{} instances", actor.instances));
    }
    if let Some(timeout) = actor.timeout {
        parts.push(format!("timeout {timeout:?}"));
    }
    if actor.retry.is_some() {
        parts.push("tries again".to_owned());
    }
    if actor.breaker.is_some() {
        parts.push("breaker".to_owned());
    }
    if let Some(into) = &actor.into {
        parts.push(format!("into {into}"));
    }
    parts.join(", ")
}

impl Line {
    fn of(link: &WiredLink, wiring: &Wiring, transport: Option<String>) -> Line {
        let (from, to) = (&wiring.actors[link.from].name, &wiring.actors[link.to].name);
        let (outbox, inbox) = (link.outbox.as_str(), link.inbox.as_str());
        let style = match (&link.errors, &link.best_effort) {
            (Some(_), _) => Style::Error,
            (None, Some(_)) => Style::BestEffort,
            (None, None) => Style::Plain,
        };
        let out = match link.errors {
            Some(WiredErrors::Rest) => None,
            Some(WiredErrors::Kind(kind)) => Some(kind.to_string()),
            None => Some(outbox.to_owned()).filter(|outbox| outbox != to && !is_usual(outbox)),
        };
        // Unless somebody named it, an inbox has the name of where its events come from.
        let given = inbox == from.as_str() || inbox == outbox || inbox == format!("error_{from}");
        let into = Some(inbox).filter(|inbox| !given && !is_usual(inbox));
        let into = into.map(|inbox| format!("→ {inbox}"));
        let by = transport.map(|transport| format!("({transport})"));
        let words: Vec<String> = out.into_iter().chain(into).chain(by).collect();
        let errors = match link.errors {
            Some(WiredErrors::Kind(kind)) => format!(".{kind}"),
            _ => String::new(),
        };
        Line {
            from: link.from,
            to: link.to,
            label: Some(words.join(" ")).filter(|label| !label.is_empty()),
            style,
            hint: format!("{from}.{outbox}{errors} → {to}.{inbox}"),
            answers: false,
        }
    }
}

/// The names that ports have when nobody names them.
fn is_usual(port: &str) -> bool {
    matches!(port, "inbox" | "outbox" | "error")
}
