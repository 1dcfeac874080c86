//! A report for machines that know JUnit's.

use std::fmt::Write;

use quick_xml::escape::escape;

use crate::report::{Report, Verdict};

/// Returns a report in the form of JUnit: a suite for each file, a case for each test.
pub fn junit(report: &Report) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // A string takes all that is written to it.
    let _ = writeln!(
        out,
        "<testsuites tests=\"{}\" failures=\"{}\" time=\"{:.3}\">",
        report.verdicts.len(),
        report.failed(),
        report.time.as_secs_f64()
    );
    let mut rest = report.verdicts.as_slice();
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|one| one.file == first.file).count();
        let (suite, others) = rest.split_at(count);
        rest = others;
        let file = first.file.display().to_string();
        let file = escape(file.as_str());
        let failed = suite.iter().filter(|one| !one.has_passed()).count();
        let _ = writeln!(
            out,
            "  <testsuite name=\"{file}\" tests=\"{count}\" failures=\"{failed}\">"
        );
        suite
            .iter()
            .for_each(|verdict| case(&mut out, &file, verdict));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn case(out: &mut String, file: &str, verdict: &Verdict) {
    let name = escape(verdict.name.as_str());
    let _ = write!(
        out,
        "    <testcase classname=\"{file}\" name=\"{name}\" line=\"{}\" time=\"{:.3}\"",
        verdict.line,
        verdict.time.as_secs_f64()
    );
    if verdict.has_passed() {
        out.push_str("/>\n");
        return;
    }
    let text = verdict.text(false);
    // XML has no place for other control characters.
    let text: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    let _ = writeln!(
        out,
        ">\n      <failure message=\"not as expected\">{}</failure>\n    </testcase>",
        escape(text.as_str())
    );
}
