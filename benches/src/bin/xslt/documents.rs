//! The stylesheet and the documents to transform.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to transform, how often, on how many threads.
pub(crate) struct Job {
    pub(crate) text: Arc<str>,
    /// A file with the same text, for those that read files.
    pub(crate) file: PathBuf,
    pub(crate) times: usize,
    pub(crate) threads: usize,
}

impl Job {
    pub(crate) fn new(bytes: usize, times: usize, threads: usize) -> io::Result<Job> {
        let text = orders(bytes);
        let file = std::env::temp_dir().join(format!(
            "compysition-bench-{}-{bytes}.xml",
            std::process::id()
        ));
        fs::write(&file, &text)?;
        Ok(Job {
            text: text.into(),
            file,
            times: times * threads,
            threads,
        })
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// Returns a file of this package's directory `xslt`.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("xslt")
        .join(name)
}

/// Makes a document of orders of about this size.
fn orders(bytes: usize) -> String {
    let mut text =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<orders customer=\"4711\">\n");
    let mut number = 0;
    while text.len() < bytes {
        let (supplier, cents, count) = (
            ["alpha", "beta", "gamma"][number % 3],
            number * 37 % 9_900 + 100,
            number % 9 + 1,
        );
        let _ = writeln!(
            text,
            "  <item number=\"{number}\" supplier=\"{supplier}\"><title>  Article &amp; part {number} </title><price>{}.{:02}</price><count>{count}</count></item>",
            cents / 100,
            cents % 100
        );
        number += 1;
    }
    text.push_str("</orders>\n");
    text
}
