//! The same stylesheets through `xsltproc` and through the binding: the bytes must be equal, and where
//! one fails so must the other.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use compysition_xml::{Compiler, Document};

mod cases;

struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn xsltproc(
    stylesheet: &PathBuf,
    document: &PathBuf,
    parameters: &[(&str, &str)],
) -> Option<Vec<u8>> {
    let mut command = Command::new("xsltproc");
    for (name, value) in parameters {
        command.args(["--stringparam", name, value]);
    }
    let output = command
        .args(["--nonet", "--novalid"])
        .args([stylesheet, document])
        .output()
        .expect("this test needs xsltproc: apt-get install xsltproc");
    output.status.success().then_some(output.stdout)
}

fn ours(
    directory: &Directory,
    stylesheet: &PathBuf,
    document: &PathBuf,
    parameters: &[(&str, &str)],
) -> Result<Vec<u8>, String> {
    let stylesheet = Compiler::new()
        .allow(&directory.0)
        .compile_file(stylesheet)
        .map_err(|error| error.to_string())?;
    let bytes = fs::read(document).expect("just written");
    let mut document = Document::from_bytes(&bytes).map_err(|error| error.to_string())?;
    // Twice, as the second run must find nothing that the first left behind.
    let mut outputs = (0..2).map(|_| {
        let output = stylesheet
            .transform(&mut document, parameters)
            .map_err(|e| e.to_string())?;
        output.to_bytes().map_err(|error| error.to_string())
    });
    let first = outputs.next().expect("two")?;
    assert_eq!(
        first,
        outputs.next().expect("two")?,
        "the second run differs"
    );
    Ok(first)
}

#[test]
fn gives_the_same_bytes_as_xsltproc() {
    let directory =
        std::env::temp_dir().join(format!("compysition-xsltproc-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let directory = Directory(directory);
    let (stylesheet, document) = (directory.0.join("case.xsl"), directory.0.join("case.xml"));
    fs::write(directory.0.join("other.xml"), "<other><x>é</x></other>").unwrap();
    fs::write(
        directory.0.join("imported.xsl"),
        cases::sheet(cases::IMPORTED),
    )
    .unwrap();

    let mut failures = Vec::new();
    for case in cases::CASES {
        fs::write(&stylesheet, cases::sheet(case.body)).unwrap();
        fs::write(&document, case.document).unwrap();
        let expected = xsltproc(&stylesheet, &document, case.parameters);
        let actual = ours(&directory, &stylesheet, &document, case.parameters);
        if expected.is_some() != case.succeeds {
            failures.push(format!(
                "{}: the table is wrong about xsltproc: {expected:?}",
                case.name
            ));
        }
        if expected.as_ref() != actual.as_ref().ok() {
            let show = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
            failures.push(format!(
                "{}:\n  xsltproc {:?}\n  ours     {:?}",
                case.name,
                expected.as_ref().map(show),
                actual.as_ref().map(show)
            ));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {}\n{}",
        failures.len(),
        cases::CASES.len(),
        failures.join("\n")
    );
}
