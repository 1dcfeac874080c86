//! The same flows in several processes: each actor in turn runs in a process of its own, so that every link is cut once.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use compysition_flow::Document;
use serde_json::Value;

use crate::curl::curl;
use crate::support::{Files, Process, root};

/// Returns the names of a flow's actors, as its file has them: a line each.
fn actors(flow: &str) -> Vec<String> {
    let after = flow.lines().skip_while(|line| !line.starts_with("actors:"));
    let block = after.skip(1).take_while(|line| line.starts_with(' '));
    let own = block.filter(|line| !line.starts_with("   ") && !line.trim().starts_with('#'));
    let name = |line: &str| Some(line.trim().split_once(':')?.0.to_owned());
    own.filter_map(name).collect()
}

fn placed(flow: &str, alone: &str, address: &str) -> String {
    format!(
        "{flow}\nnodes: {{ rest: \"{address}\", alone: }}\nplace: {{ alone: [{alone}], rest: \"*\" }}\n"
    )
}

/// Runs the tests of a flow as often as it has actors, each time with another one elsewhere.
fn holds_cut_anywhere(case: &str, address: &dyn Fn(&Path) -> String) {
    let directory = root().join("tests/flows").join(case);
    let flow = std::fs::read_to_string(directory.join("flow.yaml")).unwrap();
    let tests = directory.join("flow.test.yaml");
    let text = std::fs::read_to_string(&tests).unwrap();
    let tests = Document::read_all(&tests, &text).unwrap();
    let tests: Value = tests[0].read(&[]).unwrap();
    let actors = actors(&flow);
    assert!(actors.len() > 1, "{case}: {actors:?}");
    for actor in actors {
        let files = Files::new();
        files.copy(&directory);
        let address = address(files.path());
        let file = files.write("flow.yaml", &placed(&flow, &actor, &address));
        let (mut process, url) = Process::serve(&file, &["--set", "listen=127.0.0.1:0", "--all"]);
        // Else a part might be told to stop before it can hear that.
        process.await_log("\"connected\"");
        process.await_log("\"connected\"");
        for test in tests["tests"].as_array().unwrap() {
            for step in test["steps"].as_array().unwrap() {
                ask(&url, step, &format!("{case} with `{actor}` elsewhere"));
            }
        }
        let ended = process.stop();
        assert_eq!(ended.code, Some(0), "{case}, {actor}: {ended:#?}");
    }
}

/// Sends what a step of a test says over the network, and compares what it expects.
fn ask(url: &str, step: &Value, about: &str) {
    let (request, expected) = (&step["in"]["http"], &step["expect"]["answer"]);
    let url = format!("{url}{}", request["path"].as_str().unwrap());
    let mut args = vec!["--request", request["method"].as_str().unwrap(), &url];
    let no_headers = serde_json::Map::new();
    let headers = request["headers"].as_object().unwrap_or(&no_headers);
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap()));
    let headers: Vec<String> = headers.collect();
    headers
        .iter()
        .for_each(|header| args.extend(["--header", header]));
    if let Some(body) = request["body"].as_str() {
        args.extend(["--data-binary", body]);
    }
    let answer = curl(&args);
    assert_eq!(
        Value::from(answer.status),
        expected["status"],
        "{about}: {answer:?}"
    );
    for (name, value) in expected["headers"].as_object().unwrap_or(&no_headers) {
        assert_eq!(answer.header(name), value.as_str(), "{about}: {answer:?}");
    }
    match &expected["body"] {
        Value::String(body) => assert_eq!(answer.body.trim_end(), body.trim_end(), "{about}"),
        Value::Null => {}
        body => assert_eq!(answer.json(), body["json"], "{about}"),
    }
}

fn ipc(directory: &Path) -> String {
    format!("ipc://{}/rest", directory.display())
}

/// Addresses that nobody else takes: all of 127 is this machine.
fn tcp(_: &Path) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    format!("tcp://127.{}.{high}.{low}:7177", 100 + number % 150)
}

macro_rules! cut {
    ($($name:ident),* $(,)?) => {
        mod over_ipc {
            $(#[test]
            fn $name() {
                super::holds_cut_anywhere(stringify!($name), &super::ipc);
            })*
        }

        mod over_tcp {
            $(#[test]
            fn $name() {
                super::holds_cut_anywhere(stringify!($name), &super::tcp);
            })*
        }
    };
}

cut![
    authenticated,
    circling,
    converted,
    fan_out,
    joined,
    scattered
];
