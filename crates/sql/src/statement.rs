//! A statement with named parameters.

use std::fmt;

use compysition_core::Error;

use crate::scan::{Dialect, parameters};

/// A statement whose parameters are known.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    /// As it was written.
    source: String,
    /// As the database gets it: PostgreSQL numbers its parameters.
    pub(crate) text: String,
    /// Which of the settings' values each parameter gets, in the order of the numbers.
    pub(crate) values: Vec<usize>,
    /// Where a number took the place of a name: the end of each, in `text` and in `source`.
    moved: Vec<(usize, usize)>,
}

impl Statement {
    /// Reads a statement. The names of its parameters are looked up in those that have values, and noted as used.
    ///
    /// # Errors
    /// What is wrong with its parameters.
    pub(crate) fn new(
        source: String,
        dialect: Dialect,
        names: &[String],
        used: &mut [bool],
    ) -> Result<Statement, String> {
        let mut statement = Statement {
            text: String::new(),
            values: Vec::new(),
            moved: Vec::new(),
            source,
        };
        let Statement {
            source,
            text,
            values,
            moved,
        } = &mut statement;
        let mut end = 0;
        for range in parameters(source, dialect)? {
            let name = &source[range.start + 1..range.end];
            let Some(value) = names.iter().position(|known| known == name) else {
                return Err(format!("`:{name}` in `query` has no value in `with`"));
            };
            used[value] = true;
            let number = values.iter().position(|&known| known == value);
            let number = number.unwrap_or_else(|| {
                values.push(value);
                values.len() - 1
            });
            let mark = match dialect {
                Dialect::Sqlite => '?',
                Dialect::Postgres => '$',
            };
            text.push_str(&source[end..range.start]);
            // The space keeps it apart from what the name's end would have kept apart.
            text.push_str(&format!("{mark}{} ", number + 1));
            end = range.end;
            moved.push((text.len(), end));
        }
        text.push_str(&source[end..]);
        Ok(statement)
    }

    /// Tells where something is that the database found at a byte of its text.
    pub(crate) fn place(&self, byte: usize) -> Place {
        let byte = byte.min(self.text.len());
        let before = self.moved.iter().rev().find(|(end, _)| *end <= byte);
        let (there, here) = before.copied().unwrap_or_default();
        let at = (here + byte - there).min(self.source.len());
        let before = &self.source.as_bytes()[..at];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let start = before.iter().rposition(|&byte| byte == b'\n');
        let start = start.map_or(0, |end| end + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        Place { line, column }
    }

    /// Tells where something is that the database found at a character of its text, counted from 1.
    pub(crate) fn place_of_character(&self, character: usize) -> Place {
        let before = self.text.char_indices().nth(character.saturating_sub(1));
        self.place(before.map_or(self.text.len(), |(byte, _)| byte))
    }
}

/// A place in a statement as it was written, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    /// Adds the place to an error.
    pub(crate) fn mark(self, error: Error) -> Error {
        error
            .with_detail("line", self.line)
            .with_detail("column", self.column)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, names: &[&str]) -> Result<Statement, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut used = vec![false; names.len()];
        Statement::new(text.into(), Dialect::Postgres, &names, &mut used)
    }

    #[test]
    fn names_become_numbers_and_places_are_found_again() {
        let text = "select :längst\nfrom t".replace('ä', "a");
        let statement = read(&text, &["x", "langst"]).unwrap();
        assert_eq!(statement.text, "select $1 \nfrom t");
        assert_eq!(statement.values, [1]);
        let from = statement.text.find("from").unwrap();
        assert_eq!(statement.place(from), Place { line: 2, column: 1 });
        let place = statement.place_of_character(from + 1);
        assert_eq!(place, Place { line: 2, column: 1 });
        assert_eq!(statement.place(3), Place { line: 1, column: 4 });
        assert_eq!(statement.place(999), Place { line: 2, column: 7 });
    }

    #[test]
    fn a_name_has_one_number() {
        let statement = read("select :a, :b, :a", &["b", "a"]).unwrap();
        assert_eq!(statement.text, "select $1 , $2 , $1 ");
        assert_eq!(statement.values, [1, 0]);
    }

    #[test]
    fn an_unknown_name_is_a_mistake() {
        let error = read("select :a", &["b"]).unwrap_err();
        assert_eq!(error, "`:a` in `query` has no value in `with`");
    }
}
