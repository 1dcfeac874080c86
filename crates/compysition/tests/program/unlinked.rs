//! Nodes that cannot be linked: what says so, and who stops.

use std::path::PathBuf;

use crate::support::{Files, Process, await_that, compysition};

fn flow(nodes: &str) -> String {
    format!(
        "
name: pair
settings: {{ listen: '127.0.0.1:0' }}
limits: {{ heartbeat: 100ms, lost_after: 1s }}
actors:
  http: {{ http_server: {{ address: '${{listen}}' }} }}
  echo: {{ set: {{ attributes.seen: true }} }}
connect: [http -> echo -> reply]
nodes: {nodes}
place: {{ front: http, work: echo }}
"
    )
}

fn keys(files: &Files, name: &str) {
    let mut command = compysition(["keys", name, "--directory"]);
    let made = command.arg(files.path().join("keys")).output().unwrap();
    assert!(made.status.success(), "{made:?}");
}

/// A flow with keys for both of its nodes, over ipc.
fn with_keys(files: &Files) -> PathBuf {
    std::fs::create_dir_all(files.path().join("keys")).unwrap();
    ["front", "work"].iter().for_each(|name| keys(files, name));
    let socket = files.path().join("s");
    files.write(
        "flow.yaml",
        &flow(&format!(
            "{{ front: {{ listen: 'ipc://{}', keys: keys/front }}, work: {{ keys: keys/work }} }}",
            socket.display()
        )),
    )
}

#[test]
fn a_node_without_its_secret_key_does_not_run_and_the_line_is_told() {
    let files = Files::new();
    let file = with_keys(&files);
    std::fs::remove_file(files.path().join("keys/work.key_secret")).unwrap();
    // It belongs on another machine.
    let checked = compysition(["check"]).arg(&file).output().unwrap();
    assert!(checked.status.success(), "{checked:?}");
    for args in [&["--node", "work"][..], &["--all"]] {
        let ended = Process::run(&file, args).ended();
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        let said = ended.log.join("\n");
        assert!(said.contains("work.key_secret` cannot be read"), "{said}");
        assert!(said.contains("\"line\":9"), "{said}");
    }
    let mut node = Process::run(&file, &["--node", "front"]);
    node.await_log("\"started\"");
    assert_eq!(node.stop().code, Some(0));
}

#[test]
fn what_is_run_in_one_process_needs_no_keys() {
    let files = Files::new();
    let file = with_keys(&files);
    std::fs::remove_dir_all(files.path().join("keys")).unwrap();
    let checked = compysition(["check"]).arg(&file).output().unwrap();
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    let (process, _) = Process::serve(&file, &[]);
    assert_eq!(process.stop().code, Some(0));
}

#[test]
fn a_node_that_calls_an_address_where_nobody_can_be_stops_and_says_so() {
    let files = Files::new();
    // Good to listen at, if another setting told the others where that is.
    let file = files.write("flow.yaml", &flow("{ front: 'tcp://127.0.0.1:*', work: }"));
    let ended = Process::run(&file, &["--node", "work"]).ended();
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let said = ended.log.join("\n");
    assert!(said.contains("the line to process `front`"), "{said}");
    assert!(said.contains("names no port"), "{said}");
    assert!(said.contains("\"node\":\"work 1\""), "{said}");
    // Nor would it be so another time.
    let listen = ["--set", "listen=127.0.0.1:0"];
    let ended = Process::run(&file, &[&["--all"][..], &listen].concat()).ended();
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let said = ended.log.join("\n");
    assert_eq!(
        said.matches("node work 1 is started\"").count(),
        1,
        "{said}"
    );
    assert!(
        said.contains("node work 1 cannot run (exit status: 2)"),
        "{said}"
    );
}

/// A flow whose node `work` has something to do that takes its time, and whose node `front` does not run without its file.
fn with_slow_work(files: &Files) -> PathBuf {
    let socket = files.path().join("s").display().to_string();
    let text = flow(&format!("{{ front: 'ipc://{socket}', work: }}"));
    let text = text.replace(
        "connect:",
        "  once: { event_generator: { count: 1 } }\n  slow: { exec: { command: [sh, '-c', 'touch begun; sleep 3; touch done'] } }\n  \
         out: discard\nconnect:",
    );
    let text = text.replace("reply]", "reply, once -> slow -> out]");
    files.write("flow.yaml", &text.replace("work: echo", "work: '*'"))
}

/// Runs all nodes, and then makes the file one that no node can run.
fn run_and_break(files: &Files) -> Process {
    let file = with_slow_work(files);
    let args = ["--all", "--set", "listen=127.0.0.1:0"];
    let mut all = Process::run(&file, &args);
    let line: serde_json::Value =
        serde_json::from_str(&all.await_log("node front 1 is started")).unwrap();
    all.url();
    await_that("the work", || files.path().join("begun").exists());
    std::fs::write(&file, "name: [").unwrap();
    let front = line["process"].to_string();
    let mut kill = std::process::Command::new("kill");
    assert!(kill.args(["-KILL", &front]).status().unwrap().success());
    all.await_log("node front 1 cannot run");
    all
}

#[test]
fn all_nodes_stop_if_the_file_of_one_of_them_is_bad() {
    let files = Files::new();
    let ended = run_and_break(&files).ended();
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let said = ended.log.join("\n");
    // Trying again would not mend it.
    assert_eq!(
        said.matches("node front 1 is started\"").count(),
        2,
        "{said}"
    );
    assert!(files.path().join("done").exists(), "{said}");
}

#[test]
fn the_first_signal_after_a_node_was_given_up_lets_the_others_finish() {
    let files = Files::new();
    let ended = run_and_break(&files).stop();
    let said = ended.log.join("\n");
    assert!(
        said.contains("\"node\":\"work 1\"") && said.contains("\"stopped\""),
        "{said}"
    );
    assert!(files.path().join("done").exists(), "{said}");
}

#[test]
fn a_node_that_misses_something_is_tried_again_until_it_is_there() {
    let files = Files::new();
    let socket = files.path().join("s").display().to_string();
    // What is in the place of the database is something else.
    let database = files.path().join("orders.db");
    std::fs::write(&database, "no database ".repeat(100)).unwrap();
    let text = flow(&format!("{{ front: 'ipc://{socket}', work: }}"));
    let sql = "{ sql: { url: 'sqlite:orders.db', query: 'SELECT 1 AS one' } }";
    let text = text.replace("{ set: { attributes.seen: true } }", sql);
    let file = files.write("flow.yaml", &text);
    let mut all = Process::run(&file, &["--all"]);
    for _ in 0..5 {
        all.await_log("node work 1 has died");
    }
    std::fs::remove_file(database).unwrap();
    all.await_log("\"connected\"");
    assert_eq!(all.stop().code, Some(0));
}

#[test]
fn who_has_keys_and_who_has_none_are_told_of_each_other() {
    let files = Files::new();
    let file = with_keys(&files);
    let text = std::fs::read_to_string(&file).unwrap();
    let bare = text
        .replace(", keys: keys/front", "")
        .replace("{ keys: keys/work }", "{}");
    assert!(bare.len() < text.len());
    let bare = files.write("bare.yaml", &bare);
    let mut front = Process::run(&file, &["--node", "front"]);
    let mut work = Process::run(&bare, &["--node", "work"]);
    let told = work.await_log("process `front`");
    assert!(told.contains("WARN") && told.contains("`keys`"), "{told}");
    let told = front.await_log("`keys`");
    assert!(told.contains("WARN"), "{told}");
    for process in [work, front] {
        assert_eq!(process.stop().code, Some(0));
    }
}

#[test]
fn two_versions_of_a_flow_refuse_each_other_until_they_are_the_same() {
    let files = Files::new();
    let socket = files.path().join("s").display().to_string();
    let nodes = format!("{{ front: 'ipc://{socket}', work: }}");
    let old = files.write("old.yaml", &flow(&nodes));
    let new = files.write(
        "new.yaml",
        &flow(&nodes).replace(
            "http -> echo -> reply",
            "http -> echo -> reply, echo.error -> reply",
        ),
    );
    let front = Process::run(&old, &["--node", "front"]);
    let mut work = Process::run(&new, &["--node", "work"]);
    work.await_log("has other actors, links or places");
    // It goes on, for the other one may be replaced.
    drop(front);
    let front = Process::run(&new, &["--node", "front"]);
    work.await_log("\"connected\"");
    [&front, &work].into_iter().for_each(Process::terminate);
    for process in [work, front] {
        assert_eq!(process.ended().code, Some(0));
    }
}

#[test]
fn a_stop_says_whom_it_waits_for() {
    let files = Files::new();
    let socket = files.path().join("s").display().to_string();
    let text = flow(&format!("{{ front: 'ipc://{socket}', work: }}"));
    // It takes longer than a stop is silent.
    let slow = "{ exec: { command: [sh, '-c', 'touch begun; sleep 4'] } }";
    let text = text.replace("{ set: { attributes.seen: true } }", slow);
    let file = files.write("flow.yaml", &text);
    let (mut front, url) = Process::serve(&file, &["--node", "front"]);
    let work = Process::run(&file, &["--node", "work"]);
    front.await_log("\"connected\"");
    std::thread::scope(|scope| {
        scope.spawn(|| crate::curl::curl(&["--data", "x", &url]));
        await_that("the work", || files.path().join("begun").exists());
        front.terminate();
        let told = front.await_log("the stop waits for");
        assert!(
            told.contains("process `work` 1, which has 1 events of this one"),
            "{told}"
        );
        assert!(told.contains("inbox `http`"), "{told}");
    });
    work.terminate();
    for process in [work, front] {
        assert_eq!(process.ended().code, Some(0));
    }
}
