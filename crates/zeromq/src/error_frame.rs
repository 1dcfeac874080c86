//! How a client learns that its request failed.

use bytes::Bytes;
use compysition_core::{Error, ErrorKind};

/// What an error frame begins with.
const MARK: &str = "compysition/error ";

/// The most of a message that is said.
const LONGEST: usize = 1 << 10;

/// Returns the frame that stands for an answer when a request failed: `compysition/error KIND: MESSAGE`, one line of text.
pub(crate) fn write(error: &Error) -> Bytes {
    // An inner error's message may tell secrets.
    let message = match error.kind() {
        ErrorKind::Internal | ErrorKind::Panicked => "internal error",
        _ => error.message(),
    };
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let message: String = message.chars().map(plain).take(LONGEST).collect();
    format!("{MARK}{}: {message}", error.kind()).into()
}

/// Returns the error that an answer stands for, if it is an error frame.
pub(crate) fn read(answer: &[Bytes]) -> Option<Error> {
    let [frame] = answer else { return None };
    let said = frame.strip_prefix(MARK.as_bytes())?;
    let said = String::from_utf8_lossy(said);
    let (kind, message) = said.split_once(": ")?;
    // The peer's fault is none of ours, and its kind may be from a later version.
    let kind = match kind.parse() {
        Ok(ErrorKind::Internal | ErrorKind::Panicked) | Err(_) => ErrorKind::BadGateway,
        Ok(kind) => kind,
    };
    Some(Error::new(kind, message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_a_client_may_know() {
        for (error, frame, kind) in [
            (
                Error::not_found("no such\tcustomer: 7"),
                "compysition/error not_found: no such customer: 7",
                ErrorKind::NotFound,
            ),
            (
                Error::internal("password"),
                "compysition/error internal: internal error",
                ErrorKind::BadGateway,
            ),
        ] {
            let written = write(&error);
            assert_eq!(written, frame);
            assert_eq!(read(&[written]).unwrap().kind(), kind);
        }
    }

    #[test]
    fn answers_are_no_errors() {
        for frames in [
            vec!["error timeout: a"],
            vec!["compysition/error"],
            vec!["compysition/error timeout: a", ""],
            vec![],
        ] {
            let frames: Vec<Bytes> = frames.into_iter().map(Bytes::from).collect();
            assert!(read(&frames).is_none(), "{frames:?}");
        }
    }
}
