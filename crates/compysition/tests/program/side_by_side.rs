//! Several flows in one process.

use std::thread;

use crate::back_end::BackEnd;
use crate::curl::curl;
use crate::support::{Files, Process, compysition, examples};

#[test]
fn flows_of_several_files_run_side_by_side_and_stop_together() {
    let files = Files::new();
    let mut command = compysition(["run", "--log", "json", "--set", "listen=127.0.0.1:0"]);
    for name in ["one", "two"] {
        let text = "
settings: { listen: }
actors:
  http: { http_server: { address: '${listen}', routes: { echo: 'POST /NAME' } } }
connect:
  - http.echo -> reply
";
        command.arg(files.write(&format!("{name}.yaml"), &text.replace("NAME", name)));
    }
    let mut process = Process::start(&mut command);
    // The flows start in the order of their files.
    for name in ["one", "two"] {
        let url = process.url();
        let answer = curl(&["--data", name, &format!("{url}/{name}")]);
        assert_eq!((answer.status, answer.body.as_str()), (200, name));
        let other = curl(&["--data", name, &format!("{url}/three")]);
        assert_eq!(other.status, 404, "{other:?}");
    }
    let ended = process.stop();
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    let stopped = ended.log.iter().filter(|line| line.contains("\"stopped\""));
    assert_eq!(stopped.count(), 2, "{ended:#?}");
}

#[test]
fn a_flow_answers_until_those_named_after_it_have_stopped() {
    const BACK: &str = "
settings: { listen: }
actors:
  http: { http_server: { address: '${listen}' } }
connect: [http -> reply]
";
    const FRONT: &str = "
settings: { listen: , waits: }
actors:
  http:  { http_server: { address: '${listen}' } }
  waits: { http_client: { url: '${waits}/' } }
  calls: { http_client: { url: '{{ http.headers.back }}/' } }
connect: [http -> waits -> calls -> reply]
";
    let files = Files::new();
    let gate = BackEnd::start();
    let mut command = compysition(["run", "--log", "json", "--set", "listen=127.0.0.1:0"]);
    command.arg(format!("--set=waits={}", gate.url));
    command.arg(files.write("back.yaml", BACK));
    command.arg(files.write("front.yaml", FRONT));
    let mut process = Process::start(&mut command);
    let (back, front) = (process.url(), process.url());
    let header = format!("back: {back}");
    let client = thread::spawn(move || curl(&["--data", "x", "-H", &header, &front]));
    let waiting = gate.next();
    process.terminate();
    process.await_log("stopping");
    // Were it stopping too, its door would be shut by the time that this is told.
    let known = curl(&["--data", "still there", &back]);
    assert_eq!(known.status, 200, "{known:?}");
    waiting.answer("passed");
    let answer = client.join().unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "passed"));
    assert_eq!(process.ended().code, Some(0));
}

#[test]
fn if_one_flow_cannot_start_none_runs() {
    // Holds the address for as long as the test runs.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let files = Files::new();
    let text = format!(
        "actors:\n  http: {{ http_server: {{ address: '{}' }} }}\nconnect: [http -> reply]\n",
        taken.local_addr().unwrap()
    );
    let mut command = compysition(["run", "--log", "json"]);
    command.arg(examples().join("two_outputs/two_outputs.yaml"));
    command.arg(files.write("taken.yaml", &text));
    let ended = Process::start(&mut command).ended();
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let log = ended.log.join("\n");
    let address = taken.local_addr().unwrap().to_string();
    assert!(
        log.contains(&address) && log.contains("taken.yaml\",\"line\":2,"),
        "{log}"
    );
}
