//! Routing ids as attributes show them.

use bytes::Bytes;

/// Writes an id: as it is, if it is printable text that does not begin with `0x`, else `0x` and its bytes in hexadecimal.
pub(crate) fn write(id: &[u8]) -> String {
    match std::str::from_utf8(id) {
        Ok(text) if !text.starts_with("0x") && !text.chars().any(char::is_control) => {
            text.to_owned()
        }
        _ => {
            let digits = id.iter().map(|byte| format!("{byte:02x}"));
            format!("0x{}", digits.collect::<String>())
        }
    }
}

/// Reads an id as [`write`] writes it.
pub(crate) fn read(text: &str) -> Bytes {
    let Some(digits) = text.strip_prefix("0x") else {
        return Bytes::copy_from_slice(text.as_bytes());
    };
    let pairs = digits.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| {
        let pair = std::str::from_utf8(pair)
            .ok()
            .filter(|pair| pair.len() == 2)?;
        u8::from_str_radix(pair, 16).ok()
    });
    let bytes: Option<Vec<u8>> = bytes.collect();
    // What is no hexadecimal is somebody's own name.
    bytes.map_or_else(|| Bytes::copy_from_slice(text.as_bytes()), Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shows_names_as_they_are() {
        assert_eq!(write(b"worker-1"), "worker-1");
        assert_eq!(write(b"\0\x80\0A"), "0x00800041");
        assert_eq!(read("0xzz"), "0xzz");
        assert_eq!(read("0x0"), "0x0");
    }

    proptest! {
        #[test]
        fn reads_back(id in proptest::collection::vec(any::<u8>(), 0..20)) {
            prop_assert_eq!(read(&write(&id)), Bytes::from(id));
        }
    }
}
