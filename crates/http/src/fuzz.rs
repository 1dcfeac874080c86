//! What tests of hostile input are made of.

use compysition_core::testing::Dice;

/// How often each of them tries.
pub(crate) const ROUNDS: usize = 100_000;

/// Puts less than `most` words together.
pub(crate) fn text(dice: &mut Dice, words: &[&str], most: usize) -> String {
    (0..dice.roll(most)).map(|_| dice.pick(words)).collect()
}

/// Changes some bytes, or none, and cuts some off, or none.
pub(crate) fn mutated(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for _ in 0..dice.roll(3) {
        let at = dice.roll(changed.len());
        changed[at] = dice.roll(256) as u8;
    }
    if dice.roll(4) == 0 {
        changed.truncate(dice.roll(bytes.len()));
    }
    changed
}
