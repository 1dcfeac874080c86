//! What a client says, a line at a time.

use crate::server::address::{is_address, path};

/// A command of SMTP.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command<'a> {
    Ehlo(&'a str),
    Helo(&'a str),
    /// Whom the message is from, empty for nobody, and how many bytes it will have, if the client knows.
    Mail(&'a str, Option<u64>),
    Rcpt(&'a str),
    Data,
    Rset,
    Noop,
    Quit,
    Vrfy,
    Starttls,
    /// The mechanism, and what it begins with.
    Auth(&'a str, Option<&'a str>),
}

/// What is answered to a line that is no command.
pub(crate) type Wrong = &'static str;

impl Command<'_> {
    /// Reads a line, without its end.
    pub(crate) fn parse(line: &[u8]) -> Result<Command<'_>, Wrong> {
        let text = std::str::from_utf8(line).map_err(|_| "500 5.5.2 commands are ASCII")?;
        if text.bytes().any(|byte| byte.is_ascii_control()) || !text.is_ascii() {
            return Err("500 5.5.2 commands are printable ASCII");
        }
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => name(rest).map(Command::Ehlo),
            "HELO" => name(rest).map(Command::Helo),
            "MAIL" => mail(rest),
            "RCPT" => rcpt(rest),
            "DATA" => alone(rest, Command::Data),
            "RSET" => alone(rest, Command::Rset),
            "NOOP" => Ok(Command::Noop),
            "QUIT" => alone(rest, Command::Quit),
            "VRFY" => Ok(Command::Vrfy),
            "STARTTLS" => alone(rest, Command::Starttls),
            "AUTH" => match rest.split_once(' ') {
                Some((mechanism, initial)) => Ok(Command::Auth(mechanism, Some(initial.trim()))),
                None if !rest.is_empty() => Ok(Command::Auth(rest, None)),
                None => Err("501 5.5.4 say which mechanism"),
            },
            _ => Err("500 5.5.2 there is no such command"),
        }
    }
}

fn name(rest: &str) -> Result<&str, Wrong> {
    match rest.is_empty() || rest.contains(' ') || rest.len() > 255 {
        true => Err("501 5.5.4 say who you are, in one word"),
        false => Ok(rest),
    }
}

fn alone<'a>(rest: &str, command: Command<'a>) -> Result<Command<'a>, Wrong> {
    match rest.is_empty() {
        true => Ok(command),
        false => Err("501 5.5.4 nothing may stand behind this command"),
    }
}

/// Returns what stands behind `FROM:` or `TO:`.
fn behind<'a>(rest: &'a str, word: &str) -> Option<&'a str> {
    let (before, after) = rest.split_once(':')?;
    before
        .trim()
        .eq_ignore_ascii_case(word)
        .then(|| after.trim_start())
}

fn mail(rest: &str) -> Result<Command<'_>, Wrong> {
    const FORM: Wrong = "501 5.5.4 write it like MAIL FROM:<ann@example.org>";
    let (from, parameters) = behind(rest, "FROM").and_then(path).ok_or(FORM)?;
    if !from.is_empty() && !is_address(from) {
        return Err("553 5.1.7 that is no address of a sender");
    }
    let mut size = None;
    for parameter in parameters.split_ascii_whitespace() {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match key.to_ascii_uppercase().as_str() {
            "SIZE" => {
                let bytes = value.parse();
                size = Some(bytes.map_err(|_| "501 5.5.4 SIZE is a number of bytes")?);
            }
            "BODY" if ["7BIT", "8BITMIME"].contains(&value.to_ascii_uppercase().as_str()) => {}
            // Who sent it to the client is of no use here, but clients that logged in may say so.
            "AUTH" => {}
            _ => return Err("555 5.5.4 there is no such parameter"),
        }
    }
    Ok(Command::Mail(from, size))
}

fn rcpt(rest: &str) -> Result<Command<'_>, Wrong> {
    const FORM: Wrong = "501 5.5.4 write it like RCPT TO:<bob@example.org>";
    match behind(rest, "TO").and_then(path).ok_or(FORM)? {
        (_, parameters) if !parameters.is_empty() => Err("555 5.5.4 there is no such parameter"),
        (to, _) if !is_address(to) => Err("553 5.1.3 that is no address of a receiver"),
        (to, _) => Ok(Command::Rcpt(to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_in_any_case() {
        for (line, command) in [
            ("ehlo me", Command::Ehlo("me")),
            ("MAIL FROM:<>", Command::Mail("", None)),
            (
                "mail from: <a@b> size=7 body=8bitmime",
                Command::Mail("a@b", Some(7)),
            ),
            ("RCPT TO:<a@b>", Command::Rcpt("a@b")),
            ("Data", Command::Data),
            (
                "AUTH PLAIN AGEAYg==",
                Command::Auth("PLAIN", Some("AGEAYg==")),
            ),
            ("AUTH LOGIN", Command::Auth("LOGIN", None)),
            ("noop whatever", Command::Noop),
        ] {
            assert_eq!(Command::parse(line.as_bytes()), Ok(command), "{line}");
        }
        for (line, code) in [
            ("", "500"),
            ("HELO", "501"),
            ("EHLO a b", "501"),
            ("DATA now", "501"),
            ("MAIL a@b", "501"),
            ("MAIL FROM:<a>", "553"),
            ("MAIL FROM:<a@b> SIZE=-1", "501"),
            ("MAIL FROM:<a@b> BODY=BINARYMIME", "555"),
            ("MAIL FROM:<a@b> SMTPUTF8", "555"),
            ("RCPT TO:<>", "553"),
            ("RCPT TO:<a@b> NOTIFY=NEVER", "555"),
            ("RCPT TO:<a@b>\0", "500"),
            ("NÖÖP", "500"),
        ] {
            let wrong = Command::parse(line.as_bytes()).unwrap_err();
            assert!(wrong.starts_with(code), "{line}: {wrong}");
        }
    }
}
