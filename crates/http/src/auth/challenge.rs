//! What a client is told that may not come in.

/// Writes a text between quotation marks, as a parameter of a challenge (RFC 9110 §5.6.4).
pub(crate) fn quoted(text: &str) -> String {
    let printable = text.replace(char::is_control, " ");
    let escaped = printable.replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_quotation() {
        assert_eq!(quoted("a \"b\"\\\r\n"), r#""a \"b\"\\  ""#);
    }
}
