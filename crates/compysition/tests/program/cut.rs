//! The same flows in several processes: each actor in turn runs in a process of its own, so that every link is cut once.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::flows::holds_as;
use crate::support::{Files, root};

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

/// Runs a case as often as it has actors, each time with another one elsewhere.
fn holds_cut_anywhere(case: &str, address: &dyn Fn(&Path) -> String) {
    let flow = root().join("tests/flows").join(case).join("flow.yaml");
    let actors = actors(&std::fs::read_to_string(flow).unwrap());
    assert!(actors.len() > 1, "{case}: {actors:?}");
    for actor in actors {
        let sockets = Files::new();
        let address = address(sockets.path());
        let change = |flow: &str| placed(flow, &actor, &address);
        holds_as(case, &change, &["--all"]);
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
    router,
    scattered
];
