//! The frames of a picture as programs that lay it out themselves want them: one in the other.

use std::collections::BTreeMap;

use crate::picture::Picture;

/// A frame, with the shapes that stand in it and in no inner one.
#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) shapes: Vec<usize>,
    pub(crate) inner: BTreeMap<String, Tree>,
}

impl Tree {
    pub(crate) fn of(picture: &Picture) -> Tree {
        let mut whole = Tree::default();
        for (index, shape) in picture.shapes.iter().enumerate() {
            let inmost = shape.frames.iter().fold(&mut whole, |tree, title| {
                tree.inner.entry(title.clone()).or_default()
            });
            inmost.shapes.push(index);
        }
        whole
    }
}
