//! How wide text is, as far as one can know without its font.

/// Estimates the width of a text, on the generous side, for a font of this size.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let ems: f64 = text.chars().map(em).sum();
    ems * size * if bold { 1.08 } else { 1.0 }
}

/// Cuts a text that is longer than this many characters; what was cut is shown as dots.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let head: String = text.chars().take(most - 1).collect();
    format!("{head}…")
}

/// The widths of DejaVu Sans, the widest of the fonts that a viewer may have.
fn em(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.31,
        'I' | '.' | ',' | ':' | ';' | ' ' => 0.35,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | '\\' | '!' => 0.41,
        'm' | 'W' | '%' | '@' => 1.0,
        'w' | 'M' | 'O' | 'Q' | '+' | '=' | '<' | '>' | '~' | '#' | '×' | '→' => 0.86,
        'A'..='Z' => 0.72,
        '_' => 0.5,
        ' '..='~' => 0.63,
        '…' | '\u{1100}'.. => 1.05,
        _ => 0.75,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_take_more_room() {
        assert!(width("mmm", 12.0, false) > 2.0 * width("iii", 12.0, false));
        assert!(width("abc", 12.0, true) > width("abc", 12.0, false));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(shortened("äöüß", 3), "äö…");
        assert_eq!(shortened("abc", 3), "abc");
    }
}
