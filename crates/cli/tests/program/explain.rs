//! What is known of a flow before it runs.

use serde_json::Value;

use crate::process::Files;

const FLOW: &str = "
name: shop
limits: { events: 10 }
actors:
  http: door
  numbers: { count: { to: 3 } }
  out: print
  audit: print
connect:
  - http -> out
  - numbers -> audit: { best_effort: { queue: 5 } }
";

fn files() -> Files {
    Files::new(&[("shop.yaml", FLOW)])
}

pub(crate) fn check_warns_of_requests_without_an_answer() {
    let ended = files().run(&["check", "shop.yaml"]);
    assert_eq!(
        (ended.code, &*ended.stdout),
        (Some(0), "flow `shop` is ok\n")
    );
    for part in [
        "warning: a request to `http` may go unanswered: http -> out: it ends at `out`",
        "shop.yaml:7:3",
        "= help: ",
        "note: errors of `out` have no connection",
    ] {
        assert!(
            ended.stderr.contains(part),
            "{part} is not in {}",
            ended.stderr
        );
    }
    let strict = files().run(&["check", "--strict", "shop.yaml"]);
    assert_eq!(strict.code, Some(1));
}

pub(crate) fn run_warns_once() {
    let ended = files().run(&["run", "shop.yaml"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let count = ended.stderr.matches("may go unanswered").count();
    assert_eq!(count, 1, "{ended:?}");
}

pub(crate) fn a_flow_is_explained_for_people_and_as_data() {
    let ended = files().run(&["explain", "shop.yaml"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [
        "flow `shop`",
        "`http` to `out`: order is kept",
        "`numbers -> audit`: the event itself; best effort: answers nothing, and drops what is more than 5 events",
        "`http` has at most 5 events",
        "a `kill -9` ends the requests to `http` that are under way",
    ] {
        assert!(
            ended.stdout.contains(part),
            "{part} is not in {}",
            ended.stdout
        );
    }
    let ended = files().run(&["explain", "--format", "json", "shop.yaml"]);
    let data: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(data["actors"][2]["name"], "out");
    assert_eq!(
        data["replies"]["doors"][0]["silent"][0]["ending"],
        "nowhere"
    );
    assert_eq!(data["guarantees"]["links"][1]["best_effort"], 5);
}

pub(crate) fn a_stall_is_explained() {
    let ended = files().run(&["explain", "shop.yaml", "--stall", "out"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in [
        "`http` stops after exactly 5 events",
        "`numbers` goes on",
        "`timeout` on `out`",
        "`best_effort` on `http -> out`",
    ] {
        assert!(
            ended.stdout.contains(part),
            "{part} is not in {}",
            ended.stdout
        );
    }
    let ended = files().run(&[
        "explain",
        "shop.yaml",
        "--stall",
        "audit",
        "--format",
        "json",
    ]);
    let data: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(data["stall"]["sources"][1]["does"], "goes_on");
    assert_eq!(data["stall"]["cuts"][0]["queue"], 5);
}

pub(crate) fn a_stall_of_nobody_is_refused() {
    let ended = files().run(&["explain", "shop.yaml", "--stall", "nobody"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("there is no actor `nobody`"),
        "{ended:?}"
    );
    let ended = files().run(&["explain", "shop.yaml", "--stall", "http"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("cannot stall"), "{ended:?}");
}
