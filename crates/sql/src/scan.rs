//! Where the parameters of a statement are.

use std::ops::Range;

/// Whose SQL it is: they differ in what a text, a name and a comment look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// Finds the parameters (`:name`) of a statement; the ranges are those of the names with their colons. What stands in texts,
/// quoted names and comments is none, and neither is the type in `value::type`.
///
/// # Errors
/// If there are parameters of another kind, which nothing would be bound to.
pub(crate) fn parameters(text: &str, dialect: Dialect) -> Result<Vec<Range<usize>>, String> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let next = rest.get(1).copied().unwrap_or_default();
        let is_postgres = dialect == Dialect::Postgres;
        at += match byte {
            b'\'' | b'"' => quoted(rest, false),
            b'`' if !is_postgres => quoted(rest, false),
            b'[' if !is_postgres => until(rest, b"]"),
            b'-' if next == b'-' => until(rest, b"\n"),
            b'/' if next == b'*' => comment(rest, is_postgres),
            b'$' if is_postgres && !next.is_ascii_digit() => dollars(rest),
            b'?' if !is_postgres => return Err(foreign(text, at, 1)),
            b'@' | b'#' if !is_postgres && is_name(next) => return Err(foreign(text, at, 2)),
            b'$' if is_postgres || is_name(next) => return Err(foreign(text, at, 2)),
            b':' if matches!(next, b':' | b'=') => 2,
            b':' if starts_name(next) => {
                let length = 1 + name(&rest[1..]);
                found.push(at..at + length);
                length
            }
            _ if is_name(byte) => {
                let length = word(rest);
                let is_escaped = is_postgres && matches!(&rest[..length], b"e" | b"E");
                match rest.get(length) {
                    Some(b'\'') if is_escaped => length + quoted(&rest[length..], true),
                    _ => length,
                }
            }
            _ => 1,
        };
    }
    Ok(found)
}

fn foreign(text: &str, at: usize, length: usize) -> String {
    let shown = text.get(at..at + length).unwrap_or("$");
    format!("`{shown}` is no parameter here: write `:name`, and its value in `with`")
}

fn starts_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Returns the length of a parameter's name.
fn name(rest: &[u8]) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let end = rest.iter().position(|byte| !is_part(byte));
    end.unwrap_or(rest.len())
}

/// Returns the length of a key word, a name or a number: what follows it directly, such as `$1`, belongs to it.
fn word(rest: &[u8]) -> usize {
    let end = rest.iter().position(|&byte| !is_name(byte) && byte != b'$');
    end.unwrap_or(rest.len())
}

/// Returns the length of what begins with a quote. A quote that is doubled does not end it: what follows is taken for another
/// quoted text, which comes to the same.
fn quoted(rest: &[u8], has_escapes: bool) -> usize {
    let quote = rest[0];
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'\\' if has_escapes => at += 2,
            _ if byte == quote && has_escapes && rest.get(at + 1) == Some(&quote) => at += 2,
            _ if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Returns the length up to and with a mark.
fn until(rest: &[u8], mark: &[u8]) -> usize {
    let end = rest.windows(mark.len()).position(|window| window == mark);
    end.map_or(rest.len(), |end| end + mark.len())
}

/// Returns the length of a comment, in which PostgreSQL knows further ones.
fn comment(rest: &[u8], nests: bool) -> usize {
    let (mut depth, mut at) = (1, 2);
    while depth > 0 && at < rest.len() {
        at += match rest.get(at..at + 2) {
            Some(b"*/") => {
                depth -= 1;
                2
            }
            Some(b"/*") if nests => {
                depth += 1;
                2
            }
            _ => 1,
        };
    }
    at.min(rest.len())
}

/// Returns the length of a text between `$tag$` and `$tag$`, or of a lone dollar.
fn dollars(rest: &[u8]) -> usize {
    let tag = rest[1..].iter().position(|&byte| !is_name(byte));
    let Some(tag) = tag.filter(|&end| rest[1 + end] == b'$') else {
        return 1;
    };
    let (mark, body) = rest.split_at(tag + 2);
    mark.len() + until(body, mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, dialect: Dialect) -> Vec<&str> {
        let found = parameters(text, dialect).unwrap();
        found.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn parameters_are_found_where_they_are_some() {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let text = "insert into t values (:id,:body_2) where a=:id and b = ':no' -- :no\n and \":no\" = /* :no */ :x";
            assert_eq!(names(text, dialect), [":id", ":body_2", ":id", ":x"]);
            assert_eq!(names("select 'it''s :no', :yes", dialect), [":yes"]);
            assert_eq!(names("select ':no", dialect), [""; 0]);
            assert_eq!(names("select a /* :no", dialect), [""; 0]);
        }
    }

    #[test]
    fn casts_and_the_like_are_none() {
        let names = |text| names(text, Dialect::Postgres);
        assert_eq!(names("select :a::text, b::int[]"), [":a"]);
        assert_eq!(names("select a[1:2], f(x := :x)"), [":x"]);
        assert_eq!(names("select E'it\\'s :no', :yes"), [":yes"]);
        assert_eq!(names("select 'c:\\', :yes"), [":yes"]);
        assert_eq!(names("select $$ :no $$, $a$ :no $$ $a$, :yes"), [":yes"]);
        assert_eq!(names("select /* a /* b */ :no */ :yes"), [":yes"]);
        assert_eq!(names("select a ? 'b' and c @> :yes"), [":yes"]);
        assert_eq!(names("select größe$1, :yes"), [":yes"]);
    }

    #[test]
    fn names_in_other_quotes_are_none() {
        let names = |text| names(text, Dialect::Sqlite);
        assert_eq!(names("select [a:no], `:no`, :yes"), [":yes"]);
        assert_eq!(names("select /* a /* b */ :yes"), [":yes"]);
    }

    #[test]
    fn parameters_of_another_kind_are_mistakes() {
        for text in ["select ?", "select ?1", "select @a", "select $a"] {
            let error = parameters(text, Dialect::Sqlite).unwrap_err();
            assert!(error.contains("write `:name`"), "{error}");
        }
        assert!(parameters("select $1", Dialect::Postgres).is_err());
    }

    #[test]
    fn any_text_is_scanned_to_its_end() {
        let parts = [
            "'", "\"", "$", "$$", "$a$", "/*", "*/", "--", "\n", ":", "::", ":a", "E'", "\\", "[",
            "]", "`", "ä", "1", " ", "?", "@",
        ];
        let mut dice = 7_u64;
        for _ in 0..100_000 {
            let mut text = String::new();
            for _ in 0..dice % 12 {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                text += parts[(dice % parts.len() as u64) as usize];
            }
            dice = dice.wrapping_add(0x9e37_79b9);
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                for range in parameters(&text, dialect).unwrap_or_default() {
                    let name = text[range].strip_prefix(':').unwrap();
                    assert!(name.starts_with(['a', 'E']), "{text}");
                }
            }
        }
    }
}
