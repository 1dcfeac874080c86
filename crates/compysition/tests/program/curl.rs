//! Requests by curl, as anybody would try them.

use std::process::Command;

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Sends a request and returns the answer.
pub(crate) fn curl(args: &[&str]) -> Answer {
    let output = command().args(args).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "curl {args:?}: {errors}");
    parse(&String::from_utf8(output.stdout).unwrap())
}

/// Sends a request and returns curl's exit code.
pub(crate) fn exit_code(args: &[&str]) -> Option<i32> {
    command().args(args).output().unwrap().status.code()
}

fn command() -> Command {
    let mut command = Command::new("curl");
    command.args(["--disable", "--silent", "--show-error", "--include"]);
    // Without the pause of `Expect: 100-continue`, and its answer.
    command.args(["--noproxy", "*", "--max-time", "60", "--header", "Expect:"]);
    command
}

fn parse(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    });
    Answer {
        status: status.unwrap().parse().unwrap(),
        headers: headers.collect(),
        body: body.to_owned(),
    }
}
