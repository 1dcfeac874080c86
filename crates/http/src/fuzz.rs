//! What tests of hostile input are made of.

/// How often each of them tries.
pub(crate) const ROUNDS: usize = 100_000;

/// Numbers that look like random ones, the same in each run (xorshift).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        dice.roll(2);
        dice
    }

    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) % sides as u64) as usize
    }

    /// Puts less than `most` words together.
    pub(crate) fn text(&mut self, words: &[&str], most: usize) -> String {
        let count = self.roll(most);
        (0..count).map(|_| words[self.roll(words.len())]).collect()
    }

    /// Changes some bytes, or none, and cuts some off, or none.
    pub(crate) fn mutated(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        for _ in 0..self.roll(3) {
            let at = self.roll(changed.len());
            changed[at] = self.roll(256) as u8;
        }
        if self.roll(4) == 0 {
            changed.truncate(self.roll(bytes.len()));
        }
        changed
    }
}
