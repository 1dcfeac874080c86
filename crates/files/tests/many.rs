//! Directories that are full of files.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs;

use compysition_core::Limits;
use serde_json::json;

use crate::support::{A_WHILE, Directory, append, before_passing, runtime};

const FILES: usize = 200;

/// Returns how many files of a directory this process has open.
fn open_in(directory: &str) -> usize {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let open = open.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
    open.filter(|path| path.starts_with(directory)).count()
}

#[test]
fn whole_files_are_opened_as_they_come_and_not_all_at_once() {
    let directory = Directory::new("many");
    for number in 0..FILES {
        append(&directory.path(&format!("{number:03}.txt")), "x");
    }
    let settings = json!({ "path": directory.path("*.txt"), "delivered": "delete" });
    let (mut director, pass, seen) = before_passing(&settings, 0);
    director.set_limits(Limits {
        roots: 3,
        ..Limits::default()
    });
    let runtime = runtime();
    runtime.block_on(async {
        let flow = director.start().await.unwrap();
        tokio::time::sleep(A_WHILE).await;
        // The first is there, though there is no room for many.
        assert_eq!(seen.lock().len(), 1);
        let open = open_in(&directory.path(""));
        assert!(open <= 4, "{open} files are open");
        pass.add_permits(FILES);
        tokio::time::sleep(10 * A_WHILE).await;
        assert_eq!(seen.lock().len(), FILES);
        flow.stop().await;
    });
    assert!(directory.names().is_empty());
}
