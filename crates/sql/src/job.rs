//! What is to be done for each event, and what came of it.

use std::time::Duration;

use compysition_core::{Error, Result};
use serde_json::{Map, Value, json};

use crate::sql::Rows;
use crate::statement::Statement;

/// What is to be done for each event.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) statements: Vec<Statement>,
    pub(crate) rows: Rows,
    pub(crate) max_rows: usize,
    pub(crate) timeout: Duration,
}

/// What the last statement made.
#[derive(Debug, PartialEq)]
pub(crate) enum Made {
    /// Rows, in the form that was asked for.
    Rows(Value),
    /// A statement that gives no rows changed so many.
    Affected(u64),
}

impl Made {
    /// Returns it as JSON.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Made::Rows(rows) => rows,
            Made::Affected(rows) => json!({ "affected": rows }),
        }
    }
}

impl Job {
    /// Begins to collect the rows of a statement.
    pub(crate) fn collect(&self) -> Collected {
        Collected {
            rows: Vec::new(),
            count: 0,
            most: self.max_rows,
            keep: match self.rows {
                Rows::List => usize::MAX,
                Rows::First => 1,
            },
        }
    }

    /// Tells of a statement that takes too long.
    pub(crate) fn too_slow(&self) -> Error {
        Error::timeout(format!(
            "the statement was not done in {:?}; it was called off",
            self.timeout
        ))
    }

    /// Makes the error of two columns that a row could not tell apart.
    ///
    /// # Errors
    /// If there are two.
    pub(crate) fn check_columns<'a>(columns: impl Iterator<Item = &'a str>) -> Result {
        let mut seen = Vec::new();
        for column in columns {
            if seen.contains(&column) {
                let message = format!("two columns are called `{column}`: name one with `as`");
                return Err(Error::internal(message));
            }
            seen.push(column);
        }
        Ok(())
    }
}

/// The rows of a statement, as they come in.
pub(crate) struct Collected {
    rows: Vec<Value>,
    count: usize,
    most: usize,
    keep: usize,
}

impl Collected {
    /// Tells whether the next row is needed at all.
    pub(crate) fn wants(&self) -> bool {
        self.rows.len() < self.keep
    }

    /// Counts a row, and keeps what there is of it.
    ///
    /// # Errors
    /// Exceeded, if it is one too many.
    pub(crate) fn add(&mut self, row: Option<Map<String, Value>>) -> Result {
        self.count += 1;
        if self.count > self.most {
            return Err(Error::exceeded(format!(
                "the statement gives more than {} rows: add `limit` to it, or raise `max_rows`",
                self.most
            )));
        }
        self.rows.extend(row.map(Value::Object));
        Ok(())
    }

    /// Returns the rows as they were asked for.
    ///
    /// # Errors
    /// Not found, if there is none and one was asked for.
    pub(crate) fn finish(mut self) -> Result<Made> {
        match self.keep {
            1 => match self.rows.pop() {
                Some(row) => Ok(Made::Rows(row)),
                None => Err(Error::not_found("the statement gives no row")),
            },
            _ => Ok(Made::Rows(Value::Array(self.rows))),
        }
    }
}
