//! What stands before a request, and goes back before its answer.

use bytes::Bytes;

use crate::socket::Frames;

/// Splits a message at its first empty frame: the envelope, with that frame, and the rest. None if there is no empty frame.
pub(crate) fn split(mut frames: Frames) -> Result<(Frames, Frames), Frames> {
    match frames.iter().position(Bytes::is_empty) {
        Some(end) => {
            let body = frames.split_off(end + 1);
            Ok((frames, body))
        }
        None => Err(frames),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &[&'static str]) -> Frames {
        text.iter().map(|text| Bytes::from(*text)).collect()
    }

    #[test]
    fn ends_with_the_first_empty_frame() {
        for (message, envelope, body) in [
            (&["", "a"][..], &[""][..], &["a"][..]),
            (&["7", "", "a", "", "b"], &["7", ""], &["a", "", "b"]),
            (&["7", ""], &["7", ""], &[]),
        ] {
            let split = split(frames(message)).unwrap();
            assert_eq!(split, (frames(envelope), frames(body)));
        }
        assert_eq!(split(frames(&["a"])), Err(frames(&["a"])));
    }
}
