//! What goes wrong with files: with what is in them, and around them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;
use std::sync::Arc;

use compysition_core::testing::Harness;
use compysition_core::{Director, ErrorKind, Event};
use compysition_files::{FileIn, FileOut};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::support::{A_WHILE, Directory, Passing, append, start, texts};

fn file_out(settings: Value) -> Harness {
    Harness::new(serde_json::from_value::<FileOut>(settings).unwrap())
}

fn refused<A: serde::de::DeserializeOwned>(settings: Value) -> String {
    let built = serde_json::from_value::<A>(settings);
    built.err().unwrap().to_string()
}

fn failed(harness: &mut Harness) -> Vec<(String, Vec<u8>)> {
    harness.advance(A_WHILE);
    let failed = harness.take_from("error");
    let shown = |event: &Event| {
        let message = event.error().unwrap().error.to_string();
        (message, event.bytes().unwrap().to_vec())
    };
    failed.iter().map(shown).collect()
}

#[test]
fn what_cannot_be_decoded_is_kept_as_it_was() {
    let directory = Directory::new("undecodable");
    let row = b"3,caf\xe9,4\n";
    for (codec, bytes, kept) in [
        ("lines", &b"one\ncaf\xe9\ntwo\n"[..], &b"caf\xe9\n"[..]),
        ("json_lines", b"1\n{oops\n2\n", b"{oops\n"),
        ("csv", &[b"a,b,c\n1,2,3\n", &row[..]].concat(), row),
        ("json", b"1 {oops", b"{oops"),
        ("text", b"caf\xe9", b"caf\xe9"),
    ] {
        let path = directory.path(codec);
        fs::write(&path, bytes).unwrap();
        let mut harness = start(json!({ "path": path, "codec": codec }));
        let failed = failed(&mut harness);
        assert_eq!(failed.len(), 1, "{codec}: {failed:?}");
        assert_eq!(failed[0].1, kept, "{codec}");
        harness.take();
        harness.stop();
    }
    // However much it is.
    let path = directory.path("huge");
    fs::write(&path, [&b"\xff".repeat(1 << 20)[..], b"\nlast\n"].concat()).unwrap();
    let mut harness = start(json!({ "path": path, "codec": "lines" }));
    let failed = failed(&mut harness);
    assert_eq!(failed[0].1, b"\xff".repeat(64 << 10));
    assert_eq!(texts(&mut harness), ["last"]);
    harness.stop();
}

#[test]
fn a_tail_goes_on_behind_what_is_damaged() {
    let directory = Directory::new("resumes");
    for (name, codec, parts, records) in [
        (
            "a",
            json!("json"),
            ["{\"a\":\n1}\n{oops\n", "  2,\n}\n{\"b\":2}\n{\"c\":3}\n"],
            &["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"][..],
        ),
        (
            "b",
            json!({ "xml": { "element": "r" } }),
            [
                "<?xml version='1.0'?>\n<log><r>1</r>\n<r><x></r>\n",
                "<r>2</r><r/></log>\n",
            ],
            &["<r>1</r>", "<r>2</r>", "<r/>"],
        ),
        (
            "c",
            json!({ "csv": { "header": false } }),
            [
                "a\n\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                "xxxxxxxx\nb\nc\n",
            ],
            &["[\"a\"]", "[\"b\"]", "[\"c\"]"],
        ),
    ] {
        let path = directory.path(name);
        append(&path, parts[0]);
        let settings = json!({
            "path": path, "codec": codec, "mode": "tail", "max_record": 30,
            "checkpoint": directory.path("state"),
        });
        let mut harness = start(settings.clone());
        let mut seen = texts(&mut harness);
        append(&path, parts[1]);
        seen.extend(texts(&mut harness));
        assert_eq!(seen, records, "{name}");
        assert_eq!(failed(&mut harness).len(), 1, "{name}");
        harness.stop();
        drop(harness);
        // A restart repeats nothing of it.
        let mut harness = start(settings);
        assert!(texts(&mut harness).is_empty(), "{name}");
        assert!(failed(&mut harness).is_empty(), "{name}");
        harness.stop();
        drop(harness);
        fs::remove_file(directory.path("state")).unwrap();
    }
    let packed = json!({ "path": "a", "mode": "tail", "codec": "message_pack" });
    let message = refused::<FileIn>(packed);
    assert!(message.contains("is for `mode: whole`"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_written_on_meanwhile_is_not_put_aside_unread() {
    let directory = Directory::new("grown");
    let path = directory.path("a.txt");
    for replaced in [false, true] {
        append(&path, "one\n");
        let settings = json!({ "path": path, "codec": "lines", "delivered": "delete" });
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let permits = Arc::new(Semaphore::new(0));
        let mut director = Director::new("grown");
        let actor = serde_json::from_value::<FileIn>(settings).unwrap();
        let files = director.register("files", actor);
        let passing = director.register("passing", Passing(permits.clone(), seen.clone()));
        director.connect(files, passing);
        let flow = director.start().await.unwrap();
        sleep(A_WHILE).await;
        // It was read, and its event is under way.
        assert_eq!(*seen.lock(), ["one"]);
        if replaced {
            fs::write(directory.path("new"), "two\n").unwrap();
            fs::rename(directory.path("new"), &path).unwrap();
        } else {
            append(&path, "two\n");
        }
        permits.add_permits(9);
        sleep(2 * A_WHILE).await;
        assert_eq!(seen.lock().last().unwrap(), "two", "{replaced}");
        assert!(directory.names().is_empty(), "{:?}", directory.names());
        flow.stop().await;
    }
}

#[test]
fn a_path_that_is_no_file_is_refused_at_load() {
    let directory = Directory::new("no-file");
    fs::create_dir(directory.path("in")).unwrap();
    let fifo = directory.path("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let message = refused::<FileIn>(json!({ "path": directory.path("in") }));
    assert!(message.contains("in/*` names all files in it"), "{message}");
    let message = refused::<FileIn>(json!({ "path": fifo }));
    assert!(message.contains("is no file"), "{message}");
    for path in [directory.path("in"), fifo] {
        for mode in ["append", "replace"] {
            let message = refused::<FileOut>(json!({ "path": path, "mode": mode }));
            assert!(message.contains("is no file"), "{message}");
        }
    }
}

#[test]
fn a_pipe_among_the_files_holds_up_nobody() {
    let directory = Directory::new("pipes");
    let fifo = directory.path("a.txt");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    fs::write(directory.path("b.txt"), "one").unwrap();
    let mut harness = start(json!({ "path": directory.path("*.txt") }));
    assert_eq!(texts(&mut harness), ["one"]);
    harness.stop();
    let mut harness = file_out(json!({ "path": directory.path("{{ text }}") }));
    harness.send("a.txt");
    let failed = failed(&mut harness);
    assert!(failed[0].0.contains("it is no file"), "{failed:?}");
}

#[test]
fn links_in_circles_are_passed_over() {
    let directory = Directory::new("circles");
    fs::create_dir(directory.path("sub")).unwrap();
    fs::write(directory.path("sub/a.txt"), "one").unwrap();
    symlink(directory.path(""), directory.path("sub/up")).unwrap();
    symlink(directory.path("sub/x.txt"), directory.path("sub/x.txt")).unwrap();
    symlink(directory.path("sub/a.txt"), directory.path("again.txt")).unwrap();
    let mut harness = start(json!({ "path": directory.path("**/*.txt") }));
    assert_eq!(texts(&mut harness), ["one"]);
    assert!(failed(&mut harness).is_empty());
    harness.stop();
}

#[test]
fn a_checkpoint_that_is_none_stops_the_start() {
    let directory = Directory::new("no-checkpoint");
    for bytes in [
        &b""[..],
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"{\"files\":[{\"path\":1}]}",
    ] {
        fs::write(directory.path("state"), bytes).unwrap();
        let settings =
            json!({ "path": "x", "mode": "tail", "checkpoint": directory.path("state") });
        let actor = serde_json::from_value::<FileIn>(settings).unwrap();
        let error = Harness::of(actor).try_start().err().unwrap().to_string();
        assert!(
            error.contains("remove it to read all files anew"),
            "{error}"
        );
    }
}

#[test]
fn a_full_disk_is_told_as_what_it_is() {
    let mut harness = file_out(json!({ "path": "/dev/full" }));
    harness.send("lost?");
    let errors = harness.take_from("error");
    let error = &errors[0].error().unwrap().error;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("No space left"), "{error}");
    assert_eq!(errors[0].text().unwrap(), "lost?");
}

#[test]
fn a_file_that_is_replaced_keeps_its_mode_and_a_device_its_place() {
    let directory = Directory::new("mode");
    let path = directory.path("a.txt");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let mut harness = file_out(json!({ "path": path, "mode": "replace" }));
    harness.send("new");
    harness.take();
    assert_eq!(directory.read("a.txt"), "new");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let message = refused::<FileOut>(json!({ "path": "/dev/null", "mode": "replace" }));
    assert!(message.contains("is no file"), "{message}");
}

#[test]
fn directories_that_cannot_be_are_found_at_load() {
    let directory = Directory::new("load");
    fs::write(directory.path("file"), "x").unwrap();
    let below = directory.path("file/x");
    for settings in [
        json!({ "path": below }),
        json!({ "path": directory.path("file/x/{{ id }}") }),
        json!({ "path": directory.path("file/{{ id }}") }),
    ] {
        let message = refused::<FileOut>(settings.clone());
        assert!(
            message.contains("file` is no directory"),
            "{settings}: {message}"
        );
    }
    for settings in [
        json!({ "path": "a", "delivered": { "move": below } }),
        json!({ "path": "a", "failed": { "move": directory.path("file") } }),
        json!({ "path": "a", "mode": "tail", "checkpoint": below }),
        json!({ "path": "a", "mode": "tail", "checkpoint": directory.path("") }),
    ] {
        let message = refused::<FileIn>(settings.clone());
        assert!(
            message.contains("is no directory") || message.contains("is no file"),
            "{settings}: {message}"
        );
    }
}

/// Whether a mode keeps us from anything: it does not keep root.
fn is_root(directory: &Directory) -> bool {
    fs::metadata(directory.path("")).unwrap().uid() == 0
}

#[test]
fn what_cannot_be_written_to_is_found_at_load() {
    let directory = Directory::new("readonly");
    let mode = |path: &str, mode| {
        fs::set_permissions(directory.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    fs::write(directory.path("file"), "x").unwrap();
    fs::create_dir(directory.path("sub")).unwrap();
    mode("file", 0o444);
    mode("sub", 0o555);
    if !is_root(&directory) {
        for path in ["file", "sub/x", "sub/y/{{ id }}"] {
            let message = refused::<FileOut>(json!({ "path": directory.path(path) }));
            assert!(message.contains("cannot be written"), "{path}: {message}");
        }
    }
    // Whoever may write, may.
    mode("file", 0o644);
    mode("sub", 0o755);
    for path in ["file", "sub/x", "sub/y/{{ id }}"] {
        let settings = json!({ "path": directory.path(path) });
        assert!(
            serde_json::from_value::<FileOut>(settings).is_ok(),
            "{path}"
        );
    }
    assert_eq!(directory.names(), ["file", "sub"]);
}

#[test]
fn what_cannot_be_opened_is_told_once_and_read_when_it_can() {
    let directory = Directory::new("unreadable");
    let path = directory.path("a.log");
    append(&path, "one\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    for settings in [
        json!({ "path": path, "mode": "tail" }),
        json!({ "path": path }),
    ] {
        let mut harness = start(settings);
        for round in 0..3 {
            let told = failed(&mut harness);
            if !is_root(&directory) {
                assert_eq!(told.len(), usize::from(round == 0), "{told:?}");
            }
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let seen = texts(&mut harness);
        assert_eq!(seen[0].trim(), "one");
        harness.stop();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    }
}
