//! Whatever a flow is like, nothing in its picture lies on something else, and what is written can be read again.
#![allow(clippy::unwrap_used)]

mod support;

use compysition_core::{BestEffort, ErrorKind, GroupOf, Ports, WiredErrors, WiredLink};
use compysition_draw::{Layout, Picture, Point, Rect, Style};
use proptest::prelude::*;
use support::Sketch;

/// An actor: its frames, its role, and how many there are.
type Actor = (usize, u8, usize);
/// A link: from, to, what it is, and its outbox.
type Link = (prop::sample::Index, prop::sample::Index, u8, usize);

const FRAMES: [&str; 5] = ["", "", "pricing/", "pricing/deep/", "a <b> & \"c\"/"];
const NAMES: [&str; 6] = [
    "x",
    "actor",
    "with \"quotes\" & <tags>",
    "näme→",
    "end;]|}\\",
    "a_very_long_name_that_nobody_would_write_by_hand_for_an_actor",
];
const KINDS: [&str; 5] = ["http_server", "file_in", "xslt", "join", "stdout"];

fn sketch(actors: &[Actor], links: &[Link]) -> Sketch {
    let mut sketch = Sketch::new("flow -- \"x\"");
    for (number, (frame, role, instances)) in actors.iter().enumerate() {
        let name = format!("{}{}{number}", FRAMES[*frame], NAMES[number % NAMES.len()]);
        let kind = usize::from(*role).min(KINDS.len() - 1);
        let ports = match role {
            0 => Ports::any().door(),
            1 => Ports::any().source(),
            3 => Ports::any().gathers(GroupOf::Event),
            4 => Ports::any().sink(),
            _ => Ports::any(),
        };
        sketch.add(&name, Some(KINDS[kind]), ports, *instances);
    }
    let reply = sketch.index("reply");
    for (from, to, what, outbox) in links {
        let from = from.index(actors.len());
        let to = if *what == 5 {
            reply
        } else {
            to.index(actors.len())
        };
        sketch.wiring.links.push(WiredLink {
            from,
            outbox: ["inbox", "good", "bad <one>", "error"][*outbox].into(),
            to,
            inbox: "inbox".into(),
            errors: match what {
                1 => Some(WiredErrors::Rest),
                2 => Some(WiredErrors::Kind(ErrorKind::Timeout)),
                _ => None,
            },
            best_effort: (*what == 3).then(BestEffort::default),
        });
    }
    sketch.wiring.errors = (actors.len() > 3).then_some(2);
    sketch.wiring.dead_letters = (actors.len() > 5).then_some(4);
    sketch
}

fn flows() -> impl Strategy<Value = Sketch> {
    let actor = (0..FRAMES.len(), 0..9_u8, 1..3_usize);
    let link = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0..12_u8,
        0..4_usize,
    );
    let actors = prop::collection::vec(actor, 1..60);
    let links = prop::collection::vec(link, 0..90);
    (actors, links).prop_map(|(actors, links)| sketch(&actors, &links))
}

fn overlap(a: &Rect, b: &Rect) -> bool {
    let slack = 0.01;
    a.x + slack < b.right()
        && b.x + slack < a.right()
        && a.y + slack < b.bottom()
        && b.y + slack < a.bottom()
}

fn holds(rect: &Rect, point: Point) -> bool {
    let slack = 0.5;
    point.x > rect.x + slack
        && point.x < rect.right() - slack
        && point.y > rect.y + slack
        && point.y < rect.bottom() - slack
}

/// Says what lies on something else.
fn faults(picture: &Picture, layout: &Layout) -> Vec<String> {
    let mut faults = Vec::new();
    let mut boxes: Vec<(String, Rect)> = Vec::new();
    for (index, place) in layout.shapes.iter().enumerate() {
        boxes.push((format!("node {index}"), *place));
    }
    for label in &layout.labels {
        boxes.push((format!("label of {}", label.line), label.place));
    }
    for (index, (name, place)) in boxes.iter().enumerate() {
        for (other, other_place) in &boxes[..index] {
            if overlap(place, other_place) {
                faults.push(format!("{name} lies on {other}: {place:?} {other_place:?}"));
            }
        }
        if place.x < 0.0
            || place.y < 0.0
            || place.right() > layout.width
            || place.bottom() > layout.height
        {
            faults.push(format!("{name} is outside"));
        }
    }
    for (index, path) in layout.lines.iter().enumerate() {
        let line = &picture.lines[index];
        let points = path.points();
        if points.len() < 2 {
            faults.push(format!("line {index} is not drawn"));
        }
        for point in points {
            if point.x < 0.0 || point.y < 0.0 || point.x > layout.width || point.y > layout.height {
                faults.push(format!("line {index} leads outside"));
                break;
            }
            let foreign = |shape: &usize| *shape != line.from && *shape != line.to;
            let hit = (0..layout.shapes.len())
                .filter(foreign)
                .find(|shape| holds(&layout.shapes[*shape], point));
            if let Some(hit) = hit {
                faults.push(format!(
                    "line {index} from {} to {} runs through {hit}",
                    line.from, line.to
                ));
                break;
            }
        }
    }
    for frame in &layout.frames {
        for (index, place) in layout.shapes.iter().enumerate() {
            let inside = picture.shapes[index].frames.contains(&frame.title);
            if !inside && overlap(place, &frame.place) {
                faults.push(format!("node {index} lies in the frame {}", frame.title));
            }
        }
    }
    faults
}

fn texts(svg: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(svg);
    reader.config_mut().check_end_names = true;
    let mut texts = Vec::new();
    let mut depth = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(start) => {
                depth += 1;
                start
                    .attributes()
                    .for_each(|attribute| drop(attribute.unwrap()));
            }
            quick_xml::events::Event::End(_) => depth -= 1,
            quick_xml::events::Event::Text(text) => {
                texts.push(String::from_utf8_lossy(&text).into_owned())
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    texts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_lies_on_something_else(sketch in flows()) {
        let picture = Picture::new(&sketch.wiring, &sketch.kinds);
        let layout = picture.layout();
        let faults = faults(&picture, &layout);
        prop_assert!(faults.is_empty(), "{:#?}", faults);
        let svg = layout.svg(&picture);
        prop_assert!(!texts(&svg).is_empty());
        prop_assert_eq!(svg, Picture::new(&sketch.wiring, &sketch.kinds).svg());
    }

    #[test]
    fn odd_names_stay_in_their_quotes(title in "\\PC{0,20}", label in "\\PC{1,20}") {
        let mut picture = Picture::new(&Sketch::new(&title).actors(&[("a", "xslt"), ("b", "xslt")]).connect("a -> b").wiring, &[]);
        picture.lines[0].label = Some(label.clone());
        picture.shapes[0].title = label;
        let dot = picture.dot();
        // Without what is escaped, quotes come in pairs in each line, and what is outside of them is ours.
        for line in dot.lines() {
            let bare = line.replace("\\\\", "").replace("\\\"", "");
            let parts: Vec<&str> = bare.split('"').collect();
            prop_assert!(parts.len() % 2 == 1, "{}", line);
            for ours in parts.iter().step_by(2) {
                prop_assert!(ours.is_ascii(), "{}", line);
            }
        }
        for line in picture.mermaid().lines().skip(2) {
            prop_assert!(line.matches('"').count() % 2 == 0, "{}", line);
            for ours in line.split('"').step_by(2) {
                prop_assert!(ours.is_ascii(), "{}", line);
            }
        }
        texts(&picture.svg());
    }
}

#[test]
fn an_answer_leads_back_to_the_door_that_it_came_from() {
    let sketch = Sketch::new("two doors")
        .actors(&[
            ("one", "http_server"),
            ("two", "http_server"),
            ("a", "xslt"),
            ("b", "xslt"),
        ])
        .connect("one -> a -> reply")
        .connect("two -> b -> reply");
    let picture = Picture::new(&sketch.wiring, &sketch.kinds);
    let answers: Vec<_> = picture
        .lines
        .iter()
        .filter(|line| line.answers)
        .map(|line| (line.from, line.to))
        .collect();
    assert_eq!(answers, [(2, 0), (3, 1)]);
    let layout = picture.layout();
    assert!(layout.lines.iter().zip(&picture.lines).all(|(path, line)| {
        let points = path.points();
        !line.answers || points.last().unwrap().x < points[0].x
    }));
}

#[test]
fn among_many_doors_reply_is_a_node() {
    let sketch = Sketch::new("doors")
        .actors(&[
            ("one", "http_server"),
            ("two", "http_server"),
            ("three", "http_server"),
            ("a", "xslt"),
        ])
        .connect("one, two, three -> a -> reply");
    let picture = Picture::new(&sketch.wiring, &sketch.kinds);
    assert_eq!(picture.shapes.last().unwrap().title, "reply");
}

#[test]
fn a_chain_is_straight_whatever_its_errors_do() {
    let sketch = Sketch::new("saga")
        .actors(&[
            ("http", "http_server"),
            ("a", "xslt"),
            ("b", "xslt"),
            ("c", "xslt"),
            ("mend", "xslt"),
        ])
        .connect("http -> a -> b -> c -> reply")
        .connect("a.error, b.error -> mend -> reply");
    let picture = Picture::new(&sketch.wiring, &sketch.kinds);
    let layout = picture.layout();
    for (path, line) in layout.lines.iter().zip(&picture.lines) {
        if line.style == Style::Plain && line.from < 3 && !line.answers {
            let y = path.points()[0].y;
            assert!(
                path.points().iter().all(|point| (point.y - y).abs() < 0.1),
                "{line:?} {path:?}"
            );
        }
    }
}
