//! The comments of a text. A parser passes them over; here they are what begins with `#` outside of scalars.

use super::tree::{Document, Item, Kind};

/// A comment.
#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) text: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// Whether nothing else is on its line.
    pub(crate) is_alone: bool,
}

/// Returns the texts of all comments.
pub(crate) fn of(text: &str, documents: &[Document]) -> Vec<String> {
    let found = find(text, documents);
    found.into_iter().map(|comment| comment.text).collect()
}

/// Returns all comments.
pub(crate) fn find(text: &str, documents: &[Document]) -> Vec<Comment> {
    let mut scalars = Vec::new();
    documents
        .iter()
        .for_each(|document| collect(&document.root, &mut scalars));
    scalars.sort_unstable();
    let mut scalars = scalars.into_iter().peekable();
    let letters: Vec<char> = text.chars().collect();
    let mut comments = Vec::new();
    let (mut at, mut line, mut begin) = (0, 1, 0);
    while at < letters.len() {
        while scalars.next_if(|(_, end)| *end <= at).is_some() {}
        let end = scalars
            .peek()
            .filter(|(start, _)| *start <= at)
            .map(|(_, end)| *end);
        let letter = letters[at];
        let before = at.checked_sub(1).map(|before| letters[before]);
        if letter == '#' && end.is_none() && before.is_none_or(char::is_whitespace) {
            let rest = letters[at..].iter().take_while(|letter| **letter != '\n');
            let rest: String = rest.collect();
            comments.push(Comment {
                text: rest.trim_end().to_owned(),
                line,
                column: at - begin,
                is_alone: letters[begin..at]
                    .iter()
                    .all(|letter| letter.is_whitespace()),
            });
            at += rest.chars().count();
            continue;
        }
        at += 1;
        if letter == '\n' {
            (line, begin) = (line + 1, at);
        }
    }
    comments
}

fn collect(item: &Item, scalars: &mut Vec<(usize, usize)>) {
    match &item.kind {
        Kind::Scalar { .. } if item.is_empty() => {}
        Kind::Scalar { .. } => scalars.push((item.start, item.end)),
        Kind::List { items, .. } => items.iter().for_each(|item| collect(item, scalars)),
        Kind::Map { entries, .. } => entries.iter().for_each(|(key, value)| {
            collect(key, scalars);
            collect(value, scalars);
        }),
    }
}
