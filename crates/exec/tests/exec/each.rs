//! A process for each event.

use std::net::TcpListener;
use std::os::fd::AsRawFd;

use compysition_core::{ErrorKind, Event};
use compysition_flow::testing;
use serde_json::json;

use crate::site::{Note, ask, assert_ends, assert_reaped, failed, python, registry, start, text};

#[test]
fn the_payload_goes_in_and_the_output_comes_out() {
    let mut harness = testing::plan(&registry(), "exec: { command: [tr, a-z, A-Z] }")
        .real_time()
        .start();
    assert_eq!(text(&mut harness, "hello"), "HELLO");
    // Nothing, and what is no text.
    assert_eq!(ask(&mut harness, "").unwrap().payload().kind(), "empty");
    let bytes = ask(&mut harness, vec![0xff_u8, b'a']).unwrap();
    assert_eq!(bytes.bytes().unwrap(), [0xff, b'A']);
    harness.stop();
}

#[test]
fn a_large_payload_passes_whole() {
    let mut harness = start(json!({ "command": ["cat"] }));
    let large: String = "0123456789".repeat(400_000);
    assert_eq!(text(&mut harness, large.clone()), large);
    harness.stop();
}

#[test]
fn arguments_are_templates() {
    let mut harness = start(json!({
        "command": ["printf", "%s|%s", "{{ attributes.color }}", "$HOME; `ls` *"],
    }));
    let event = Event::new(()).with_attribute("color", "light red; rm x");
    assert_eq!(text(&mut harness, event), "light red; rm x|$HOME; `ls` *");
    let (kind, _) = failed(&mut harness, "no color");
    assert_eq!(kind, ErrorKind::Unprocessable);
    harness.stop();
}

#[test]
fn a_failure_tells_what_the_program_said_last() {
    let code = r#"
import sys
for number in range(100): print("line", number, file=sys.stderr)
sys.exit(int(sys.stdin.read()))
"#;
    let more =
        json!({ "stderr_lines": 2, "exit_codes": { "4": "not_found", "75": "unavailable" } });
    let mut harness = start(python(code, more));
    let error = ask(&mut harness, "3").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(
        error.message(),
        "`python3` ended with code 3: line 98; line 99"
    );
    assert_eq!(error.detail("exit_code").unwrap(), 3);
    assert_eq!(failed(&mut harness, "4").0, ErrorKind::NotFound);
    assert_eq!(failed(&mut harness, "75").0, ErrorKind::Unavailable);
    assert!(ask(&mut harness, "0").is_ok());
    harness.stop();
}

#[test]
fn a_signal_is_a_failure() {
    let mut harness = start(json!({ "command": ["sh", "-c", "kill -SEGV $$"] }));
    let (kind, message) = failed(&mut harness, "x");
    assert_eq!(
        (kind, &*message),
        (ErrorKind::Internal, "`sh` was ended by signal 11")
    );
    harness.stop();
}

#[test]
fn a_program_need_not_read_its_input() {
    let mut harness = start(json!({ "command": ["echo", "done"] }));
    let large = "x".repeat(1 << 20);
    assert_eq!(text(&mut harness, large.clone()), "done\n");
    // Nor when it has closed its output and works on.
    let code = "import os; os.write(1, b'early'); os.close(1); [0 for _ in range(10**6)]";
    let mut harness_of_python = start(python(code, json!({})));
    assert_eq!(text(&mut harness_of_python, large), "early");
    harness.stop();
    harness_of_python.stop();
}

#[test]
fn a_program_that_takes_too_long_is_killed_with_all_that_it_started() {
    let note = Note::new("slow");
    let script = format!("sleep 1000 & echo $! $$ > {}; wait", note.path());
    let mut harness = start(json!({ "command": ["sh", "-c", script], "timeout": "500ms" }));
    let (kind, message) = failed(&mut harness, "x");
    assert_eq!(kind, ErrorKind::Timeout);
    assert!(message.contains("took longer than 500ms"), "{message}");
    let pids = note.read();
    let (child, parent) = pids.split_once(' ').unwrap();
    assert_ends(child);
    assert_reaped(parent);
    harness.stop();
}

#[test]
fn what_a_program_leaves_behind_ends_with_it() {
    let mut harness = start(json!({ "command": ["sh", "-c", "sleep 1000 & echo $!"] }));
    let pid = text(&mut harness, "x");
    assert_ends(&pid);
    harness.stop();
}

#[test]
fn who_leaves_the_group_and_keeps_the_output_open_holds_up_nobody() {
    let mut harness = start(json!({ "command": ["sh", "-c", "setsid sleep 30 & echo $!"] }));
    let pid = text(&mut harness, "x");
    harness.stop();
    let killed = std::process::Command::new("kill").arg(pid.trim()).status();
    assert!(killed.unwrap().success());
}

#[test]
fn a_flood_of_output_is_cut_off() {
    let mut harness = start(json!({ "command": ["yes"], "max_output": "64KiB" }));
    let (kind, message) = failed(&mut harness, "x");
    assert_eq!(kind, ErrorKind::BadGateway);
    assert!(message.contains("more than 65536 bytes"), "{message}");
    harness.stop();
    let mut harness = start(json!({ "command": ["printf", "12345"], "max_output": 5 }));
    assert_eq!(text(&mut harness, "x"), "12345");
    harness.stop();
}

#[test]
fn a_flood_of_complaints_holds_up_nobody() {
    let code = "import os\nfor _ in range(2000): os.write(2, b'x' * 4000 + b'\\n')\nprint('done')";
    let mut harness = start(python(code, json!({})));
    assert_eq!(text(&mut harness, "x"), "done\n");
    harness.stop();
}

#[test]
fn a_program_sees_the_environment_and_directory_that_it_is_given() {
    let mut harness = start(json!({
        "command": ["sh", "-c", "echo $COLOR ${HOME-none}; pwd"],
        "environment": { "COLOR": "red", "PATH": "/usr/bin:/bin" }, "clear_environment": true, "directory": "/",
    }));
    assert_eq!(text(&mut harness, "x"), "red none\n/\n");
    harness.stop();
}

#[test]
fn a_program_inherits_no_socket_of_ours() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
    let code = r#"
import os
def target(fd):
    try: return os.readlink("/proc/self/fd/" + fd)
    except OSError: return ""
print([target(fd) for fd in os.listdir("/proc/self/fd")])
"#;
    let mut harness = start(python(code, json!({})));
    let theirs = text(&mut harness, "x");
    assert!(theirs.contains("pipe:"), "{theirs}");
    assert!(!theirs.contains(ours.to_str().unwrap()), "{theirs}");
    harness.stop();
}

#[test]
fn no_process_stays_behind_unnoticed() {
    let mut harness = start(json!({ "command": ["sh", "-c", "echo $$"] }));
    for _ in 0..20 {
        let pid = text(&mut harness, "x");
        assert!(!std::fs::exists(format!("/proc/{}", pid.trim())).unwrap());
    }
    harness.stop();
}

#[test]
fn the_output_is_read_as_the_codec_says() {
    let mut harness = start(json!({ "command": ["cat"], "codec": "json_lines" }));
    let event = ask(&mut harness, "{\"a\":1}\n{\"a\":2}\n").unwrap();
    assert_eq!(*event.json().unwrap(), json!([{ "a": 1 }, { "a": 2 }]));
    let (kind, message) = failed(&mut harness, "{oops\n");
    assert_eq!(kind, ErrorKind::BadGateway);
    assert!(message.contains("cannot be read"), "{message}");
    harness.stop();
}

#[test]
fn an_envelope_works_for_one_event_too() {
    let code = r#"
import json, sys
event = json.load(sys.stdin)
print(json.dumps(dict(payload=event["payload"] * 2, attributes=dict(seen=event["attributes"]["n"]))))
"#;
    let mut harness = start(python(code, json!({ "envelope": true })));
    let event = ask(&mut harness, Event::new("ab").with_attribute("n", 7)).unwrap();
    assert_eq!(event.text().unwrap(), "abab");
    assert_eq!(event.lookup("attributes.seen"), Some(json!(7)));
    harness.stop();
}
