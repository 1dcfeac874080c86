//! What a plain scalar means: the core schema of YAML 1.2.

use crate::node::Content;

/// Returns the value of a scalar without quotes. `yes`, `no`, `on` and `off` are text, as YAML 1.2 has it.
pub(crate) fn resolve(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Content::Null,
        "true" | "True" | "TRUE" => return Content::Bool(true),
        "false" | "False" | "FALSE" => return Content::Bool(false),
        _ => {}
    }
    number(text).unwrap_or_else(|| Content::Text(text.into()))
}

fn number(text: &str) -> Option<Content> {
    let radix = |digits: &str, radix| {
        let value = u64::from_str_radix(digits, radix).ok()?;
        Some(i64::try_from(value).map_or(Content::Big(value), Content::Int))
    };
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => {
            let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
            return Some(Content::Float(sign * f64::INFINITY));
        }
        ".nan" | ".NaN" | ".NAN" if unsigned == text => return Some(Content::Float(f64::NAN)),
        _ => {}
    }
    // Rust also reads `inf` and `nan` as numbers, which YAML takes for text.
    let numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+');
    let has_digit = unsigned.starts_with(|c: char| c.is_ascii_digit())
        || unsigned
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if !has_digit || !unsigned.chars().all(numeric) {
        return None;
    }
    let whole = text
        .parse()
        .map(Content::Int)
        .or_else(|_| text.parse().map(Content::Big));
    whole.ok().or_else(|| text.parse().map(Content::Float).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_mean_what_yaml_1_2_says() {
        let text = |text: &str| Content::Text(text.into());
        for (written, meant) in [
            ("", Content::Null),
            ("null", Content::Null),
            ("true", Content::Bool(true)),
            ("on", text("on")),
            ("yes", text("yes")),
            ("42", Content::Int(42)),
            ("-7", Content::Int(-7)),
            ("0x1F", Content::Int(31)),
            ("0o17", Content::Int(15)),
            ("18446744073709551615", Content::Big(u64::MAX)),
            ("1e3", Content::Float(1000.0)),
            (".5", Content::Float(0.5)),
            ("1.2.3", text("1.2.3")),
            ("127.0.0.1", text("127.0.0.1")),
            ("inf", text("inf")),
            ("1s", text("1s")),
            ("e3", text("e3")),
            ("-", text("-")),
            ("0x", text("0x")),
            ("12:30", text("12:30")),
        ] {
            assert!(resolve(written) == meant, "{written}");
        }
    }
}
