//! Inputs that nobody thought of, for tests.

use std::time::{Duration, Instant};

/// Throws numbers that look like random ones, the same in each run, and makes hostile inputs of them.
///
/// ```
/// use compysition_core::testing::Dice;
///
/// let mut dice = Dice::new(7);
/// for _ in 0..1000 {
///     let input = dice.text(&["<a>", "</a>", "&", "x"], 8);
///     // Whatever it is, it is read or refused.
///     let _ = std::str::from_utf8(&input);
/// }
/// ```
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// Makes dice that always fall the same; another `seed` makes others.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.max(1))
    }

    /// Returns a number below `sides`.
    pub fn roll(&mut self, sides: usize) -> usize {
        // Xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }

    /// Returns one of several.
    pub fn pick<'a, T: ?Sized>(&mut self, several: &[&'a T]) -> &'a T {
        several[self.roll(several.len())]
    }

    /// Puts fewer than `most` words together, and any bytes between them.
    pub fn text(&mut self, words: &[&str], most: usize) -> Vec<u8> {
        let mut text = Vec::new();
        for _ in 0..self.roll(most) {
            self.add_to(&mut text, words);
        }
        text
    }

    /// Cuts, doubles, changes and adds something somewhere, once or several times.
    pub fn damage(&mut self, bytes: &mut Vec<u8>, words: &[&str]) {
        for _ in 0..=self.roll(3) {
            let at = self.roll(bytes.len() + 1);
            let end = (at + self.roll(12)).min(bytes.len());
            let part = match self.roll(6) {
                0 => {
                    bytes.truncate(at);
                    continue;
                }
                1 => Vec::new(),
                2 => bytes[at..end].repeat(2),
                3 => vec![self.roll(256) as u8],
                _ => {
                    let mut part = Vec::new();
                    self.add_to(&mut part, words);
                    part
                }
            };
            bytes.splice(at..end, part);
        }
    }

    fn add_to(&mut self, text: &mut Vec<u8>, words: &[&str]) {
        match self.roll(8) {
            0 => text.push(self.roll(256) as u8),
            _ => text.extend_from_slice(self.pick(words).as_bytes()),
        }
    }
}

/// Does some work, and panics if that takes longer, or if the process is larger by more bytes afterwards, where the system tells
/// its size.
pub fn within<T>(time: Duration, bytes: usize, work: impl FnOnce() -> T) -> T {
    let (begun, before) = (Instant::now(), resident());
    let done = work();
    let taken = begun.elapsed();
    assert!(taken < time, "it took {taken:?}");
    if let (Some(before), Some(after)) = (before, resident()) {
        let grown = after.saturating_sub(before);
        assert!(grown < bytes, "it grew by {grown} bytes");
        eprintln!("took {taken:.1?}, grew by {} KiB", grown >> 10);
    }
    done
}

/// Returns how many bytes of memory the process has.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: usize = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}
