//! Finds the filters, tests and calls in a source, which the engine itself only meets when it runs them.

/// A word of a source whose use the engine checks too late.
#[derive(Debug, PartialEq)]
pub(crate) struct Word<'a> {
    pub(crate) used: Used,
    pub(crate) name: &'a str,
    /// The first argument of a call, if it is text written out without escapes.
    pub(crate) argument: Option<&'a str>,
}

#[derive(Debug, PartialEq, Clone, Copy)]
pub(crate) enum Used {
    Filter,
    Test,
    Call,
}

/// Returns the words of a source. In a template only what stands in braces counts.
pub(crate) fn words(source: &str, is_template: bool) -> Vec<Word<'_>> {
    let mut found = Vec::new();
    // A raw block's braces are text; it is too rare to be worth more than leaving the check out.
    if is_template && source.contains("raw") {
        return found;
    }
    let mut rest = source;
    let mut inside = !is_template;
    let mut before = "";
    while let Some(c) = rest.chars().next() {
        if !inside {
            inside = rest.starts_with("{{") || rest.starts_with("{%");
            rest = &rest[if inside { 2 } else { c.len_utf8() }..];
            continue;
        }
        if is_template && (rest.starts_with("}}") || rest.starts_with("%}")) {
            (inside, rest, before) = (false, &rest[2..], "");
            continue;
        }
        let token = token(rest);
        rest = &rest[token.len()..];
        if token.trim().is_empty() {
            continue;
        }
        if is_name(token) {
            let used = match before {
                "|" => Some(Used::Filter),
                "is" if token != "not" => Some(Used::Test),
                "." => None,
                _ if rest.trim_start().starts_with('(') => Some(Used::Call),
                _ => None,
            };
            let argument = literal(rest).filter(|_| used == Some(Used::Call));
            // Without a literal first argument there is nothing to check in a call.
            if let Some(used) = used.filter(|used| *used != Used::Call || argument.is_some()) {
                found.push(Word {
                    used,
                    name: token,
                    argument,
                });
            }
        }
        before = if before == "is" && token == "not" {
            "is"
        } else {
            token
        };
    }
    found
}

/// Returns the token that text begins with: a name, a string, spaces, or one character.
fn token(text: &str) -> &str {
    let Some(first) = text.chars().next() else {
        return "";
    };
    let end = match first {
        '\'' | '"' => string_end(text, first),
        c if c.is_alphanumeric() || c == '_' => {
            text.find(|c: char| !c.is_alphanumeric() && c != '_')
        }
        c if c.is_whitespace() => text.find(|c: char| !c.is_whitespace()),
        c => Some(c.len_utf8()),
    };
    &text[..end.unwrap_or(text.len())]
}

fn string_end(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (index, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(index + 1),
            _ => {}
        }
    }
    None
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Returns the text that is the first argument of the call that follows.
fn literal(rest: &str) -> Option<&str> {
    let argument = rest.trim_start().strip_prefix('(')?.trim_start();
    let quote = argument
        .chars()
        .next()
        .filter(|c| matches!(c, '\'' | '"'))?;
    let text = token(argument);
    let text = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!text.contains('\\')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(source: &str, is_template: bool) -> Vec<(Used, &str)> {
        words(source, is_template)
            .iter()
            .map(|word| (word.used, word.name))
            .collect()
    }

    #[test]
    fn finds_filters_tests_and_calls() {
        let source = "a | upper == 'x | y' and b is not defined and jsonpath( '$.a' ) or c.is(1)";
        let expected = [
            (Used::Filter, "upper"),
            (Used::Test, "defined"),
            (Used::Call, "jsonpath"),
        ];
        assert_eq!(summary(source, false), expected);
        assert_eq!(words(source, false)[2].argument, Some("$.a"));
    }

    #[test]
    fn text_outside_braces_is_text() {
        assert_eq!(
            summary("a | b {{ c | trim }} | d", true),
            [(Used::Filter, "trim")]
        );
        assert_eq!(summary("'{{ it\\'s", true), []);
    }
}
