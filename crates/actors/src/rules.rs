//! Routes in a file of their own, which is read again when it has changed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use compysition_core::{Context, Error, Result, Surroundings};
use compysition_expression::{Expression, Functions};
use tokio::time::Instant;

use crate::routes::Routes;

/// How long the file is not looked at again.
const EVERY: Duration = Duration::from_secs(1);

/// How many mistakes are told of a file; one that is of another kind has as many as lines.
const MOST_TOLD: usize = 20;

/// How large the file may be.
const LARGEST: u64 = 1 << 20;

/// The rules of a file, as they were when they were right the last time.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    path: PathBuf,
    outboxes: Vec<String>,
    routes: Routes,
    /// What the file said the last time, or why it could not be read.
    seen: Result<String, String>,
    look_at: Option<Instant>,
    // New conditions are compiled where the first were: they may call the same functions.
    functions: Functions,
    surroundings: Surroundings,
}

impl Rules {
    /// Reads a file whose rules send to these outboxes.
    ///
    /// # Errors
    /// Internal, with the file and the line, if it cannot be read or a rule is none.
    pub(crate) fn read(path: PathBuf, outboxes: Vec<String>) -> Result<Rules> {
        let mut rules = Rules {
            seen: read(&path),
            path,
            outboxes,
            routes: Routes::default(),
            look_at: None,
            functions: Functions::current(),
            surroundings: Surroundings::current(),
        };
        let understood = rules.understood();
        rules.routes = understood.map_err(|wrong| Error::internal(wrong.join("; ")))?;
        Ok(rules)
    }

    pub(crate) fn routes(&self) -> &Routes {
        &self.routes
    }

    pub(crate) fn outboxes(&self) -> impl Iterator<Item = &str> {
        self.outboxes.iter().map(String::as_str)
    }

    /// Looks at the file again, if it was not a moment ago. What is wrong with it is logged, and leaves the rules as they were.
    pub(crate) async fn refresh(&mut self, ctx: &Context) {
        if self.look_at.is_some_and(|at| ctx.now() < at) {
            return;
        }
        let path = self.path.clone();
        let found = ctx.blocking(move || read(&path)).await;
        self.look_at = Some(ctx.now() + EVERY);
        // The whole text is compared: times of files are too coarse to tell two changes apart.
        let Ok(found) = found else { return };
        if found == self.seen {
            return;
        }
        self.seen = found;
        let (flow, actor) = (ctx.flow(), ctx.actor());
        match self.understood() {
            Ok(routes) => {
                self.routes = routes;
                let (count, path) = (self.routes.outboxes().count(), self.path.display());
                tracing::info!(flow, actor, "read {count} rules anew from `{path}`");
            }
            Err(wrong) => {
                for why in wrong {
                    tracing::error!(flow, actor, "{why}; the rules stay as they were");
                }
            }
        }
    }

    /// Returns what the file says now, or all that is wrong with it.
    fn understood(&self) -> Result<Routes, Vec<String>> {
        let path = self.path.display();
        let unread = |why: &String| vec![format!("cannot read `{path}`: {why}")];
        let text = self.seen.as_ref().map_err(unread)?;
        let compile = || parse(text, &self.outboxes);
        let functions = self.functions.clone();
        let surroundings = self.surroundings.clone();
        let parsed = surroundings.enter(|| functions.enter(compile));
        parsed.map_err(|mut wrong| {
            let more = wrong.len().saturating_sub(MOST_TOLD);
            wrong.truncate(MOST_TOLD);
            let wrong = wrong.into_iter();
            let wrong = wrong.map(|(line, why)| format!("{path}:{line}: {why}"));
            let more = (more > 0).then(|| format!("{path}: more lines that are no rules: {more}"));
            wrong.chain(more).collect()
        })
    }
}

fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    // To open a pipe would wait for who writes to it.
    let known = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !known.is_file() {
        return Err("it is no file".into());
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let read = file.take(LARGEST + 1).read_to_string(&mut text);
    read.map_err(|error| error.to_string())?;
    match text.len() as u64 > LARGEST {
        true => Err(format!("it is larger than {LARGEST} bytes")),
        false => Ok(text),
    }
}

/// What is wrong with rules, by their lines.
type Wrong = Vec<(usize, String)>;

/// Reads rules, each on a line: an outbox and its condition, as they stand in a map of YAML.
fn parse(text: &str, outboxes: &[String]) -> Result<Routes, Wrong> {
    let mut routes = Routes::default();
    let mut wrong = Wrong::new();
    for (at, line) in text.lines().enumerate() {
        if let Err(why) = add(line, outboxes, &mut routes) {
            wrong.push((at + 1, why));
        }
    }
    match wrong.is_empty() {
        true => Ok(routes),
        false => Err(wrong),
    }
}

fn add(line: &str, outboxes: &[String], routes: &mut Routes) -> Result<(), String> {
    let Some((outbox, condition)) = rule(line)? else {
        return Ok(());
    };
    if !outboxes.iter().any(|known| known == outbox) {
        let known = outboxes.join(", ");
        return Err(format!("`{outbox}` is none of the `outboxes`: {known}"));
    }
    let condition = Expression::new(condition);
    let added = condition.and_then(|condition| routes.add(outbox.to_owned(), condition));
    added.map_err(|error| error.message().to_owned())
}

/// Returns the outbox and the condition that a line has, if it has any.
fn rule(line: &str) -> Result<Option<(&str, String)>, String> {
    let begin = line.trim_start();
    if begin.is_empty() || begin.starts_with('#') {
        return Ok(None);
    }
    if begin.len() < line.len() {
        return Err("a rule begins at the beginning of its line, and has one line".into());
    }
    let is_key = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t']);
    let rule = line.split_once(':').filter(|(_, rest)| is_key(rest));
    let (outbox, condition) = rule.ok_or("this is no rule: write `OUTBOX: CONDITION`")?;
    let condition = scalar(condition.trim())?;
    match condition.is_empty() {
        true => Err(format!("`{outbox}` has no condition")),
        false => Ok(Some((outbox.trim_end(), condition))),
    }
}

/// Undoes the quotes that a text of YAML may have, and takes the comment behind it off.
fn scalar(text: &str) -> Result<String, String> {
    let quote = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        Some('[' | '{' | '|' | '>' | '&' | '*' | '!' | '%' | '@' | '`') => {
            let why = "put the condition into quotes: it begins with what means something in YAML";
            return Err(why.into());
        }
        _ => return plain(text),
    };
    let (mut made, mut rest) = (String::new(), text[1..].chars());
    loop {
        match (quote, rest.next().ok_or("the quote is not closed")?) {
            ('"', '\\') => match rest.next() {
                Some(escaped @ ('"' | '\\')) => made.push(escaped),
                _ => return Err("behind `\\` in double quotes stands `\"` or `\\`".into()),
            },
            ('\'', '\'') if rest.as_str().starts_with('\'') => made.extend(rest.next()),
            (quote, letter) if letter == quote => break,
            (_, letter) => made.push(letter),
        }
    }
    let behind = rest.as_str();
    let is_comment = behind.starts_with([' ', '\t']) && behind.trim_start().starts_with('#');
    match behind.trim().is_empty() || is_comment {
        true => Ok(made),
        false => Err(format!(
            "there is something behind the quotes: {}",
            behind.trim()
        )),
    }
}

fn plain(text: &str) -> Result<String, String> {
    let comment = match text.starts_with('#') {
        true => Some(0),
        false => text.find(" #").or_else(|| text.find("\t#")),
    };
    let text = text[..comment.unwrap_or(text.len())].trim_end();
    match text.contains(": ") || text.ends_with(':') {
        true => Err("put the condition into quotes: `: ` means something in YAML".into()),
        false => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use compysition_core::testing::Dice;

    use super::*;

    fn outboxes() -> Vec<String> {
        ["eu", "big"].map(String::from).to_vec()
    }

    fn conditions(text: &str) -> Vec<String> {
        let routes = parse(text, &outboxes()).unwrap();
        let both = |(outbox, condition): (&str, &Expression)| {
            format!("{outbox} if {}", condition.source())
        };
        routes.iter().map(both).collect()
    }

    #[test]
    fn rules_are_lines_of_yaml() {
        let text = "# by region\n\neu: payload.region == 'eu' # all of it\r\nbig: \"text == \\\"a: b\\\"\"\n";
        assert_eq!(
            conditions(text),
            ["eu if payload.region == 'eu'", "big if text == \"a: b\""]
        );
        assert_eq!(
            conditions("eu: 'text == ''#1'' ' # x"),
            ["eu if text == '#1' "]
        );
        assert_eq!(conditions(""), [""; 0]);
    }

    #[test]
    fn what_is_no_rule_is_told_with_its_line() {
        for (text, line, part) in [
            ("eu: true\nuk: true", 2, "none of the `outboxes`: eu, big"),
            ("eu: true\neu: false", 2, "two routes `eu`"),
            ("\n\neu: payload.total >", 3, "unexpected end"),
            ("eu", 1, "this is no rule"),
            ("eu:true", 1, "this is no rule"),
            ("eu: # later", 1, "`eu` has no condition"),
            (" eu: true", 1, "begins at the beginning"),
            ("eu: { 'a': 1 } == payload", 1, "into quotes"),
            ("eu: payload == { 'a': 1 }", 1, "into quotes"),
            ("eu: 'text", 1, "the quote is not closed"),
            ("eu: 'a' == text", 1, "behind the quotes: == text"),
            ("eu: \"\\x\"", 1, "behind `\\`"),
        ] {
            let wrong = parse(text, &outboxes()).unwrap_err();
            let [(at, why)] = &wrong[..] else {
                panic!("{text}: {wrong:?}");
            };
            assert!(*at == line && why.contains(part), "{text}: {at}: {why}");
        }
    }

    #[test]
    fn all_that_are_no_rules_are_told() {
        let wrong = parse("uk: true\n\neu: true\nbig\neu: text ==", &outboxes()).unwrap_err();
        let lines: Vec<usize> = wrong.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 4, 5], "{wrong:?}");
    }

    #[test]
    fn any_file_is_read_or_refused() {
        let words = [
            "eu: ", "big: ", "\n", "text", " == ", "'", "\"", "\\", "#", " ", "{", "}", ":", "é",
        ];
        let mut dice = Dice::new(13);
        let (mut good, mut bad) = (0, 0);
        for _ in 0..100_000 {
            let text = dice.text(&words, 10);
            match parse(&String::from_utf8_lossy(&text), &outboxes()) {
                Ok(routes) => good += usize::from(routes.outboxes().count() > 0),
                Err(wrong) => {
                    assert!(!wrong.is_empty());
                    assert!(wrong.iter().all(|(line, why)| *line > 0 && !why.is_empty()));
                    bad += 1;
                }
            }
        }
        assert!(good > 50 && bad > 1000, "{good} good, {bad} bad");
    }
}
