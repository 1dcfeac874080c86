//! The command `graph`.

use std::fs;

use crate::support::{Files, compysition, examples, root};

#[test]
fn the_picture_of_the_readme_is_what_the_command_draws() {
    let flow = examples().join("xml_gateway/gateway.yaml");
    let drawn = compysition(["graph"]).arg(flow).output().unwrap();
    assert!(drawn.status.success(), "{drawn:?}");
    let kept = fs::read(root().join("docs/pictures/gateway.svg")).unwrap();
    assert!(
        kept == drawn.stdout,
        "docs/pictures/gateway.svg is not what is drawn; `make pictures` draws it anew"
    );
}

#[test]
fn several_flows_have_a_file_each() {
    let directory = std::env::temp_dir().join(format!("pictures-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let flows =
        ["gateway", "executor"].map(|name| examples().join(format!("xml_gateway/{name}.yaml")));
    let refused = compysition(["graph"]).args(&flows).output().unwrap();
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && message.contains("--output"),
        "{message}"
    );
    let path = directory.join("flows.dot");
    let drawn = compysition(["graph", "--format", "dot", "--output"])
        .arg(path)
        .args(&flows)
        .output()
        .unwrap();
    assert!(drawn.status.success(), "{drawn:?}");
    for name in ["gateway", "executor"] {
        let text = fs::read_to_string(directory.join(format!("flows-{name}.dot"))).unwrap();
        assert!(
            text.starts_with(&format!("digraph \"{name}\" {{")),
            "{text}"
        );
    }
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_node_is_a_frame_that_says_how_many_there_are() {
    let files = Files::new();
    let flow = files.write(
        "cut.yaml",
        "name: cut\nactors: { http: { http_server: { address: \"127.0.0.1:0\" } }, shout: discard }\nconnect: [http -> shout -> reply]\n\
         nodes: { front: { listen: \"ipc:///tmp/front\" }, work: { replicas: 3 } }\nplace: { front: [http], work: [shout] }\n",
    );
    let drawn = compysition(["graph"]).arg(flow).output().unwrap();
    let drawn = String::from_utf8(drawn.stdout).unwrap();
    assert!(
        drawn.contains("work ×3") && drawn.contains(">front<"),
        "{drawn}"
    );
}

#[test]
fn the_ending_of_the_file_tells_how_it_is_drawn() {
    let files = Files::new();
    let flow = files.write(
        "f.yaml",
        "name: f\nactors: { g: event_generator, o: stdout }\nconnect: [g -> o]\n",
    );
    let draw = |name: &str| {
        let path = files.path().join(name);
        let mut command = compysition(["graph", "--output"]);
        let output = command.arg(&path).arg(&flow).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (std::fs::read_to_string(path).unwrap_or_default(), told)
    };
    for (name, begin) in [
        ("a.svg", "<svg"),
        ("a", "<svg"),
        ("a.mmd", "flowchart LR"),
        ("a.gv", "digraph"),
        ("a.dot", "digraph"),
    ] {
        let (drawn, told) = draw(name);
        assert!(drawn.starts_with(begin), "{name}: {drawn}\n{told}");
    }
    let (drawn, told) = draw("a.png");
    assert_eq!(drawn, "");
    assert!(
        told.contains("a.png is no picture that can be drawn here"),
        "{told}"
    );
}
