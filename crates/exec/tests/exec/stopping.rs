//! Nothing is left running, however a flow ends.

use compysition_core::{Actor, Context, Director, Event, Ports, Result};
use serde_json::json;

use crate::site::{Note, assert_ends, assert_reaped, exec, python, start, text, until};

#[test]
fn the_program_may_end_by_itself_when_its_input_ends() {
    let note = Note::new("eof");
    let code = format!(
        "import sys\nfor line in sys.stdin: print('ok', flush=True)\nopen('{}', 'w').write('ended')",
        note.path()
    );
    let mut harness = start(python(&code, json!({ "mode": "keep", "grace": "20s" })));
    assert_eq!(text(&mut harness, "x"), "ok");
    harness.stop();
    assert_eq!(note.read(), "ended");
}

/// Says its number, and stays when its input ends.
fn stubborn(note: &Note, at_term: &str) -> String {
    format!(
        r#"
import os, signal, sys, time
def term(*_): {at_term}
signal.signal(signal.SIGTERM, term)
note = open('{}', 'w')
sys.stdin.readline()
print(os.getpid(), flush=True)
sys.stdin.read()
while True: time.sleep(1000)
"#,
        note.path()
    )
}

#[test]
fn one_that_stays_is_asked_to_end_and_then_killed() {
    for (name, at_term) in [
        ("term", "(note.write('term'), note.close(), os._exit(0))"),
        ("kill", "(note.write('term'), note.flush())"),
    ] {
        let note = Note::new(name);
        let code = stubborn(&note, at_term);
        let mut harness = start(python(&code, json!({ "mode": "keep", "grace": "300ms" })));
        let pid = text(&mut harness, "x");
        harness.stop();
        assert_eq!(note.read(), "term");
        assert_reaped(&pid);
    }
}

#[test]
fn an_aborted_flow_leaves_nothing_running() {
    let script = "read line; sleep 1000 & echo $$ $!; wait";
    let mut harness = start(json!({ "command": ["sh", "-c", script], "mode": "keep" }));
    let pids = text(&mut harness, "x");
    drop(harness);
    let (parent, child) = pids.split_once(' ').unwrap();
    assert_ends(parent);
    assert_ends(child);
}

/// Sends these texts, each when the one before has settled.
struct Says(&'static [&'static str]);

impl Actor for Says {
    async fn start(&mut self, ctx: &Context) -> Result {
        let texts = self.0;
        ctx.produce(move |source| async move {
            for text in texts {
                let _ = source.emit(*text).await?.await;
            }
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().source()
    }
}

/// Asks once, and goes away when the note is written.
struct Leaves(String);

impl Actor for Leaves {
    async fn start(&mut self, ctx: &Context) -> Result {
        let path = self.0.clone();
        ctx.produce(|source| async move {
            let request = source.admit(1).await?.ask(None, Event::new("x"));
            while std::fs::read_to_string(&path)
                .unwrap_or_default()
                .is_empty()
            {
                tokio::task::yield_now().await;
            }
            request.cancel();
            request.settlement().await;
            Ok(())
        });
        Ok(())
    }

    async fn consume(&mut self, _: Event, _: &Context) -> Result {
        Ok(())
    }

    fn ports(&self) -> Ports {
        Ports::any().door()
    }
}

fn working(note: &Note) -> serde_json::Value {
    let script = format!("sleep 1000 & echo $$ $! > {}; wait", note.path());
    json!({ "command": ["sh", "-c", script], "timeout": "1h" })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_flow_ends_the_process_that_works() {
    let note = Note::new("abort");
    let mut director = Director::new("aborted");
    let once = director.register("once", Says(&["x"]));
    let work = director.register("work", exec(working(&note)));
    director.connect(once, work);
    let flow = director.start().await.unwrap();
    until(|| note.read().ends_with('\n'));
    flow.abort().await;
    let pids = note.read();
    let (parent, child) = pids.split_once(' ').unwrap();
    assert_ends(parent);
    assert_ends(child);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_works_for_nobody_is_killed() {
    let note = Note::new("cancelled");
    let mut director = Director::new("cancelled");
    let door = director.register("door", Leaves(note.path().into()));
    let work = director.register("work", exec(working(&note)));
    director.connect(door, work);
    director.connect(work, door);
    let flow = director.start().await.unwrap();
    until(|| note.read().ends_with('\n'));
    let pids = note.read();
    let (parent, child) = pids.split_once(' ').unwrap();
    assert_ends(child);
    assert_reaped(parent);
    flow.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_not_asked_again_when_the_actors_own_time_ran_out() {
    // An answer to the second event would come too late, and must not be taken for one to the third.
    let code = r#"
import sys, time
for line in sys.stdin:
    if line == "slow\n": time.sleep(1000)
    print("answer to", line, end="", flush=True)
"#;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let mut director = Director::new("late");
    let says = director.register("says", Says(&["first", "slow", "last"]));
    let settings = python(code, json!({ "mode": "keep" }));
    let work = director.register("work", exec(settings));
    let hears = director.register(
        "hears",
        compysition_core::inspect(move |event: &Event| {
            let _ = tell.send(event.text().unwrap_or_default().to_owned());
        }),
    );
    director.set_timeout(work, std::time::Duration::from_secs(5));
    director.connect(says, work);
    director.connect(work, hears);
    let flow = director.start().await.unwrap();
    assert_eq!(told.recv().await.unwrap(), "answer to first");
    assert_eq!(told.recv().await.unwrap(), "answer to last");
    flow.stop().await;
}
