//! Measures the `xslt` actor against lxml and xsltproc, which stand on the same libxslt.
//!
//! `xslt [--rounds 5]`. Each transforms the same document, from text to text; in each round they run one
//! after the other. On two threads compysition runs two actors that share the stylesheet, lxml two Python
//! threads (it lets go of the interpreter's lock while libxslt works), xsltproc two processes.

mod documents;
mod flow;
mod peers;

use std::error::Error;

use benches::{Table, argument, cores, median, median_ratio, pin};

/// Returns the seconds that `times` transformations take.
type Contender = fn(&documents::Job) -> Result<f64, Box<dyn Error>>;

const CONTENDERS: [(&str, Contender); 3] = [
    ("lxml", peers::lxml),
    ("compysition", flow::measure),
    ("xsltproc", peers::xsltproc),
];

fn main() -> Result<(), Box<dyn Error>> {
    let rounds: usize = argument("rounds", 5);
    let all = cores();
    let title = format!("XSLT: documents a second, and ratios to lxml, median of {rounds} rounds");
    let mut table = Table::new(
        title,
        &[
            "",
            "lxml",
            "compysition",
            "xsltproc",
            "|",
            "compysition",
            "xsltproc",
        ],
    );
    let mut single = [f64::NAN; 2];

    for threads in [1, 2] {
        pin(&all[all.len().saturating_sub(threads)..]);
        for (number, (name, bytes, times)) in [("2 KB", 2_000, 8_000), ("100 KB", 100_000, 300)]
            .into_iter()
            .enumerate()
        {
            let job = documents::Job::new(bytes, times, threads)?;
            let mut rates: [Vec<f64>; 3] = Default::default();
            for _ in 0..rounds {
                for ((_, measure), rates) in CONTENDERS.iter().zip(&mut rates) {
                    rates.push(job.times as f64 / measure(&job)?);
                }
            }
            let rate = |of: &Vec<f64>| format!("{:.0}", median(of.iter().copied()));
            let ratio = |of: &Vec<f64>| format!("{:.2}", median_ratio(of, &rates[0]));
            table.row(
                &format!("{name}, {threads} thread(s)"),
                [
                    rate(&rates[0]),
                    rate(&rates[1]),
                    rate(&rates[2]),
                    "|".into(),
                    ratio(&rates[1]),
                    ratio(&rates[2]),
                ],
            );
            let ours = median(rates[1].iter().copied());
            if threads == 1 {
                single[number] = ours;
            } else {
                println!(
                    "{name}: compysition on two threads does {:.2} times what it does on one",
                    ours / single[number]
                );
            }
        }
    }
    table.print();
    Ok(())
}
