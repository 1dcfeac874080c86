//! Flow files with seeded damage: `check` says what is wrong, and soon, and never panics.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::table::cases;
use crate::{flows, loader, root};

/// How many are looked at; `MUTATIONS` asks for another number.
const COUNT: usize = 100_000;
/// A file that takes so long would take for ever: they take a quarter of a millisecond each.
const FOR_EVER: Duration = Duration::from_secs(60);
/// What all of it may take of memory, in kB. The process has 70 MB when it is done.
const MOST_MEMORY: usize = 1 << 20;

const PIECES: [&str; 34] = [
    ":",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\"",
    "'",
    "\n",
    "  ",
    "#",
    "&a ",
    "*a",
    "!x ",
    "---\n",
    "|\n",
    "${",
    "${x}",
    "{{",
    "}}",
    "{% if %}",
    "->",
    ".error",
    "null",
    "-1",
    "0",
    "1e999",
    "\u{0}",
    "ü",
    "discard",
    "event_generator",
    "${file:flow.yaml}",
];

/// A generator of pseudo-random numbers (Vigna's SplitMix64), so that a seed gives the same file for ever.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

fn damage(text: &mut String, dice: &mut Dice) {
    let at = boundary(text, dice.below(text.len() + 1));
    let end = boundary(text, at + dice.below(20)).max(at);
    let piece = PIECES[dice.below(PIECES.len())];
    match dice.below(6) {
        0 => text.truncate(at),
        1 => text.replace_range(at..end, ""),
        2 => {
            let part = text[at..end].to_owned();
            text.insert_str(at, &part);
        }
        3 => {
            let lines: Vec<&str> = text.split('\n').collect();
            let (from, to) = (dice.below(lines.len()), dice.below(lines.len()));
            let mut lines = lines.clone();
            lines.swap(from, to);
            *text = lines.join("\n");
        }
        4 => text.insert_str(at, piece),
        _ => text.replace_range(at..end, piece),
    }
}

#[test]
fn a_damaged_file_is_refused_in_words() {
    let count = std::env::var("MUTATIONS")
        .ok()
        .and_then(|count| count.parse().ok());
    let count = count.unwrap_or(COUNT);
    let wrong = root().join("tests/wrong/flow.yaml");
    let mut files: Vec<(PathBuf, String)> = flows();
    files.extend(cases().into_iter().map(|case| (wrong.clone(), case.text)));
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    let refused = AtomicUsize::new(0);
    let work = || {
        let loader = loader();
        loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= count {
                return;
            }
            let mut dice = Dice(seed as u64);
            let (path, text) = &files[seed % files.len()];
            let mut text = text.clone();
            for _ in 0..=dice.below(4) {
                damage(&mut text, &mut dice);
            }
            let began = Instant::now();
            let found = loader.load_text(path, &text);
            if let Err(found) = found {
                refused.fetch_add(1, Relaxed);
                assert!(!found.to_string().is_empty(), "seed {seed}: {text}");
                let lines = text.replace('\r', "\n").split('\n').count();
                for one in found.iter().filter(|one| one.path() == Some(path)) {
                    let line = one.line().unwrap_or(1);
                    assert!(
                        (1..=lines + 1).contains(&line),
                        "seed {seed}, line {line}: {text}"
                    );
                    assert!(one.end_column() > one.column(), "seed {seed}: {text}");
                }
            }
            assert!(
                began.elapsed() < FOR_EVER,
                "seed {seed} took {:?}: {text}",
                began.elapsed()
            );
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let refused = refused.load(Relaxed);
    println!(
        "{count} damaged files in {:?}, {refused} refused",
        begun.elapsed()
    );
    assert!(refused * 2 > count, "only {refused} of {count} are wrong");
    if let Some(peak) = peak_memory() {
        println!("{peak} kB at most");
        assert!(peak < MOST_MEMORY, "{peak} kB of memory");
    }
}

/// Returns the most memory that the process ever had, in kB, where the system tells it.
fn peak_memory() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
