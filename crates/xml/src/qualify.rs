//! Gives the unprefixed steps of an XPath expression a prefix.

/// Returns the expression with `prefix:` before each unprefixed name of an element, so that it finds
/// the elements of a default namespace. Attributes, variables, functions, axes, node types and
/// operators stay as they are.
pub(crate) fn qualify(expression: &str, prefix: &str) -> String {
    let mut output = String::with_capacity(expression.len() + 16);
    let mut rest = expression;
    let mut before = Before::Start;
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest, first);
        let (token, after) = rest.split_at(length);
        if is_name_start(first) {
            if before.is_element_name(after) {
                output.push_str(prefix);
                output.push(':');
            }
            before = before.after_name(token, after);
        } else {
            before = before.after_symbol(token, first);
        }
        output.push_str(token);
        rest = after;
    }
    output
}

/// What stands before a token, as far as it decides what a name means.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// Nothing, an operator, an opening bracket, a comma: a step or a function follows.
    Start,
    /// An operand has ended: a name is an operator.
    Operand,
    /// `@`, `$`, `attribute::`, `namespace::` or `prefix:`: a name that is no element's of ours.
    Other,
}

impl Before {
    fn is_element_name(self, after: &str) -> bool {
        let next = after.trim_start();
        self == Before::Start && !next.starts_with(['(', ':'])
    }

    fn after_name(self, name: &str, after: &str) -> Before {
        let next = after.trim_start();
        if self == Before::Operand {
            return Before::Start; // `and`, `or`, `div`, `mod`
        }
        if next.starts_with("::") {
            return match name {
                "attribute" | "namespace" => Before::Other,
                _ => Before::Start,
            };
        }
        if next.starts_with(':') {
            return Before::Other;
        }
        Before::Operand
    }

    fn after_symbol(self, token: &str, first: char) -> Before {
        match first {
            _ if first.is_whitespace() => self,
            ')' | ']' | '.' | '"' | '\'' | '0'..='9' => Before::Operand,
            '@' | '$' => Before::Other,
            // After `::` and a prefix's `:` the name before them has already decided.
            ':' => self,
            '*' if self != Before::Operand => Before::Operand,
            _ => {
                debug_assert!(!token.is_empty());
                Before::Start
            }
        }
    }
}

/// Returns the length of the token that the text begins with: a name, a literal, a number, or one
/// character (two for `..` and `::`).
fn token_length(text: &str, first: char) -> usize {
    let until = |stop: &dyn Fn(char) -> bool| text.find(stop).unwrap_or(text.len());
    match first {
        '"' | '\'' => text[1..].find(first).map_or(text.len(), |end| end + 2),
        '0'..='9' => until(&|c| !c.is_ascii_digit() && c != '.'),
        _ if is_name_start(first) => until(&|c| !is_name(c)),
        _ if text.starts_with("..") || text.starts_with("::") => 2,
        _ => first.len_utf8(),
    }
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{b7}')
}

#[cfg(test)]
mod tests {
    use super::qualify;

    #[test]
    fn only_the_names_of_elements_get_a_prefix() {
        for (expression, qualified) in [
            ("a", "d:a"),
            ("/a/b", "/d:a/d:b"),
            ("//a[@b]/@c", "//d:a[@b]/@c"),
            ("a[b = 'c d']", "d:a[d:b = 'c d']"),
            ("count(a) + 1", "count(d:a) + 1"),
            ("text()", "text()"),
            ("a/text( )", "d:a/text( )"),
            ("child::a/attribute::b", "child::d:a/attribute::b"),
            ("ancestor :: a", "ancestor :: d:a"),
            ("x:a/b", "x:a/d:b"),
            ("x:*", "x:*"),
            ("*", "*"),
            ("* * a", "* * d:a"),
            ("a * b", "d:a * d:b"),
            ("div div mod", "d:div div d:mod"),
            ("a and b or c", "d:a and d:b or d:c"),
            ("$a + b", "$a + d:b"),
            ("../a/./b", "../d:a/./d:b"),
            ("a|b", "d:a|d:b"),
            ("a-b", "d:a-b"),
            ("a - b", "d:a - d:b"),
            ("not(a) and (b)", "not(d:a) and (d:b)"),
            ("a[1]and b", "d:a[1]and d:b"),
            ("processing-instruction('a')", "processing-instruction('a')"),
            ("é/ö", "d:é/d:ö"),
            ("f(a, b)", "f(d:a, d:b)"),
            ("1.5 div a", "1.5 div d:a"),
            (".5 div a", ".5 div d:a"),
            ("'unclosed", "'unclosed"),
            ("", ""),
        ] {
            assert_eq!(qualify(expression, "d"), qualified, "{expression}");
        }
    }
}
