//! What `file_in` makes of what has settled of a file, while more of it is under way.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use compysition_core::{Actor, Context, Director, Error, Event, Limits, Ports, Result, Retry};
use compysition_files::FileIn;
use serde_json::json;

use crate::support::{
    A_WHILE, Directory, append, before_passing, run_and_kill, run_within, runtime,
};

#[test]
fn what_has_settled_is_saved_and_put_aside_while_there_is_no_room_for_more() {
    let directory = Directory::new("no-room");
    let lines: Vec<String> = (0..1_000).map(|line| line.to_string()).collect();
    append(&directory.path("a.log"), &(lines.join("\n") + "\n"));
    append(&directory.path("b.log"), "x\ny\n");
    let limits = || Limits {
        roots: 3,
        ..Limits::default()
    };
    let settings = json!({
        "path": directory.path("*.log"), "mode": "whole", "codec": "lines",
        "checkpoint": directory.path("state"), "delivered": { "move": directory.path("done") },
    });
    // One more is under way each time, and comes again.
    let mut seen: Vec<String> = Vec::new();
    for passed in [10, 500, 489] {
        let mut more = run_within(limits(), &settings, passed);
        assert_eq!(more.len(), passed + 1);
        more.pop();
        seen.extend(more);
    }
    assert_eq!(seen, lines[..999]);
    assert!(!directory.names().contains(&"done".to_owned()));
    assert_eq!(run_within(limits(), &settings, 1), ["999", "x"]);
    assert!(
        !directory.names().contains(&"a.log".to_owned()),
        "it is done"
    );
    assert_eq!(run_within(limits(), &settings, 9).len(), 2);
    assert_eq!(directory.names(), [".state.lock", "done", "state"]);
}

#[test]
fn a_file_that_is_cut_off_while_its_events_are_under_way_is_read_anew_from_its_beginning() {
    let directory = Directory::new("cut-off");
    let path = directory.path("a.log");
    append(&path, "one\ntwo\nthree\n");
    let settings = json!({ "path": path, "mode": "tail", "checkpoint": directory.path("state") });
    let (director, pass, seen) = before_passing(&settings, 1);
    let runtime = runtime();
    runtime.block_on(async {
        let flow = director.start().await.unwrap();
        tokio::time::sleep(A_WHILE).await;
        fs::write(&path, "anew\n").unwrap();
        tokio::time::sleep(A_WHILE).await;
        // Those of before end now: they say nothing of the file as it is.
        pass.add_permits(2);
        tokio::time::sleep(A_WHILE).await;
        flow.abort().await;
    });
    assert_eq!(*seen.lock(), ["one", "two", "three", "anew"]);
    assert_eq!(run_and_kill(&settings, 9), ["anew"]);
    assert!(run_and_kill(&settings, 9).is_empty());
}

/// Stands for a peer that cannot be reached.
struct Out;

impl Actor for Out {
    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Err(Error::unavailable("nobody is there"))
    }

    fn ports(&self) -> Ports {
        Ports::any().sink()
    }
}

#[test]
fn what_a_stop_leaves_untried_is_read_again_and_what_had_all_its_tries_is_not() {
    for (attempts, expected) in [(5, &["one", "two"][..]), (1, &[])] {
        let directory = Directory::new("outage");
        let path = directory.path("a.log");
        append(&path, "one\ntwo\n");
        let state = directory.path("state");
        let settings = json!({ "path": path, "mode": "tail", "checkpoint": state });
        let mut director = Director::new("outage");
        let actor: FileIn = serde_json::from_value(settings.clone()).unwrap();
        let files = director.register("files", actor);
        let out = director.register("out", Out);
        director.connect(files, out);
        let retry = Retry {
            attempts,
            ..Retry::default()
        };
        director.set_retry(out, retry);
        let runtime = runtime();
        runtime.block_on(async {
            let flow = director.start().await.unwrap();
            tokio::time::sleep(A_WHILE).await;
            assert!(flow.stop().await.is_clean());
        });
        assert_eq!(run_and_kill(&settings, 9), expected, "{attempts} tries");
    }
}
