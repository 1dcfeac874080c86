//! Whatever clients send as cookies: no panic, and none that was not signed.

use compysition_core::testing::Dice;

use super::pairs::{decode, encode, values};
use super::signer::Signer;
use crate::secret::Secret;

const ROUNDS: u64 = 100_000;

#[test]
fn no_header_passes_that_was_not_signed() {
    let signer = Signer::new(&Secret::new("k".repeat(32)).unwrap());
    let good = signer.sign("session", &encode("ada; b"), None);
    let other = signer.sign("other", "eve", None);
    let words = [
        "session=", "session", "=", ";", "; ", "\"", ".", "..", "%", "%3B", "other", &good, &other,
        "ü", "7",
    ];
    let mut dice = Dice::new(17);
    let (mut found, mut passed) = (0, 0);
    for _ in 0..ROUNDS {
        let mut header = String::new();
        for _ in 0..dice.roll(9) {
            header.push_str(words[dice.roll(words.len())]);
        }
        for text in values(&header, "session") {
            found += 1;
            // Whatever it is, it can be looked at.
            let _ = decode(text);
            if let Some(value) = signer.verify("session", text) {
                assert_eq!(decode(value).unwrap(), "ada; b", "{header}");
                passed += 1;
            }
        }
    }
    assert!(
        found > 1000 && passed > 10,
        "{found} found, {passed} passed"
    );
}
