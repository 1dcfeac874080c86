//! Whole flows as data: each directory of `tests/flows` is a flow, requests to it, and the answers.
//!
//! `flow.yaml` has the setting `listen`. If there is a `back_end.yaml`, it runs in a process of its own, and
//! the flow's setting `back_end` is its address. `NAME.request` is a request in the form of HTTP;
//! `NAME.answer` is the status, the headers to look at, an empty line and the body. The last newline of
//! a file does not belong to the body. Requests are sent in the order of their names. `output` is what the
//! flow prints meanwhile, and the directory `written` has the files that it writes.

use std::path::{Path, PathBuf};

use crate::curl::{Answer, curl};
use crate::support::{Files, Process, root};

/// A request or an answer as its file has it.
struct Message {
    first: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Message {
    fn read(path: &Path) -> Message {
        let text = std::fs::read_to_string(path);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
        let mut lines = head.lines();
        let first = lines.next().unwrap().to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        });
        Message {
            first,
            headers: headers.collect(),
            body: body.strip_suffix('\n').unwrap_or(body).to_owned(),
        }
    }

    fn send(&self, url: &str) -> Answer {
        let (method, path) = self.first.split_once(' ').unwrap();
        let headers = self.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let url = format!("{url}{path}");
        let mut args = vec!["--request", method, &url];
        for header in &headers {
            args.extend(["--header", header]);
        }
        if !self.body.is_empty() {
            args.extend(["--data-binary", &self.body]);
        }
        curl(&args)
    }

    /// Returns what of an answer is looked at, in the form of the file.
    fn seen(&self, answer: &Answer) -> String {
        let headers = self.headers.iter().map(|(name, _)| {
            let value = answer.header(name).unwrap_or("(none)");
            (name.clone(), value.to_owned())
        });
        let body = answer.body.strip_suffix('\n').unwrap_or(&answer.body);
        let seen = Message {
            first: answer.status.to_string(),
            headers: headers.collect(),
            body: body.to_owned(),
        };
        seen.written()
    }

    fn written(&self) -> String {
        let headers = self.headers.iter();
        let headers: String = headers
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        format!("{}\n{headers}\n{}", self.first, self.body)
    }
}

/// Runs one case.
fn holds(case: &str) {
    holds_as(case, &str::to_owned, &[]);
}

/// Runs one case with its flow changed, and further arguments.
pub(crate) fn holds_as(case: &str, change: &dyn Fn(&str) -> String, more: &[&str]) {
    let directory = root().join("tests/flows").join(case);
    let listen = ["--set", "listen=127.0.0.1:0"];
    let back_end = directory.join("back_end.yaml");
    let back_end = back_end
        .exists()
        .then(|| Process::serve(&back_end, &listen));
    let address = back_end.as_ref().map(|(_, url)| format!("back_end={url}"));
    let mut args = listen.to_vec();
    if let Some(address) = &address {
        args.extend(["--set", address]);
    }
    args.extend(more);
    // What the flow writes does not stay.
    let written = directory.join("written");
    let files = Files::new();
    files.copy(&directory);
    let home = files.path();
    let flow = std::fs::read_to_string(home.join("flow.yaml")).unwrap();
    files.write("flow.yaml", &change(&flow));
    let (mut process, url) = Process::serve(&home.join("flow.yaml"), &args);
    if more.contains(&"--all") {
        // Else a part might be told to stop before it can hear that.
        process.await_log("connected");
        process.await_log("connected");
    }

    let requests = requests(&directory);
    assert!(!requests.is_empty(), "no requests in {case}");
    for path in requests {
        let answer = Message::read(&path).send(&url);
        let expected = Message::read(&path.with_extension("answer"));
        let (seen, expected) = (expected.seen(&answer), expected.written());
        assert_eq!(seen, expected, "{}: {answer:#?}", path.display());
    }
    let ended = process.stop();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let output = std::fs::read_to_string(directory.join("output")).unwrap_or_default();
    assert_eq!(
        ended.output.join("\n").trim_end(),
        output.trim_end(),
        "{case}"
    );
    if written.exists() {
        for entry in std::fs::read_dir(&written).unwrap() {
            let name = entry.unwrap().file_name();
            let [wanted, found] =
                [&written, home].map(|at| std::fs::read_to_string(at.join(&name)));
            assert_eq!(
                found.unwrap(),
                wanted.unwrap(),
                "{case}: {}",
                name.display()
            );
        }
    }
}

fn requests(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|form| form == "request"));
    paths.sort();
    paths
}

/// A test for each case, and one that none was forgotten.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            holds(stringify!($name));
        })*

        #[test]
        fn every_directory_has_a_test() {
            let entries = std::fs::read_dir(root().join("tests/flows")).unwrap();
            let entries = entries.map(|entry| entry.unwrap());
            let directories = entries.filter(|entry| entry.file_type().unwrap().is_dir());
            let names = directories.map(|entry| entry.file_name().into_string().unwrap());
            let mut names: Vec<_> = names.collect();
            names.sort();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

cases![
    accepts,
    attributes,
    authenticated,
    cached,
    checked,
    circling,
    codecs,
    converted,
    echo,
    enrichment,
    enveloped,
    failed,
    fan_out,
    filtered,
    generated,
    idempotent,
    included,
    joined,
    logged,
    old_names,
    packed,
    ported,
    recovered,
    reused,
    routed,
    router,
    scattered,
    selected,
    set,
    soap,
    unanswered,
    webhook,
    whitelisted,
];
