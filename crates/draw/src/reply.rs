//! Answers are drawn back to their doors.

use crate::picture::{Line, Picture, Role};

/// With more doors than this the node `reply` is drawn instead of them.
const FEW: usize = 2;

/// Takes the node `reply` out, and leads what goes there back to the doors that it came from.
pub(crate) fn lead_to_doors(picture: &mut Picture) {
    let roles = picture.shapes.iter().map(|shape| shape.role).enumerate();
    let doors = roles.clone().filter(|(_, role)| *role == Role::Door);
    let doors: Vec<usize> = doors.map(|(index, _)| index).collect();
    let reply = roles.clone().find(|(_, role)| *role == Role::Reply);
    let reply = reply.map(|(index, _)| index);
    for line in &mut picture.lines {
        line.answers = doors.contains(&line.to);
    }
    let Some(reply) = reply.filter(|_| (1..=FEW).contains(&doors.len())) else {
        return;
    };
    let reached: Vec<Vec<bool>> = doors.iter().map(|door| reached(picture, *door)).collect();
    let mut lines = Vec::new();
    for line in picture.lines.drain(..) {
        if line.to != reply {
            lines.push(line);
            continue;
        }
        let knows = (0..doors.len()).filter(|n| reached[*n][line.from]);
        let mut own: Vec<usize> = knows.map(|n| doors[n]).collect();
        if own.is_empty() {
            own.clone_from(&doors);
        }
        lines.extend(own.into_iter().map(|to| Line {
            to,
            answers: true,
            ..line.clone()
        }));
    }
    for line in &mut lines {
        line.from -= usize::from(line.from > reply);
        line.to -= usize::from(line.to > reply);
    }
    picture.shapes.remove(reply);
    picture.lines = lines;
}

/// Tells which shapes can be reached from one.
fn reached(picture: &Picture, from: usize) -> Vec<bool> {
    let mut next = vec![Vec::new(); picture.shapes.len()];
    for line in &picture.lines {
        next[line.from].push(line.to);
    }
    let mut seen = vec![false; picture.shapes.len()];
    let mut open = vec![from];
    while let Some(shape) = open.pop() {
        if !std::mem::replace(&mut seen[shape], true) {
            open.extend(&next[shape]);
        }
    }
    seen
}
