//! What the errors of a mail server mean.

use std::io;

use compysition_core::Error;
use lettre::transport::smtp::Error as SmtpError;

/// Says what was under way when it went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    Connecting,
    LoggingIn,
    Sending,
}

/// Makes the event's error of that of a mail server: what may be better later is `unavailable`, what is wrong with the message is
/// `unprocessable`, what is wrong between us and the server is `bad_gateway`.
pub(crate) fn fault(error: SmtpError, doing: Doing, server: &str) -> Error {
    let code = error.status().map(|code| code.to_string());
    let because = reason(&error);
    let made = match doing {
        _ if error.is_timeout() => timed_out(server),
        _ if error.is_transient() => Error::unavailable(format!(
            "the mail server {server} cannot take the message now: {because}"
        )),
        Doing::LoggingIn if error.is_permanent() => Error::bad_gateway(format!(
            "the mail server {server} refuses `user` and `password`: {because}"
        )),
        Doing::Sending if error.is_permanent() && !asks_for_login(code.as_deref()) => {
            Error::unprocessable(format!(
                "the mail server {server} refuses the message: {because}"
            ))
        }
        _ if error.is_permanent()
            || is_of_tls(&error)
            || error.is_client()
            || error.is_response() =>
        {
            Error::bad_gateway(format!("no mail can be given to {server}: {because}"))
        }
        _ => Error::unavailable(format!(
            "the mail server {server} cannot be reached: {because}"
        )),
    };
    let made = made.with_source(error);
    match code {
        Some(code) => made.with_detail("smtp_code", code),
        None => made,
    }
}

/// Makes the error of a server that takes too long.
pub(crate) fn timed_out(server: &str) -> Error {
    Error::timeout(format!(
        "the mail server {server} did not answer in time; the message may have been taken"
    ))
}

/// Tells whether it is not the message that is refused, but we.
fn asks_for_login(code: Option<&str>) -> bool {
    matches!(code, Some("530" | "534" | "535" | "538"))
}

/// Tells whether the peer is not who it should be, or cannot encrypt: to try again would not help.
fn is_of_tls(error: &SmtpError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        if io.is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        cause = error.source();
    }
    error.is_tls()
}

fn reason(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
