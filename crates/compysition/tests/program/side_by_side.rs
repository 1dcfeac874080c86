//! Several flows in one process.

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
        log.contains(&address) && log.contains("taken.yaml:2:"),
        "{log}"
    );
}
