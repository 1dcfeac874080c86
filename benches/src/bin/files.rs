//! Measures a flow that reads a file and writes it again, a line an event and a thousand, against `mawk '{print}'`.
//!
//! `files [--rounds 3] [--megabytes 300] [--directory /tmp]`. Each round runs mawk and both flows over the same file, one right after
//! the other, and each ratio is to mawk in the same round. What was written is compared each time.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use benches::{Table, argument, median, median_ratio};
use compysition_core::Director;
use compysition_files::{FileIn, FileOut};
use serde_json::json;

/// As the program has.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// How long lines are, in bytes, with their ends.
const LENGTHS: [usize; 3] = [110, 300, 1000];

/// How many lines are an event, and what share of mawk's rate they are to have.
const BATCHES: [(usize, f64); 2] = [(1, 0.4), (1000, 0.9)];

fn main() -> Done {
    let mut arguments = std::env::args().skip_while(|argument| argument != "copy");
    if arguments.next().is_some() {
        let [from, to, batch] = [arguments.next(), arguments.next(), arguments.next()];
        let missing = "copy FROM TO LINES";
        return copy(
            &from.ok_or(missing)?,
            &to.ok_or(missing)?,
            batch.ok_or(missing)?.parse()?,
        );
    }
    let rounds: usize = argument("rounds", 3);
    let megabytes: usize = argument("megabytes", 300);
    let directory: PathBuf = argument("directory", std::env::temp_dir());
    let directory = directory.join(format!("bench-files-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let measured = measure(&directory, megabytes, rounds);
    fs::remove_dir_all(&directory)?;
    measured
}

fn measure(directory: &Path, megabytes: usize, rounds: usize) -> Done {
    println!("files: {megabytes} MB, medians of {rounds} rounds");
    let head = ["", "mawk lines/s", "lines/s", "ratio", "at least"];
    let mut table = Table::new("file_in -> file_out", &head);
    let [from, to, other] = ["in.txt", "out.txt", "mawk.txt"].map(|name| directory.join(name));
    for length in LENGTHS {
        let lines = megabytes * 1_000_000 / length;
        write_lines(&from, length, lines)?;
        let mut bare = Vec::new();
        let mut rates = [const { Vec::new() }; BATCHES.len()];
        // The first round warms up and does not count.
        for round in 0..=rounds {
            let one = rate(lines, || {
                let mawk = Command::new("mawk")
                    .arg("{print}")
                    .stdin(File::open(&from)?)
                    .stdout(File::create(&other)?)
                    .status()?;
                Ok(mawk.success())
            })?;
            for ((batch, _), rates) in BATCHES.iter().zip(&mut rates) {
                let one = rate(lines, || {
                    let own = Command::new(std::env::current_exe()?)
                        .arg("copy")
                        .args([&from, &to])
                        .arg(batch.to_string())
                        .stderr(Stdio::inherit())
                        .status()?;
                    Ok(own.success())
                })?;
                if round > 0 {
                    rates.push(one);
                }
                if !Command::new("cmp").args([&from, &to]).status()?.success() {
                    return Err("what was written is not what was read".into());
                }
                fs::remove_file(&to)?;
            }
            fs::remove_file(&other)?;
            if round > 0 {
                bare.push(one);
            }
        }
        for ((batch, least), rates) in BATCHES.iter().zip(&rates) {
            let ratio = median_ratio(rates, &bare);
            let cells = [median(bare.clone()), median(rates.clone())];
            let cells = cells.map(|rate| format!("{rate:.0}"));
            table.row(
                &format!("lines of {length} B, {batch} an event"),
                [&cells[..], &[format!("{ratio:.2}"), format!("{least:.2}")]].concat(),
            );
        }
    }
    table.print();
    Ok(())
}

/// Runs what handles so many lines, and returns how many it does a second.
fn rate(lines: usize, run: impl FnOnce() -> Done<bool>) -> Done<f64> {
    let began = Instant::now();
    match run()? {
        true => Ok(lines as f64 / began.elapsed().as_secs_f64()),
        false => Err("a copy did not end well".into()),
    }
}

fn write_lines(path: &Path, length: usize, lines: usize) -> Done {
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..lines {
        writeln!(file, "{number:010} {:x<width$}", "", width = length - 12)?;
    }
    Ok(file.flush()?)
}

/// Copies a file through a flow.
#[tokio::main]
async fn copy(from: &str, to: &str, batch: usize) -> Done {
    let settings = json!({ "path": from, "codec": "lines", "batch": batch, "once": true, "ready": { "stable": "0s" } });
    let mut director = Director::new("copy");
    let source = director.register("in", serde_json::from_value::<FileIn>(settings)?);
    let sink = FileOut::to(to).map_err(|error| error.to_string())?;
    let sink = director.register("out", sink);
    director.connect(source, sink);
    let flow = director.start().await?;
    flow.block().await;
    match flow.stop().await.is_clean() {
        true => Ok(()),
        false => Err("the flow did not end well".into()),
    }
}
