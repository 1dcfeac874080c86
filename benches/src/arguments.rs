use std::str::FromStr;

/// Returns what stands behind `--name` on the command line, or the default.
pub fn argument<T: FromStr>(name: &str, default: T) -> T {
    let mut arguments =
        std::env::args().skip_while(|argument| argument.strip_prefix("--") != Some(name));
    let value = arguments.nth(1);
    value
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}
