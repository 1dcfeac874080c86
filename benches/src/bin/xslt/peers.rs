//! lxml and xsltproc, each in a process of its own.

use std::error::Error;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::documents::{Job, file};

pub(crate) fn lxml(job: &Job) -> Result<f64, Box<dyn Error>> {
    // Debian's Python, since Debian's lxml belongs to it.
    let output = Command::new("/usr/bin/python3")
        .args([file("lxml_peer.py"), file("orders.xsl"), job.file.clone()])
        .args([job.times.to_string(), job.threads.to_string()])
        .stderr(Stdio::inherit())
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Gives each process its share of the documents in one call, so that a process start weighs little.
pub(crate) fn xsltproc(job: &Job) -> Result<f64, Box<dyn Error>> {
    let share = vec![job.file.clone(); job.times / job.threads];
    let began = Instant::now();
    let start = |_| {
        Command::new("xsltproc")
            .arg(file("orders.xsl"))
            .args(&share)
            .stdout(Stdio::null())
            .spawn()
    };
    let processes: Vec<Child> = (0..job.threads).map(start).collect::<Result<_, _>>()?;
    for mut process in processes {
        let status = process.wait()?;
        if !status.success() {
            return Err(format!("xsltproc ended with {status}").into());
        }
    }
    Ok(began.elapsed().as_secs_f64())
}
