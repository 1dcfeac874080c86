//! What a client is told of how its message ended in the flow.

use compysition_core::{Error, ErrorKind, Outcome};

/// Returns the reply to a message. It is taken only if somebody else has it now; what may be better later is to be sent again.
pub(crate) fn reply(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(failure) if is_for_good(failure.error.kind()) => refusal(&failure.error),
        Outcome::Failed(failure) => {
            let kind = failure.error.kind();
            format!("451 4.3.0 not now, try again later: {kind}")
        }
        _ => "250 2.0.0 taken".to_owned(),
    }
}

/// Returns the reply to a message that would fail again.
pub(crate) fn refusal(error: &Error) -> String {
    let is_plain = |char: &char| char.is_ascii_graphic() || *char == ' ';
    let message: String = error.message().chars().filter(is_plain).take(400).collect();
    format!("554 5.6.0 {message}")
}

/// Tells whether the message is to blame, so that it would fail again.
fn is_for_good(kind: ErrorKind) -> bool {
    use ErrorKind::*;
    matches!(
        kind,
        Malformed
            | Unprocessable
            | TooLarge
            | UnsupportedMedia
            | Forbidden
            | NotFound
            | NotAllowed
            | NotAcceptable
            | Conflict
            | Gone
    )
}
